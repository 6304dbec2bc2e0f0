"""A page about a model: what it learned from, how it was judged, what decides, where it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from recommender.data.roworder import FIRST_CLOCK_SECOND
from recommender.model import FittedModel

SHOWN_FEATURES = 15
SHOWN_METRICS = ("ndcg@10", "recall@10", "map@10", "mrr@10", "coverage@10", "rmse", "mae")
LIMITS = (
    "It orders products for people who look around in a shop. It was not made to judge people.",
    "What it learned from shows what people were shown; products that were never shown are judged by likeness alone.",
    "A stated reason is evidence that moved the score, checked by taking it away; it is not all of the evidence.",
)


def model_card(model: FittedModel) -> str:
    """The card in Markdown.

    Where the model was judged, ``model.info["judged"]`` holds "metrics" per model and the report of the "gate" as JSON.

    References
    ----------
    Mitchell et al. (2019), Model Cards for Model Reporting.
    """
    parts = [
        "# Model card",
        *_section("What it is", _identity(model)),
        *_section("What it learned from", _data(model.info)),
        *_section("What an event is worth", _weights(model)),
        *_section("How it was judged", _verdict(model.info.get("judged"))),
        *_section("What decides the order", _importance(model.info)),
        *_section("What went in besides", _sources(model.info)),
        *_section("Where it ends", [f"- {limit}" for limit in LIMITS]),
    ]
    return "\n".join(parts) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *lines]


def _identity(model: FittedModel) -> Iterator[str]:
    yield f"A recommender with the strategy `{model.info['strategy']}`."
    if model.ranker is not None:
        n_trees = model.ranker.report.get("rounds", 0)
        yield f"Its order is learned: a blend of {len(model.ranker.names)} features, corrected by {n_trees} trees."
        n_live = model.ranker.report.get("live_rounds", n_trees)
        if n_live != n_trees:
            yield f"On visits after the end of the log {n_live} trees correct it, which served such visits best."
        n_shown = model.ranker.report.get("shown_lists", 0)
        if n_shown:
            yield f"{n_shown:,} lists that people were shown taught the trees, but for what a place adds to a click."


def _data(info: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{info['n_events']:,} events of {info['n_users']:,} people about {info['n_items']:,} products, "
        f"{_until(info['data_until'])}."
    )
    repairs = {name: n for name, n in info["data"].get("repairs", {}).items() if n}
    yield from _list("Rows that were mended", (f"{name}: {n:,}" for name, n in sorted(repairs.items())))


def _until(seconds: int) -> str:
    if seconds < FIRST_CLOCK_SECOND:
        return "whose times are not known"
    return f"the last of {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _weights(model: FittedModel) -> Iterator[str]:
    learned = model.info.get("event_weights", {})
    rows = (
        [f"`{kind}`", f"{weight:g}", _evidence(learned[kind]) if kind in learned else "not learned"]
        for kind, weight in sorted(model.weights.kinds.items())
    )
    yield from _table(["kind of event", "weight", "where from"], rows)


def _evidence(found: Mapping[str, Any]) -> str:
    return f"learned: {found['n_bought']:,} of {found['n_pairs']:,} were bought later; begun at {found['start']:g}"


def _verdict(found: Mapping[str, Any] | None) -> Iterator[str]:
    if not found:
        yield "It was not: it learned from the whole log, with nothing held back to judge it by."
        return
    if found["metrics"]:
        yield "On the last part of the log, by models that had not seen it:"
        yield ""
        yield from _metrics(found["metrics"])
        yield ""
    yield "The gate let it through." if found["gate"]["passed"] else "The gate refused it."
    yield ""
    rows = ([c["name"], _word(c), c["detail"]] for c in found["gate"]["checks"])
    yield from _table(["check", "verdict", "seen"], rows)


def _metrics(found: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    names = [name for name in SHOWN_METRICS if any(name in values for values in found.values())]
    best_first = sorted(found, key=lambda model: (-found[model].get("ndcg@10", 0.0), model))
    yield from _table(["model", *names], ([model, *_figures(found[model], names)] for model in best_first))


def _figures(values: Mapping[str, float], names: Sequence[str]) -> list[str]:
    return [f"{values[name]:.4f}" if name in values else "-" for name in names]


def _word(check: Mapping[str, Any]) -> str:
    if check["level"] == "note":
        return "told"
    return "passed" if check["passed"] else {"must": "refused", "warning": "warning"}[check["level"]]


def _importance(info: Mapping[str, Any]) -> Iterator[str]:
    ranker = info.get("ranker")
    if info["strategy"] != "hybrid":
        yield f"No order was learned: it is that of the scores of `{info['strategy']}`."
        return
    if not ranker:
        yield "No order was learned: the ranks of the sources are joined by fixed weights."
        return
    shared = "share of the gain" if ranker.get("rounds") or ranker.get("live_rounds") else "share of the weights"
    shares = sorted(ranker["importance"].items(), key=lambda share: (-share[1], share[0]))[:SHOWN_FEATURES]
    yield from _table(["feature", shared], ([f"`{name}`", f"{share:.1%}"] for name, share in shares))


def _sources(info: Mapping[str, Any]) -> Iterator[str]:
    yield f"Sources: {', '.join(f'`{name}`' for name in (*info['sources'], *info['extras']))}."
    yield from _list(
        "Encoders",
        (f"{block}: {one['name']}, {one['n_dims']} dimensions" for block, one in sorted(_encoders(info).items())),
    )
    tried = info.get("extra_sources")
    if tried:
        yield ""
        yield f"Tried beside them, {', '.join(f'`{name}`' for name in tried['sources'])}: {tried['reason']}."
    skipped = {name: why.removeprefix(f"{name}: ") for name, why in info["skipped"].items()}
    yield from _list("Left out", (f"`{name}`: {why}" for name, why in sorted(skipped.items())))
    yield from _list("Notes", (f"`{name}`: {_facts(told)}" for name, told in sorted(info["notes"].items())))


def _facts(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {fact}" for name, fact in sorted(told.items()))


def _encoders(info: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(info.get("encoders", {}))


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = [f"- {line}" for line in lines]
    if found:
        yield from ("", f"{title}:", "", *found)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |"
