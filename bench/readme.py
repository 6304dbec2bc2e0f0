"""The results of bench/results/ as the tables of the README: python -m bench.readme writes them between its marks."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.tables import Table, shown

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RESULTS = Path(__file__).resolve().parent / "results"
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
SHOWN_MODELS = ("popular", "trending", "svd", "itemknn", "ials", "ease", "itemseq", "hybrid", "hybrid, time untold")
MEASURED = ("stars", "engine", "http", "retrain", "memory", "pages", "foldin")


def main() -> int:
    """Write the block; exit status 1 when the README has no marks."""
    text = README.read_text("utf-8")
    if BEGIN not in text or END not in text:
        print(f"README.md has no {BEGIN} and {END}", file=sys.stderr)
        return 1
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    README.write_text(f"{before}{BEGIN}\n{block()}\n{END}{after}", encoding="utf-8")
    return 0


def block() -> str:
    """All tables whose results are there."""
    parts = []
    quality = _read("quality")
    if quality is not None:
        parts += [_quality(quality), _shortfalls(quality)]
    budgets = [budget for name in MEASURED if (record := _read(name)) for budget in record["budgets"]]
    if budgets:
        parts.append(_budgets(budgets))
    return "\n\n".join(filter(None, parts))


def _read(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    record: dict[str, Any] | None = json.loads(path.read_text("utf-8")) if path.is_file() else None
    return record


def _quality(record: dict[str, Any]) -> str:
    trials = {title: facts for title, facts in record["facts"].items() if "best single" in facts}
    rows = tuple(_quality_row(title, facts) for title, facts in trials.items())
    columns = ("NDCG@10", "users", *SHOWN_MODELS, "best single model", "hybrid against it [95 %]")
    notes = (
        "`.venv/bin/python -m bench quality --tune --save`: every item ranked, none sampled; what a user "
        "touched before left out; users resampled for intervals. *last-one* holds out each user's last item "
        "(users with three or more), *time* the last tenth of the log, *random* a quarter of each user's items, with "
        "all times taken away. retailrocket has no times and its rows are sorted by item, so times are drawn: its "
        "*last-one* is any one, its *time* any tenth. The best single model is the best of "
        "every strategy of this project and of `implicit`'s ALS and BPR, tuned on a split of the training "
        "part. All are told when somebody asks; *time untold* is the blend for a caller who does not say. Below 50 "
        "users a row says little. All models, metrics, segments and times: "
        "[bench/results/quality.md](bench/results/quality.md).",
    )
    return Table("How good the lists are", columns, rows, notes).markdown()


def _quality_row(title: str, facts: dict[str, Any]) -> tuple[str, ...]:
    known = [f"{facts[name]['ndcg@10'][0]:.4f}" if name in facts else "-" for name in SHOWN_MODELS]
    rival, (gap, low, high) = facts["best single"], facts["difference"]
    ratio = facts["hybrid"]["ndcg@10"][0] / facts[rival]["ndcg@10"][0] - 1
    return title, f"{facts['users']:,}", *known, rival, f"{ratio:+.1%} ({gap:+.4f} [{low:+.4f} {high:+.4f}])"


def _shortfalls(record: dict[str, Any]) -> str:
    missed = [budget for budget in record["budgets"] if not budget["met"]]
    words = [f"{b['what']} is {b['measured']:.3f}, wanted {b['limit']:.3f}{_doubt(record, b['what'])}" for b in missed]
    unsure = [title + _doubt(record, title) for title in _unsure(record)]
    said = {"What falls short": words, "Ahead, but not surely (the interval of the difference holds 0)": unsure}
    return "\n\n".join(f"{what}: {'; '.join(named)}." for what, named in said.items() if named)


def _unsure(record: dict[str, Any]) -> list[str]:
    """Trials whose promised lead was met although chance alone may have made it."""
    met = [budget["what"].partition(":")[0] for budget in record["budgets"] if budget["met"] and budget["limit"] > 1]
    return [title for title in met if record["facts"][title]["difference"][1] <= 0]


def _doubt(record: dict[str, Any], what: str) -> str:
    """How many people stand behind a verdict of the quality table, and the interval of the difference."""
    facts = record["facts"].get(what.partition(":")[0], {})
    if "difference" not in facts:
        return ""
    _, low, high = facts["difference"]
    return f" ({facts['users']:,} users, difference between {low:+.4f} and {high:+.4f})"


def _budgets(budgets: Sequence[dict[str, Any]]) -> str:
    rows = tuple(
        (
            budget["what"],
            "-" if budget["measured"] is None else shown(float(budget["measured"])),
            f"{'at least' if budget['at_least'] else 'at most'} {shown(float(budget['limit']))}",
            budget["unit"],
            "met" if budget["met"] else "missed",
        )
        for budget in budgets
    )
    notes = (
        "Two shared cores; `.venv/bin/python -m bench stars engine http retrain memory pages foldin --save`. The "
        "machine, the load of other processes meanwhile and every strategy alone stand in "
        "[bench/results](bench/results).",
    )
    return Table("What was promised", ("what", "measured", "budget", "unit", "verdict"), rows, notes).markdown()


if __name__ == "__main__":
    sys.exit(main())
