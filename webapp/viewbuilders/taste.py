"""Sliders, and two lists side by side."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import viewmodels as vm
from webapp.tuning import Tuning


def sliders(tuning: Tuning) -> tuple[vm.Slider, ...]:
    """Build the sliders with a word for every place they can stand at."""
    return (
        vm.Slider(
            "familiar_new",
            _("Familiar or new"),
            _("what I know"),
            _("surprise me"),
            tuning.familiar_new,
            _words(_("mostly what I know"), _("rather what I know"), _("rather new things"), _("mostly new things")),
        ),
        vm.Slider(
            "budget_premium",
            _("Price"),
            _("small purse"),
            _("the best there is"),
            tuning.budget_premium,
            _words(_("mostly low prices"), _("rather low prices"), _("rather fine things"), _("mostly fine things")),
        ),
        vm.Slider(
            "variety",
            _("Variety"),
            _("one thing at a time"),
            _("a bit of everything"),
            tuning.variety,
            _words(_("much alike"), _("rather alike"), _("rather mixed"), _("much mixed")),
        ),
    )


def _words(lowest: str, low: str, high: str, highest: str) -> tuple[str, ...]:
    return (lowest, low, _("as it comes"), high, highest)


def compare(before: Sequence[vm.Card], after: Sequence[vm.Card]) -> vm.TastePreview:
    """Build two lists side by side: what moves, what comes, what goes, each told in words as well."""
    was = {item.product_id: place for place, item in enumerate(before)}
    will = {item.product_id: place for place, item in enumerate(after)}
    now = tuple(_move(item, "same" if item.product_id in will else "gone") for item in before)
    then = tuple(_placed(item, was.get(item.product_id), place) for place, item in enumerate(after))
    return vm.TastePreview(now, then, _summary([*then, *(move for move in now if move.change == "gone")]))


def _placed(item: vm.Card, was: int | None, place: int) -> vm.Move:
    if was is None:
        return _move(item, "new")
    if was == place:
        return _move(item, "same")
    return _move(item, "up" if place < was else "down", abs(was - place))


def _move(item: vm.Card, change: vm.MoveKind, steps: int = 0) -> vm.Move:
    return vm.Move(item.name, item.picture, change, steps)


def _summary(moves: Sequence[vm.Move]) -> str:
    """Say in one sentence what would change."""
    n = {kind: sum(move.change == kind for move in moves) for kind in ("new", "up", "down", "gone")}
    told = [
        ngettext("one new", "%(num)s new", n["new"]),
        ngettext("one up", "%(num)s up", n["up"]),
        ngettext("one down", "%(num)s down", n["down"]),
        ngettext("one no longer there", "%(num)s no longer there", n["gone"]),
    ]
    parts = [text for text, count in zip(told, n.values(), strict=True) if count]
    if not parts:
        return _("Nothing would change.")
    return _("What would change: %(moves)s.", moves=", ".join(parts))
