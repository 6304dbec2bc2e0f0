"""What a product picture shows, in seven words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """The parameters of one drawing; the catalogue row holds the same words.

    Attributes
    ----------
    kind : str
        The thing, a key of ``seed.pictures.KINDS`` ("tee", "mug", ...).
    cut : str
        Its silhouette, one of ``seed.pictures.KINDS[kind].cuts``.
    colour, second_colour : str
        Names from ``seed.pictures.COLOURS``; the second one is used by the pattern and by trims.
    pattern : str
        One of ``seed.pictures.PATTERNS``.
    material : str
        One of ``seed.pictures.MATERIALS``: decides gloss, texture and stitching.
    detail : str
        One of ``seed.pictures.KINDS[kind].details`` ("buttons", "pocket", ...), "plain" for none.
    """

    kind: str
    cut: str
    colour: str
    second_colour: str
    pattern: str = "plain"
    material: str = "cotton"
    detail: str = "plain"

    def to_dict(self) -> dict[str, str]:
        """Return the seven words as a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, words: Mapping[str, str]) -> PictureSpec:
        """Build the spec from :meth:`to_dict`'s answer.

        Raises
        ------
        ValueError
            If a name is unknown, a required one is missing, or a value is not a string.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(words) - known):
            raise ValueError(f"unknown picture parameters: {', '.join(unknown)}")
        if wrong := sorted(name for name, value in words.items() if not isinstance(value, str)):
            raise ValueError(f"picture parameters must be strings: {', '.join(wrong)}")
        try:
            return cls(**words)
        except TypeError as error:
            raise ValueError(f"incomplete picture parameters: {error}") from None

    @property
    def slug(self) -> str:
        """A name made of the seven words: equal specs share it, so they can share a file."""
        words = (self.kind, self.cut, self.colour, self.second_colour, self.pattern, self.material, self.detail)
        return "-".join(word.replace(" ", "_") for word in words)
