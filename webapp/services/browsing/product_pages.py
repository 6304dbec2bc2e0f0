"""The page of one product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import NotFound
from webapp.picks import Recs
from webapp.services.browsing import chrome, discovery, reviews
from webapp.services.picks import feedback
from webapp.store import products
from webapp.store import reviews as review_store
from webapp.store.frame import DeliveryTerms
from webapp.store.rows import CardRow, PictureRow, ProductRow, VariantRow, usual_variant
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders import structured
from webapp.viewbuilders.cards import crumbs, picture, rating
from webapp.viewbuilders.labels import attribute_label
from webapp.viewbuilders.links import absolute, product_url
from webapp.viewbuilders.listing import pagination
from webapp.viewmodels.parts import EMPTY_FORM

MAX_QUANTITY = 10
REVIEWS_ANCHOR = "#reviews"
USUAL_SORT = "newest"
SORT_LABELS = {USUAL_SORT: _l("Newest first"), "best": _l("Most stars first"), "worst": _l("Fewest stars first")}


def find(product_id: int) -> ProductRow:
    """Return a visible product; a hidden one does not exist."""
    with read_unit() as tx:
        product = products.one(tx, product_id)
    if product is None or not product.is_visible or not product.variants:
        raise NotFound
    return product


def product_page(
    product: ProductRow,
    actor: Actor,
    recs: Recs,
    *,
    variant_id: int | None,
    stars: int | None,
    sort: str,
    page: int,
    form: vm.Form = EMPTY_FORM,
    alert_form: vm.Form = EMPTY_FORM,
    now: datetime,
) -> vm.ProductPage:
    """Put the page of a product together."""
    around = discovery.product_rails(actor, recs, product.product_id, now=now)
    if (this := around.this) is None:
        raise NotFound
    with read_unit() as tx:
        tree, terms = chrome.tree(tx), chrome.delivery_terms(tx, actor)
        votes = review_store.histogram(tx, product.product_id) if product.rating_count else {}
        rows, total = review_store.page(
            tx,
            product.product_id,
            stars=stars,
            sort=sort,
            limit=reviews.PAGE_SIZE,
            offset=(page - 1) * reviews.PAGE_SIZE,
        )
    chosen = choose_variant(product.variants, variant_id)
    url = product_url(product.product_id, product.slug)
    place = _Place(url, {"variant": str(variant_id or ""), "stars": str(stars or ""), "reviews": _said(sort)})
    found_rating = rating(product.rating_sum, product.rating_count)
    trail = crumbs(tree, product.category_id, product.name)
    variant = _variant(product, chosen)
    return vm.ProductPage(
        meta=_meta(product, this, variant, found_rating, trail, url),
        crumbs=trail,
        product_id=product.product_id,
        slug=product.slug,
        name=product.name,
        variant=variant,
        brand=product.brand,
        brand_url=url_for("shop.search", brand=product.brand_slug) if product.brand_slug else "",
        gallery=_gallery(product, chosen),
        options=_options(product, chosen),
        description=product.description,
        facts=tuple(vm.Fact(attribute_label(name), str(value)) for name, value in product.attributes.items()),
        delivery_note=_delivery_note(terms),
        delivery_cost=_delivery_cost(terms, chosen.price_cents),
        rating=found_rating,
        histogram=_histogram(votes, stars, place),
        star_filter=stars,
        all_reviews_url=place.url(stars=""),
        reviews=tuple(_review(row, actor) for row in rows),
        n_reviews=total,
        review_sorts=_review_sorts(sort, place) if total > 1 else (),
        review_pages=pagination(url, place.parameters, page, reviews.PAGE_SIZE, total, anchor=REVIEWS_ANCHOR),
        your_stars=this.your_stars,
        can_review=actor.user_id is not None,
        review_form=form,
        alert_form=alert_form,
        is_wished=this.is_wished,
        max_quantity=MAX_QUANTITY,
        similar=around.similar,
        goes_with=around.goes_with,
        bundle=around.bundle,
        request_id=around.similar.request_id if around.similar else "",
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where on a product's page somebody is: the variant, the stars and the order of the reviews asked for."""

    path: str
    parameters: Mapping[str, str]

    def url(self, **changes: str) -> str:
        """Return the address of the reviews with changes, from their first page on."""
        pairs = [(name, value) for name, value in (dict(self.parameters) | changes).items() if value]
        return f"{self.path}?{urlencode(pairs)}{REVIEWS_ANCHOR}" if pairs else self.path + REVIEWS_ANCHOR


def _said(sort: str) -> str:
    """Return what an address says of the order of reviews: nothing of the usual one."""
    return "" if sort == USUAL_SORT else sort


def _review_sorts(chosen: str, place: _Place) -> tuple[vm.PageLink, ...]:
    return tuple(
        vm.PageLink(str(label), place.url(reviews=_said(sort)), sort == chosen) for sort, label in SORT_LABELS.items()
    )


def _delivery_cost(terms: DeliveryTerms | None, price_cents: int) -> vm.DeliveryCost | None:
    """Say what one piece costs with the cheapest delivery, and from which worth on that is free."""
    if terms is None:
        return None
    cents = terms.cost_of(price_cents)
    return vm.DeliveryCost(price_cents + cents, cents == 0, terms.free_from_cents)


