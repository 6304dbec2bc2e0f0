"""Names that the engine or the shop itself made, in the language of the page; names of others stay as they are."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

ATTRIBUTES = {
    "Colour": _l("Colour"),
    "Cut": _l("Cut"),
    "Detail": _l("Detail"),
    "Format": _l("Format"),
    "Material": _l("Material"),
    "Pattern": _l("Pattern"),
    "Season": _l("Season"),
    "Second_colour": _l("Second colour"),
    "Size": _l("Size"),
    "Style": _l("Style"),
    "Type": _l("Type"),
    "Volume": _l("Volume"),
    "Waist": _l("Waist"),
    "Weight": _l("Weight"),
}
CHECKS = {
    "rows": _l("rows"),
    "rows of a day": _l("rows of a day"),
    "kinds of events": _l("kinds of events"),
    "repeated rows": _l("repeated rows"),
    "times to come": _l("times to come"),
    "unknown items": _l("unknown items"),
    "machines": _l("machines"),
    "newest event": _l("newest event"),
    "events left out": _l("events left out"),
    "first model": _l("first model"),
    "numbers": _l("numbers"),
    "ids": _l("ids"),
    "every item": _l("every item"),
    "repeatable": _l("repeatable"),
    "lists": _l("lists"),
    "saved model": _l("saved model"),
    "size": _l("size"),
    "time split": _l("time split"),
    "evaluated": _l("evaluated"),
    "enough users": _l("enough users"),
    "finite": _l("finite"),
    "recall": _l("recall"),
    "mrr": _l("mrr"),
    "map": _l("map"),
    "against live": _l("against live"),
    "stars": _l("stars"),
    "stars on average": _l("stars on average"),
    "calibration": _l("calibration"),
    "nothing again": _l("nothing again"),
    "coverage": _l("coverage"),
    "gini": _l("gini"),
    "novelty": _l("novelty"),
    "distance": _l("distance"),
    "price": _l("price"),
    "brands": _l("brands"),
    "logged picks": _l("logged picks"),
    "change": _l("change of lists"),
    "speed": _l("speed"),
    "load time": _l("load time"),
    "policy": _l("policy"),
    "search for parameters": _l("search for parameters"),
    # A point that could not be judged stands under its own name.
    "data": _l("data"),
    "integrity": _l("integrity"),
    "ranking": _l("ranking"),
    "baselines": _l("baselines"),
    "beyond accuracy": _l("beyond accuracy"),
}
GROUPS = {
    "users:new": _l("users:new"),
    "users:light": _l("users:light"),
    "users:heavy": _l("users:heavy"),
    "items:cold": _l("items:cold"),
    "items:cold-alone": _l("items:cold-alone"),
    "items:tail": _l("items:tail"),
    "items:head": _l("items:head"),
}
STAGES = {
    "star forecast": _l("star forecast"),
    "ranker": _l("ranker"),
    "ranker lists": _l("ranker lists"),
    "fit on all data": _l("fit on all data"),
    "gate": _l("gate"),
    "blend without extra sources": _l("blend without extra sources"),
}


def attribute_label(name: str) -> str:
    """Return what an attribute of a product is called; words of the merchant stay, with spaces between."""
    return str(ATTRIBUTES[name]) if name in ATTRIBUTES else name.replace("_", " ")


def check_label(name: str) -> str:
    """Return what a check of the gate is called; one that is not known keeps its name."""
    if name in CHECKS:
        return str(CHECKS[name])
    family, _blank, rest = name.partition(" ")
    told = {
        "against": _("against %(name)s", name=rest),
        "segment": _("segment %(group)s", group=_group(rest)),
        "change": _("change of lists, %(group)s", group=_group(rest)),
        "persona": _("persona %(group)s", group=_group(rest)),
    }
    return told.get(family, name)


def stage_label(name: str) -> str:
    """Return what a training is at, and what within it; sources of picks keep their names."""
    whole, colon, part = name.partition(": ")
    if colon:
        return f"{stage_label(whole)}: {stage_label(part)}"
    if name in STAGES:
        return str(STAGES[name])
    family, _blank, rest = name.partition(" ")
    told = {"evaluate": _("evaluate %(name)s", name=rest), "tune": _("tune %(name)s", name=rest)}
    return told.get(family, name)


def _group(name: str) -> str:
    kind, _colon, category = name.partition(":")
    if kind == "category":
        return _("category:%(name)s", name=category)
    return str(GROUPS.get(name, name))
