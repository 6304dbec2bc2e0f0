"""python -m bench [PROGRAM ...]: measure, print tables, write the same as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.options import Options
from bench.programs import PROGRAMS, run_program
from bench.tables import Report
from recommender.commands.console import while_read
from recommender.readers.datasets import DATA_SETS

RESULTS = Path(__file__).resolve().parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named programs, or all of them; exit status 2 for a name that is none."""
    return while_read(partial(_run, arguments))


def _run(arguments: Sequence[str] | None) -> int:
    given = _parser().parse_args(arguments)
    unknown = [name for name in given.programs if name not in PROGRAMS]
    if unknown:
        print(f"there is no program {unknown[0]!r}; known are {', '.join(PROGRAMS)}", file=sys.stderr)
        return 2
    if given.list:
        print("\n".join(f"{name:10}{program.what}" for name, program in PROGRAMS.items()))
        return 0
    records: dict[str, Any] = {}
    for name in given.programs or PROGRAMS:
        print(f"== {name}: {PROGRAMS[name].what}\n", flush=True)
        report, records[name] = run_program(name, _options(given))
        print(report.text(), _foot(records[name]), sep="\n\n", end="\n\n", flush=True)
        if given.save and not report.skipped:
            save(RESULTS, name, report, records[name], is_part=name == "quality" and bool(given.data))
    if given.json:
        given.json.write_text(as_text(records), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"{', '.join(PROGRAMS)} (default: all)")
    parser.add_argument("--list", action="store_true", help="say what each program measures")
    parser.add_argument("--quick", action="store_true", help="small sizes: seconds instead of minutes")
    parser.add_argument("--sizes", type=_numbers, default=(), help="items, vectors or events, such as 30000,200000")
    parser.add_argument("--data", type=_data_sets, default=(), help="quality: data sets, with commas (default: all)")
    parser.add_argument("--tune", action="store_true", help="quality: also tune the outside baselines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder that keeps fitted models for the next run")
    parser.add_argument("--json", type=Path, help="write everything to this file as well")
    parser.add_argument("--save", action="store_true", help="put the results into bench/results/")
    return parser


def _numbers(raw: str) -> tuple[int, ...]:
    found = tuple(int(part) for part in _words(raw))
    if any(number < 0 for number in found):
        raise argparse.ArgumentTypeError("a size is not negative")
    return found


def _data_sets(raw: str) -> tuple[str, ...]:
    unknown = [name for name in _words(raw) if name not in DATA_SETS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no data set {unknown[0]!r}; known are {', '.join(sorted(DATA_SETS))}")
    return _words(raw)


def _words(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _options(given: argparse.Namespace) -> Options:
    return Options(
        quick=given.quick, sizes=given.sizes, data=given.data, seed=given.seed, tune=given.tune, keep=given.keep
    )


def _foot(record: dict[str, Any]) -> str:
    here = record["machine"]
    others = record["cores_used_by_others"]
    busy = "" if others is None else f"; other processes used {others} of its {here['cores']} cores"
    return f"{record['seconds']:,.0f} s on {here['processor']}, {here['cores']} cores, {here['memory_gb']} GB{busy}"


def save(folder: Path, name: str, report: Report, record: dict[str, Any], *, is_part: bool = False) -> None:
    """Write a result as JSON and as Markdown; a part takes its place in what was saved before."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.json"
    foot = _foot(record)
    if is_part and file.is_file():
        again = ", ".join(table.title for table in report.tables)
        report = report.in_place_of(Report.from_json(json.loads(file.read_text(encoding="utf-8"))))
        record = record | report.to_json()
        foot = f"Measured last: {again}. {foot}"
    file.write_text(as_text(record), encoding="utf-8")
    (folder / f"{name}.md").write_text(f"{report.markdown()}\n\n{foot}\n", encoding="utf-8")


def as_text(data: dict[str, Any]) -> str:
    """JSON for a file that people compare with its last version."""
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