def _delivery_note(terms: DeliveryTerms | None) -> str:
    """Say how long the first way of delivery takes: the one a cart is reckoned with until another is chosen."""
    if terms is None:
        return ""
    low, high = terms.days
    if low == high:
        return ngettext("at your door in one day", "at your door in %(num)s days", high)
    return _("at your door in %(low)s to %(high)s days", low=low, high=high)


def note_view(actor: Actor, product_id: int, *, request_id: str, now: datetime) -> None:
    """Write down that a visitor looks at a product."""
    with unit_of_work() as tx:
        feedback.note_view(tx, actor, product_id, request_id=request_id, now=now)


def choose_variant(variants: Sequence[VariantRow], variant_id: int | None) -> VariantRow:
    """Return the variant asked for, else the usual one."""
    named = next((row for row in variants if row.variant_id == variant_id and row.is_active), None)
    return named or usual_variant(variants)


def _variant(product: ProductRow, chosen: VariantRow) -> vm.Variant:
    is_lowest = chosen.price_cents == product.price_cents
    shown = vm.Price(chosen.price_cents, product.currency, product.old_price_cents if is_lowest else None)
    return vm.Variant(
        chosen.variant_id, chosen.sku, chosen.name, shown, chosen.available, picture(_picture_of(product, chosen))
    )


def _picture_of(product: ProductRow, chosen: VariantRow) -> PictureRow | None:
    """Return the picture of a variant, else the product's first."""
    named = next((row for row in product.pictures if row.stem == chosen.picture_stem), None)
    return named or next(iter(product.pictures), None)


def _gallery(product: ProductRow, chosen: VariantRow) -> tuple[vm.Picture, ...]:
    first = _picture_of(product, chosen)
    rest = [row for row in product.pictures if row != first]
    return tuple(found for row in ([first, *rest] if first else rest) if (found := picture(row)) is not None)


def _options(product: ProductRow, chosen: VariantRow) -> tuple[vm.OptionGroup, ...]:
    """Build the option groups; a value leads to the variant that keeps as much of the present choice as it can."""
    names = list(dict.fromkeys(name for row in product.variants for name in row.options))
    groups = []
    for name in names:
        labels = list(dict.fromkeys(row.options[name] for row in product.variants if name in row.options))
        if len(labels) > 1:
            groups.append(
                vm.OptionGroup(attribute_label(name), tuple(_option(product, chosen, name, label) for label in labels))
            )
    return tuple(groups)


def _option(product: ProductRow, chosen: VariantRow, name: str, label: str) -> vm.OptionValue:
    wanted = chosen.options | {name: label}
    exact = next((row for row in product.variants if row.options == wanted and row.is_active), None)
    candidates = [row for row in product.variants if row.options.get(name) == label and row.is_active]
    target = exact or max(candidates, key=lambda row: (_shared(row, chosen), row.available > 0), default=chosen)
    note = ""
    if exact is None:
        others = ", ".join(value for other, value in chosen.options.items() if other != name)
        note = _("not made in %(others)s", others=others)
    elif exact.available <= 0:
        note = _("sold out")
    shown = picture(_picture_of(product, target)) if name == "Colour" else None
    return vm.OptionValue(
        label,
        product_url(product.product_id, product.slug, variant=target.variant_id),
        is_selected=chosen.options.get(name) == label,
        is_available=exact is not None and exact.available > 0,
        note=note,
        picture=shown,
    )


def _shared(row: VariantRow, chosen: VariantRow) -> int:
    return sum(row.options.get(name) == value for name, value in chosen.options.items())


def _histogram(votes: Mapping[int, int], chosen: int | None, place: _Place) -> tuple[vm.RatingBin, ...]:
    total = sum(votes.values())
    if not total:
        return ()
    return tuple(
        vm.RatingBin(
            stars,
            votes.get(stars, 0),
            votes.get(stars, 0) / total,
            place.url(stars="" if stars == chosen else str(stars)),
            stars == chosen,
        )
        for stars in (5, 4, 3, 2, 1)
    )


def _review(row: review_store.ReviewRow, actor: Actor) -> vm.Review:
    return vm.Review(
        row.review_id,
        _("Deleted user") if row.author_is_gone else row.author or _("Somebody"),
        row.stars,
        row.at,
        row.title,
        row.text,
        row.is_verified,
        row.user_id == actor.user_id,
        row.reply,
    )


def _meta(
    product: ProductRow,
    this: CardRow,
    variant: vm.Variant,
    stars: vm.Rating | None,
    trail: Sequence[vm.Crumb],
    url: str,
) -> vm.PageMeta:
    described = structured.product(
        product.name, url=url, description=product.description, brand=this.brand, variant=variant, stars=stars
    )
    return vm.PageMeta(
        title=product.name,
        description=product.description[:160],
        canonical=absolute(url),
        og_type="product",
        og_image=described.get("image", ""),
        json_ld=(described, structured.crumbs(trail, url)),
    )
