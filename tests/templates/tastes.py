"""The page about one's recommendations, in its states."""

from __future__ import annotations

from typing import Any

from webapp.viewmodels import (
    Form,
    Move,
    Option,
    ShelfSearch,
    Signal,
    SignalGroup,
    Slider,
    TastePage,
    TastePreview,
    TuneCategory,
    TuneForm,
)

from .samples import THINGS, ago, cards, meta, picture, slug


def signals(kind: str, label: str, first: int, n: int, total: int, stars: int = 0, **more: Any) -> SignalGroup:
    """Return a group of so many signals."""
    made = tuple(
        Signal(
            first * 10 + i,
            kind,
            ago(i * 3 + 0.2),
            i + 1,
            slug(THINGS[i][0]),
            THINGS[i][0],
            picture(i, ""),
            stars,
            0.9 - i * 0.2,
            **more,
        )
        for i in range(first, first + n)
    )
    return SignalGroup(kind, label, made, total)


GROUPS = (
    signals("rating", "Rated", 0, 3, 3, stars=4),
    signals("purchase", "Bought", 1, 2, 2, is_used=False),
    signals("view", "Looked at", 0, 4, 37),
    SignalGroup("search", "Searched for", (Signal(99, "search", ago(1), name="blue mug", weight=0.1),), 1),
)


def tune_form(places: tuple[int, int, int] = (50, 50, 50), **more: Any) -> TuneForm:
    """Return the form of the settings with the sliders at some places."""
    words = ("much less", "less", "as it comes", "more", "much more")
    sliders = (
        Slider("familiar_new", "Familiar or new", "what I know", "surprise me", places[0], words),
        Slider("budget_premium", "Price", "small purse", "the best there is", places[1], words),
        Slider("variety", "Variety", "one thing at a time", "a bit of everything", places[2], words),
    )
    categories = (
        TuneCategory("home", "Home", "more"),
        TuneCategory(
            "shoes", "Shoes", "same", (TuneCategory("boots", "Boots", "never"), TuneCategory("socks", "Socks"))
        ),
        TuneCategory("desk", "Desk and paper", "same", (TuneCategory("notebooks", "Notebooks"),)),
    )
    brands = tuple(Option(name.lower(), name, name == "Alder") for name in ("Alder", "Glow Worm", "Tide"))
    return TuneForm(sliders, categories, brands, **more)


def move(i: int, change: str = "same", steps: int = 0) -> Move:
    """Return a product of a list that is compared."""
    return Move(THINGS[i][0], picture(i, ""), change, steps)  # type: ignore[arg-type]  # one of its words


PREVIEW = TastePreview(
    tuple(move(i, "gone" if i == 2 else "same") for i in range(5)),
    (move(1, "up", 1), move(0, "down", 1), move(5, "new"), move(3), move(4)),
    "What would change: one new, one up, one down, one no longer there.",
)
taste_full = TastePage(
    meta=meta("Your recommendations"),
    groups=GROUPS,
    now=cards(0, 10),
    tuning=tune_form(),
    dismissed=cards(6, 2),
    owned=cards(8, 1),
    gifts=cards(5, 1),
    is_guest=False,
    n_signals=43,
    n_visit=7,
    uses_purchases=False,
    request_id="r-5",
)
taste_preview = TastePage(
    meta=meta("Your recommendations"),
    now=cards(0, 8),
    preview=PREVIEW,
    tuning=tune_form((75, 25, 50), is_changed=True),
    groups=GROUPS[2:],
    n_signals=38,
    n_visit=1,
)
taste_preview_nothing = TastePage(
    meta=meta("Your recommendations"),
    preview=TastePreview((), (), "Nothing would change."),
    tuning=tune_form((0, 100, 100), is_changed=True),
)
taste_wrong = TastePage(
    meta=meta("Your recommendations"),
    tuning=tune_form(),
    form=Form({}, {"variety": "Choose a place between 0 and 100.", "category-home": "Choose more or less."}),
)
taste_many_shelves = TastePage(
    meta=meta("Your recommendations"), tuning=tune_form(search=ShelfSearch("so", n_found=1, n_listed=1))
)
taste_cold = TastePage(meta=meta("Your recommendations"), starter=cards(0, 5), n_started=1, tuning=tune_form())
taste_paused = TastePage(
    meta=meta("Your recommendations"),
    is_paused=True,
    is_guest=False,
    groups=GROUPS[:1],
    n_signals=3,
    tuning=tune_form(),
)
taste_asked = TastePage(meta=meta("Your recommendations"), is_paused=True, is_guest=True, tuning=tune_form())
