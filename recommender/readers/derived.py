"""Catalogues worked out of events, for data sets that come without one."""

from __future__ import annotations

import numpy as np
import pandas as pd

_TITLE_WORDS = 3
_WORD = r"(?u)\b[a-z]{3,}\b"
_MAX_DESCRIPTION = 4_000
_MAX_TERMS = 20_000


def items_from_invoices(lines: pd.DataFrame) -> pd.DataFrame:
    """Products of invoice lines: the most frequent name in capitals and the median price.

    A name partly in small letters ("THE KING GIFT BAG 25x24x12cm") counts where a product has no other; ties go to the
    first in the alphabet.

    Parameters
    ----------
    lines : DataFrame
        ``item_id``, ``title`` (the name on the invoice) and ``price`` in pounds.

    Returns
    -------
    DataFrame
        One row per ``item_id``. The title is the name in sentence case, the description the name as it was written,
        and the family the five digits that variants of a product share.
    """
    counts = lines.groupby(["item_id", "title"], sort=True).size().rename("n").reset_index()
    counts["in_capitals"] = counts["title"] == counts["title"].str.upper()
    best_first = counts.sort_values(["in_capitals", "n"], ascending=False, kind="stable")
    names = best_first.drop_duplicates("item_id").sort_values("item_id")
    medians = names["item_id"].map(lines.groupby("item_id")["price"].median())
    return pd.DataFrame(
        {
            "item_id": names["item_id"],
            "title": names["title"].str.lstrip("* ").str.capitalize(),
            "description": names["title"],
            "price": medians.round(2),
            "currency": "GBP",
            "family": names["item_id"].str.slice(0, 5),
        }
    ).reset_index(drop=True)


def items_from_reviews(reviews: pd.DataFrame) -> pd.DataFrame:
    """Items of reviews: what people wrote above their reviews, joined.

    Parameters
    ----------
    reviews : DataFrame
        ``item_id``, ``title`` (the summary), ``text`` and ``timestamp``.

    Returns
    -------
    DataFrame
        One row per ``item_id``. The description is the distinct summaries in time order; the title is the three words
        that tell the item's reviews from all others, so that a page can be read by a person.
    """
    used = reviews.sort_values(["item_id", "timestamp"], kind="stable")
    ids = pd.Index(np.sort(used["item_id"].unique()), name="item_id")
    summaries = used[used["title"] != ""].drop_duplicates(["item_id", "title"])
    joined = summaries.groupby("item_id")["title"].agg(". ".join).str.slice(0, _MAX_DESCRIPTION)
    words = (used["title"] + " " + used["text"]).groupby(used["item_id"]).agg(" ".join)
    frame = pd.DataFrame({"item_id": ids, "title": _telling_words(words).reindex(ids, fill_value="").to_numpy()})
    return frame.assign(description=joined.reindex(ids, fill_value="").to_numpy(), currency="USD")


def items_from_clicks(clicks: pd.DataFrame) -> pd.DataFrame:
    """Items that are nothing but an id: titled by it."""
    ids = clicks["item_id"].drop_duplicates().reset_index(drop=True)
    return pd.DataFrame({"item_id": ids, "title": "Item " + ids})


def _telling_words(texts: pd.Series) -> pd.Series:
    """The highest TF-IDF words of each text, capitalised like a title."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # heavy, and only this data needs it

    if texts.empty:
        return texts
    # Words of a single item are often typing errors, hence min_df.
    vectorizer = TfidfVectorizer(
        stop_words="english", token_pattern=_WORD, min_df=min(3, len(texts)), max_df=0.3,
        max_features=_MAX_TERMS, sublinear_tf=True,
    )  # fmt: skip
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no word is left: too few texts
        return pd.Series("", index=texts.index, dtype=str)
    terms = vectorizer.get_feature_names_out()
    titles = [_top_terms(weights[row], terms) for row in range(len(texts))]
    return pd.Series(titles, index=texts.index, dtype=str)


def _top_terms(row: object, terms: np.ndarray) -> str:
    data, indices = row.data, row.indices  # type: ignore[attr-defined]  # one row of a SciPy CSR matrix
    best = indices[np.lexsort((indices, -data))[:_TITLE_WORDS]]
    return " ".join(terms[best]).capitalize()
