"""Hand-built view models of every page: a full shop with believable things, and the empty states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from webapp.viewmodels import (
    Card,
    Chrome,
    Crumb,
    Language,
    NavCategory,
    Notice,
    PageMeta,
    Picture,
    Price,
    Rail,
    Rating,
    Reason,
    Visitor,
)

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def ago(days: float) -> datetime:
    """Return a moment so many days before the samples' now."""
    return NOW - timedelta(days=days)


def meta(title: str, **over: object) -> PageMeta:
    """Return the meta data of a page with a description and an address."""
    facts = {"description": f"{title} at Kindred.", "canonical": "https://shop.example/page"}
    return PageMeta(title=title, **(facts | over))


THINGS = [
    ("Alder overshirt, moss", "Fen & Field", 8900, 11900, 4.6, 212, "shirt"),
    ("Oslo desk lamp, brass", "Nordholm", 12900, None, 4.8, 96, "lamp"),
    ("Tide mug, blue stripe", "Saltpan", 1800, None, 4.4, 1043, "mug"),
    (
        "Harbour knit jumper with a rolled collar and ribbed cuffs, oat",
        "Fen & Field",
        11500,
        None,
        4.2,
        58,
        "knit",
    ),
    ("Cress vase, terracotta", "Ovenhand", 4200, 5600, 4.9, 31, "vase"),
    ("Walden notebook, leaf", "Paperboat", 1250, None, None, 0, "notebook"),
    ("Brook trail boot, chestnut", "Longstride", 16900, None, 4.1, 77, "boot"),
    ("Juniper cushion, check", "Ovenhand", 3400, None, 3.8, 12, "cushion"),
    ("Sela canvas bag, ochre", "Saltpan", 5900, 7900, 4.5, 340, "bag"),
    ("Finch reading glasses, tortoise", "Nordholm", 7800, None, 4.0, 9, "glasses"),
    ("Rowan scarf, wave", "Fen & Field", 4900, None, None, 0, "scarf"),
    ("Hald chair, ash", "Nordholm", 24900, None, 4.7, 44, "chair"),
]

KINDS = [thing[6] for thing in THINGS]


def picture(number: int, alt: str) -> Picture:
    """Return the picture of a thing in its three widths."""
    kind = KINDS[number % len(KINDS)]
    sources = tuple((width, f"/media/{kind}-{number}-{width}.webp") for width in (320, 640, 960))
    return Picture(src=sources[1][1], alt=alt, sources=sources)


def slug(name: str) -> str:
    """Return a name as it stands in an address."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def reason(kind: str, number: int | None = None, share: float = 0.5, **over: object) -> Reason:
    """Return a reason that names one of the things, or none."""
    if number is None:
        return Reason(kind, share, **over)
    name = THINGS[number][0]
    return Reason(kind, share, product_id=number + 1, product_name=name, product_slug=slug(name), **over)


MIXED = [
    (reason("because_rated", 1, 0.52, stars=5), reason("because_viewed", 4, 0.31), reason("popular", None, 0.17)),
    (reason("because_viewed", 4, 0.7), reason("new", None, 0.3)),
    (reason("because_bought", 2, 0.8),),
    (reason("trending", None, 1.0),),
    (reason("because_wishlist", 8, 0.6),),
    (reason("popular_in_category", None, 1.0, category="Stationery"),),
    (reason("because_cart", 0, 0.66),),
    (reason("explore_new", None, 0.0),),
    (reason("rated_well", None, 1.0),),
    (reason("because_clicked", 11, 0.5),),
]


def card(number: int, reasons: tuple[Reason, ...] | None = None, **over: object) -> Card:
    """Return one thing of the list as a card."""
    index = number % len(THINGS)
    name, brand, cents, old, stars, n, _kind = THINGS[index]
    made = Card(
        product_id=number + 1,
        slug=slug(name),
        name=name,
        brand=brand,
        price=Price(cents, "EUR", old),
        picture=picture(number, name),
        rating=Rating(stars, n) if stars else None,
        reasons=MIXED[index % len(MIXED)] if reasons is None else reasons,
        rank=number + 1,
    )
    return replace(made, **over)


def cards(first: int, n: int) -> tuple[Card, ...]:
    """Return so many cards; one is saved, one sold out, one new."""
    over = {1: {"is_wished": True}, 3: {"in_stock": False}, 5: {"is_new": True}, 6: {"n_colours": 4}}
    return tuple(card(first + i, **over.get((first + i) % len(THINGS), {})) for i in range(n))


def rail(key: str, title: str, first: int = 0, n: int = 8, **over: object) -> Rail:
    """Return a rail of so many cards."""
    return Rail(key=key, title=title, cards=cards(first, n), request_id="r-1", **over)


def category(name: str, number: int, *children: str, n_products: int = 214) -> NavCategory:
    """Return a category with children."""
    inner = tuple(NavCategory(slug(child), child, 24) for child in children)
    return NavCategory(slug(name), name, n_products, picture(number, ""), inner)


CATEGORIES = (
    category("Clothing", 0, "Shirts", "Knitwear", "Dresses", "Trousers", "Coats"),
    category("Shoes", 6, "Sneakers", "Boots"),
    category("Bags and small things", 8, "Bags", "Hats", "Scarves", "Watches", "Glasses"),
    category("Kitchen and table", 2, "Mugs", "Bowls"),
    category("Home", 1, "Lamps", "Vases", "Chairs", "Cushions", "Plants"),
    category("Paper", 5, "Notebooks"),
)

LANGUAGES = (Language("en", "English"), Language("de", "Deutsch"))

GUEST = Chrome(languages=LANGUAGES, nav=CATEGORIES, n_cart=0, n_wishlist=0, is_demo=True, next_url="/c/home?page=2")
MEMBER = Chrome(
    languages=LANGUAGES,
    nav=CATEGORIES,
    visitor=Visitor("Ana", "ana@example.com", is_signed_in=True),
    n_cart=3,
    n_wishlist=12,
    notices=(
        Notice("Sela canvas bag will not be shown again.", "success", undo_product_id=9),
        Notice("Tide mug costs 18.00 now; it was 16.00 when you put it into the cart.", "warning"),
    ),
    is_demo=True,
)
ASKED = replace(GUEST, is_personalised=False, undecided="asked")
OBJECTING = replace(MEMBER, notices=(), is_personalised=False, undecided="browser")
OWNER = Chrome(nav=CATEGORIES, visitor=Visitor("Olu Ward", "owner@example.com", is_signed_in=True, is_staff=True))
BARE = Chrome()

CRUMBS = (Crumb("Kindred", "/"), Crumb("Kitchen and table", "/c/kitchen-and-table"), Crumb("Mugs"))
