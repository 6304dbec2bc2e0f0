"""Search by photo: products that look like a shopper's picture. The picture is looked at once and not kept."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import InvalidInput, RecsUnavailable
from webapp.picks import Picks, Recs
from webapp.services.picks.recommending import Recommended
from webapp.services.upkeep import media
from webapp.store import products
from webapp.store.tx import read_unit
from webapp.viewbuilders.cards import card, from_home
from webapp.viewbuilders.rails import Shelf
from webapp.viewmodels.parts import EMPTY_FORM

SHOWN = 24
SPARE = 24  # asked for beyond what is shown: some will be sold out or hidden by now


def search(content: bytes, actor: Actor, recs: Recs, *, now: datetime) -> Recommended:
    """Return what looks like a picture, the likest first and what is sold out last; empty without a model.

    Raises
    ------
    InvalidInput
        If this is no picture, or a damaged or a too large one.
    """
    picture = media.as_card(content)
    if picture is None:
        raise InvalidInput(
            {"photo": _("This is no picture that can be read. Take a JPEG, PNG, WebP or GIF of at most 40 megapixels.")}
        )
    try:
        picks = recs.search_photo(picture, k=SHOWN + SPARE)
    except RecsUnavailable:
        picks = Picks()
    with read_unit() as tx:
        rows = products.cards(tx, picks.product_ids, actor)
    found = [pick for pick in picks.items if pick.product_id in rows and rows[pick.product_id].is_visible]
    found.sort(key=lambda pick: not rows[pick.product_id].is_sellable)
    shown = tuple((card(rows[pick.product_id], now=now, source="photo"), pick.score) for pick in found[:SHOWN])
    return Recommended(
        shown, Shelf(now, "search").request_id, "photo", picks.model_version, not actor.is_known, picks.took_ms
    )


def page(found: Recommended | None = None, form: vm.Form = EMPTY_FORM) -> vm.PhotoPage:
    """Build the page: the form alone, or with what looks like the picture."""
    return vm.PhotoPage(
        meta=vm.PageMeta(title=_("Search by photo"), is_indexed=False),
        crumbs=from_home(vm.Crumb(_("Search"), url_for("shop.search")), vm.Crumb(_("Search by photo"))),
        form=form,
        cards=tuple(card for card, _score in found.cards) if found else (),
        is_answered=found is not None,
    )
