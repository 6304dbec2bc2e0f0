"""What the technical names of sources and features on a model card mean, in the language of the page."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

SOURCES = {
    "popular": _l("what sells best"),
    "trending": _l("what is sought after now"),
    "itemseq": _l("what others turned to next"),
    "itemseq_long": _l("what others turned to next, over a long history"),
    "itemknn": _l("what the same people touched"),
    "rp3beta": _l("walks from person to product"),
    "ease": _l("linear likeness of products"),
    "ials": _l("factors of people and products"),
    "svd": _l("forecast of stars"),
    "content": _l("likeness of words, picture and attributes"),
    "content_text": _l("likeness of words"),
    "content_image": _l("likeness of pictures"),
    "content_attributes": _l("likeness of attributes"),
    "svd_content": _l("forecast of stars with likeness"),
    "two_tower": _l("network of people and products"),
    "sasrec": _l("network of what came after what"),
    "bought_together": _l("bought in one order"),
    "buy_again": _l("due to be bought again"),
    "recently_viewed": _l("looked at lately"),
}
FEATURES = {
    "log_count": _l("events of the product"),
    "log_age": _l("how long the product is known"),
    "log_idle": _l("how long nobody touched the product"),
    "stars": _l("stars of the product"),
    "era": _l("when the product was in favour"),
    "same_category": _l("from the person's shelves"),
    "same_top_category": _l("from the person's departments"),
    "same_brand": _l("from the person's makers"),
    "same_colour": _l("in the person's colours"),
    "price_gap": _l("how far from the person's prices"),
    "history_length": _l("how much is known of the person"),
    "user_idle": _l("how long the person was away"),
    "log_gap": _l("time since the event before"),
    "last_log_count": _l("events of the product touched last"),
    "mean_log_count": _l("events of the products touched"),
    "user_stars": _l("stars the person gives"),
    "last_is_purchase": _l("whether the last event was a purchase"),
}
_RECENT = re.compile(r"log_recent_(\d+)d")
_SIGNAL = re.compile(r"(?P<source>\w+?)(?P<last>_last)?(?P<column>_share|_rank)?")


def source_label(name: str) -> str:
    """Return what a source of picks goes by; "" for one that is not known."""
    return str(SOURCES.get(name, ""))


def feature_label(name: str) -> str:
    """Return what a feature of the order means; "" for one that is not known."""
    if name in FEATURES:
        return str(FEATURES[name])
    if recent := _RECENT.fullmatch(name):
        return _("events of the product, those of %(n)s days ago half", n=recent[1])
    found = _SIGNAL.fullmatch(name)
    source = source_label(found["source"]) if found else ""
    if not found or not source:
        return ""
    what = {
        None: _("score: %(source)s", source=source),
        "_share": _("score beside the best: %(source)s", source=source),
        "_rank": _("place: %(source)s", source=source),
    }[found["column"]]
    return _("%(what)s, by the last thing alone", what=what) if found["last"] else what
