"""Short reviews whose words agree with their stars."""

from __future__ import annotations

import numpy as np

from seed.catalogue.shelves import SHELVES
from seed.tables import read_phrases
from seed.words.describe import Subject, fill, usable

PLACES = {"mugs": "home", "notebooks": "accessories"}
GOOD_SHARE = {5: 1.0, 4: 0.85, 3: 0.5, 2: 0.0, 1: 0.0}


def _pick(draw: float, key: str, subject: Subject) -> str:
    pool = usable(read_phrases("words/reviews.txt")[key], subject)
    return pool[int(draw * len(pool))]


def write_review(subject: Subject, stars: int, draws: np.ndarray) -> tuple[str, str]:
    """Return the title and the text of a review.

    Parameters
    ----------
    subject : Subject
        The product written about.
    stars : int
        1 to 5; praise is all there is at 5, complaints are all there is at 1, both mix between.
    draws : ndarray of shape (8,)
        Uniform numbers in [0, 1) that decide the wording.

    Returns
    -------
    tuple of str
        Title, and one to four sentences.
    """
    place = PLACES.get(subject.shelf, SHELVES[subject.shelf][0])
    sign = "+" if draws[0] < GOOD_SHARE[stars] else "-"
    sentences = [_pick(draws[1], f"open {stars}", subject)] if draws[2] < 0.85 else []
    sentences.append(_pick(draws[3], f"{place} {sign}", subject))
    if draws[4] < 0.25:
        sentences.append(_pick(draws[5], f"colour {'+' if stars > 3 else '-'}", subject))
    if draws[6] < 0.35:
        sentences.append(_pick(draws[7], f"close {stars}", subject))
    title = _pick((draws[1] * 7 + draws[3]) % 1, f"title {stars}", subject)
    return fill(title, subject), " ".join(fill(sentence, subject) for sentence in sentences)
