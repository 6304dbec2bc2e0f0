"""Who acts: a member or a guest, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.numbers import whole
from webapp.tuning import DEFAULT, Tuning

GUEST_PREFIX = "g"


@dataclass(frozen=True, slots=True)
class Actor:
    """A member (``user_id``), a guest (``guest_id``), or a visitor nothing is known of yet (neither).

    ``is_personalised`` is the visitor's own switch: off means that nobody reads what they did. ``is_undecided`` says
    that it is off because the shop asks first and has no answer yet. ``tuning`` is what they set for their picks, as it
    was when the request began.
    """

    user_id: int | None = None
    guest_id: int | None = None
    is_personalised: bool = True
    tuning: Tuning = DEFAULT
    is_undecided: bool = False

    @property
    def is_known(self) -> bool:
        """Whether events can be kept for this visitor."""
        return self.user_id is not None or self.guest_id is not None

    @property
    def ref(self) -> str:
        """Name of the actor towards the recommender and the API: ``12`` for a member, ``g34`` for a guest."""
        if self.user_id is not None:
            return str(self.user_id)
        return f"{GUEST_PREFIX}{self.guest_id}" if self.guest_id is not None else ""

    @classmethod
    def from_ref(cls, ref: str) -> Actor | None:
        """Read what :attr:`ref` wrote; None when it is neither."""
        number = whole(ref.removeprefix(GUEST_PREFIX))
        if number is None:
            return None
        return cls(guest_id=number) if ref.startswith(GUEST_PREFIX) else cls(user_id=number)


NOBODY = Actor()
