"""Rank fusion of the sources by evidence: the order while there is too little to learn one from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recommender.ranking.coldstart import Evidence
from recommender.sources import Signal
from recommender.types import FloatMatrix, FloatVector

RRF_CONSTANT = 60.0
# Weight of a signal for somebody without, with a little and with much history. Counts of what everybody does carry a
# newcomer; order of the own history carries a regular.
FUSION_WEIGHTS: dict[str, tuple[float, float, float]] = {
    "popular": (1.0, 0.3, 0.1),
    "trending": (1.0, 0.5, 0.3),
    "content": (0.0, 0.6, 0.3),
    "itemseq": (0.0, 1.0, 1.0),
    "itemseq_long": (0.0, 0.6, 0.8),
    "itemknn": (0.0, 0.6, 0.5),
    "rp3beta": (0.0, 0.4, 0.4),
    "ease": (0.0, 0.5, 0.8),
    "ials": (0.0, 0.3, 0.6),
    "itemseq_last": (0.0, 0.4, 0.3),
    "itemknn_last": (0.0, 0.4, 0.3),
    "ease_last": (0.0, 0.4, 0.3),
    "two_tower": (0.0, 0.3, 0.6),
    "sasrec": (0.0, 0.3, 0.6),
}


def fuse_ranks(ranks: Mapping[str, FloatVector], signals: Sequence[Signal], evidence: Evidence) -> FloatVector:
    """Weighted reciprocal rank fusion.

    Parameters
    ----------
    ranks : mapping of signal name to ndarray of shape (n_candidates,)
        Place of every candidate, from 0, in the order of that signal; infinite for what it has nothing to say of.
    signals : sequence of Signal
    evidence : Evidence
        How much is known of the user; it picks the weights.

    Returns
    -------
    ndarray of shape (n_candidates,)

    References
    ----------
    Cormack, Clarke, Buettcher (2009), Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
    Methods.
    """
    place = list(Evidence).index(evidence)
    weighted = [FUSION_WEIGHTS[s.name][place] / (RRF_CONSTANT + ranks[s.name]) for s in signals if s.name in ranks]
    return np.sum(weighted, axis=0).astype(np.float32)


def ranks_from_features(features: FloatMatrix, names: Sequence[str]) -> dict[str, FloatVector]:
    """Places per signal, read back from a feature matrix; infinite where the signal does not know the item.

    What a signal does not know, a score of 0, has a place too, but among its like that goes by the row alone: it would
    be a vote for whatever stands first in the catalogue.
    """
    columns = {name: n for n, name in enumerate(names)}
    signals = [name.removesuffix("_rank") for name in names if name.endswith("_rank")]
    places = {signal: np.expm1(features[:, columns[f"{signal}_rank"]]) for signal in signals}
    return {signal: np.where(features[:, columns[signal]] == 0, np.inf, ranks) for signal, ranks in places.items()}
