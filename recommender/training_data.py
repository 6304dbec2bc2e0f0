"""What every retriever is fitted on: the events, the catalogue and the views of them that several need."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from recommender.data.catalogue import ItemCatalogue, text_codes, union_of_items
from recommender.data.interactions import Interactions
from recommender.data.state import Histories, UserState, build_state
from recommender.data.weights import EventWeights
from recommender.features.combine import BLOCKS, BUILT_IN, ItemSpaces, Networks, build_spaces
from recommender.features.duplicates import duplicate_groups, join_families
from recommender.features.families import FamilyNames
from recommender.features.mixture import learn_mixture
from recommender.types import FloatVector, Rows

# Co-occurrence grows with the square of a history; beyond this many items more pairs stop telling anything.
MAX_ITEMS_PER_USER = 1_000


@dataclass(frozen=True)
class Sequences:
    """Users' items in time order, users one after the other; an item repeated at once is kept once.

    Attributes
    ----------
    user_rows, item_rows : ndarray of shape (n_steps,)
    weights : ndarray of shape (n_steps,)
        Evidence of the step, > 0.
    timestamps : ndarray of shape (n_steps,)
    """

    user_rows: Rows
    item_rows: Rows
    weights: FloatVector
    timestamps: Rows


@dataclass(frozen=True)
class TrainingData:
    """Events over the rows of a catalogue that holds every item, and derived views computed once.

    ``now`` (UTC seconds) is the time of the last event: ages are counted from there.
    """

    events: Interactions
    catalogue: ItemCatalogue
    weights: EventWeights = field(default_factory=EventWeights)
    random_state: int = 0
    catalogue_views: dict[str, Any] = field(default_factory=dict)
    networks: Networks = BUILT_IN

    @classmethod
    def build(
        cls,
        events: Interactions,
        catalogue: ItemCatalogue | None = None,
        weights: EventWeights | None = None,
        *,
        networks: Networks = BUILT_IN,
        random_state: int = 0,
    ) -> TrainingData:
        """Bring events and catalogue onto one set of item rows: every item with an event or a description."""
        items = union_of_items(events.items, catalogue)
        described = (catalogue or ItemCatalogue.bare([])).aligned(items)
        return cls(events.with_items(items), described, weights or EventWeights(), random_state, networks=networks)

    def with_events(self, events: Interactions) -> TrainingData:
        """The same catalogue, and all that was computed from it, with a part of the events."""
        return replace(self, events=events)

    @property
    def spaces(self) -> ItemSpaces:
        """Item vectors of the catalogue and their mixture, computed once for all parts of the events."""
        if "spaces" not in self.catalogue_views:
            built = build_spaces(self.catalogue, networks=self.networks, random_state=self.random_state)
            self.catalogue_views["spaces"] = self._mixed(built)
        spaces: ItemSpaces = self.catalogue_views["spaces"]
        return spaces

    @property
    def families(self) -> Rows:
        """Variant family per item, near-duplicate listings among them, computed once; -1 for none."""
        if "families" not in self.catalogue_views:
            named = text_codes(self.catalogue.fields["family"])
            self.catalogue_views["families"] = join_families(named, duplicate_groups(self.catalogue))
        families: Rows = self.catalogue_views["families"]
        return families

    @property
    def family_names(self) -> FamilyNames:
        """What the catalogue calls those families that it names."""
        return FamilyNames.of(self.catalogue.fields["family"], self.families)

    def _mixed(self, spaces: ItemSpaces) -> ItemSpaces:
        blocks = {name: vectors for name, vectors in spaces.vectors.items() if name in BLOCKS}
        if len(blocks) < 2:
            return spaces
        steps = self.sequences
        learned = learn_mixture(blocks, steps.user_rows, steps.item_rows, random_state=self.random_state)
        return spaces if learned == spaces.block_weights else spaces.reweighted(learned)

    @property
    def n_users(self) -> int:
        """Number of user rows."""
        return self.events.n_users

    @property
    def n_items(self) -> int:
        """Number of item rows."""
        return len(self.catalogue)

    @cached_property
    def now(self) -> int:
        """Time of the last event, UTC seconds; 0 without events."""
        return int(self.events.timestamps.max()) if len(self.events) else 0

    @cached_property
    def event_weights(self) -> FloatVector:
        """Evidence of each event, shape (n_events,)."""
        return self.weights.of(self.events.kinds, self.events.values)

    @cached_property
    def histories(self) -> Histories:
        """Event logs per user."""
        return Histories.from_interactions(self.events)

    @cached_property
    def sequences(self) -> Sequences:
        """Steps of all users, for the models that look at order."""
        events = self.events
        order = np.argsort(events.user_rows, kind="stable")
        order = order[self.event_weights[order] > 0]
        users, items = events.user_rows[order], events.item_rows[order]
        weights, times = self.event_weights[order], events.timestamps[order]
        if not len(users):
            return Sequences(users, items, weights, times)
        starts = np.flatnonzero(np.r_[True, (users[1:] != users[:-1]) | (items[1:] != items[:-1])])
        return Sequences(users[starts], items[starts], np.maximum.reduceat(weights, starts), times[starts])

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Evidence per user and item, shape (n_users, n_items): the strongest event with the item."""
        keep = self.event_weights > 0
        users, items = self.events.user_rows[keep], self.events.item_rows[keep]
        keys, inverse = np.unique(users * self.n_items + items, return_inverse=True)
        strongest = np.zeros(len(keys), dtype=np.float32)
        np.maximum.at(strongest, inverse, self.event_weights[keep])
        shape = (self.n_users, self.n_items)
        return sparse.csr_matrix((strongest, (keys // self.n_items, keys % self.n_items)), shape=shape)

    @cached_property
    def recent_matrix(self) -> sparse.csr_matrix:
        """Ones for each user's latest ``MAX_ITEMS_PER_USER`` distinct items, shape (n_users, n_items)."""
        sequences = self.sequences
        keys = sequences.user_rows[::-1] * self.n_items + sequences.item_rows[::-1]
        distinct, last = np.unique(keys, return_index=True)
        users = distinct // self.n_items
        order = np.lexsort((last, users))
        rank = np.arange(len(users)) - np.searchsorted(users, users[order])
        kept = distinct[order][rank < MAX_ITEMS_PER_USER]
        ones = np.ones(len(kept), dtype=np.float32)
        shape = (self.n_users, self.n_items)
        return sparse.csr_matrix((ones, (kept // self.n_items, kept % self.n_items)), shape=shape)

    @cached_property
    def item_counts(self) -> FloatVector:
        """Number of distinct users per item, shape (n_items,)."""
        return np.bincount(self.matrix.indices, minlength=self.n_items).astype(np.float32)

    def state_of(self, user_row: int) -> UserState:
        """The state of a training user."""
        return build_state(self.histories.of(user_row), self.weights, user_row=user_row)
