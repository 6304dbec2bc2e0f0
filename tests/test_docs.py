"""README.md and docs/ against the code: what exists is described, what is shown runs.

``python -m tests.test_docs`` writes the table of settings in docs/owner.md anew.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd
import pytest
from flask import Flask
from pydantic import BaseModel
from werkzeug.test import TestResponse

from bench.programs import PROGRAMS
from config import SETTINGS
from recommender import gate
from recommender.__main__ import _parser
from recommender.__main__ import main as recommender_command
from recommender.evaluation.offpolicy import MAX_WEIGHT, MIN_EFFECTIVE
from recommender.gate import data
from recommender.metrics import RANKING_METRICS
from recommender.readers import EVENT_COLUMNS, ITEM_COLUMNS, MAPPINGS
from recommender.readers.datasets import DATA_SETS, ENVIRONMENT_NAME
from recommender.sources import HYBRID_SOURCES, SOURCES
from recommender.types import EVENT_KINDS, SPACES
from tests.factories import ShopClient, make_product, make_user
from webapp import answers, cli, openapi, schemas
from webapp.blueprints import api
from webapp.errors import ShopError
from webapp.picks import Ask, NullRecs, Pick, PickReason, Picks
from webapp.services.people import api_keys
from webapp.store.tx import unit_of_work
from webapp.viewbuilders import cards

ROOT = Path(__file__).resolve().parents[1]
README, OWNER, API = ROOT / "README.md", ROOT / "docs" / "owner.md", ROOT / "docs" / "api.md"
LIBRARY, DEVELOPMENT = ROOT / "docs" / "recommender.md", ROOT / "docs" / "development.md"
SECURITY = ROOT / "docs" / "security.md"
PAGES = (README, OWNER, API, LIBRARY, DEVELOPMENT, SECURITY)
SETTINGS_BLOCK = re.compile(r"(<!-- settings:begin -->\n)(.*?)(<!-- settings:end -->)", re.DOTALL)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Where docs/api.md describes the parts that several answers share; "" is the section of the call itself.
SHARED_PARTS: dict[str, tuple[type[BaseModel], ...]] = {
    "A product": (answers.ProductOut,),
    "A recommended product": (answers.RecommendedOut,),
    "A reason": (answers.ReasonOut,),
    "POST /api/events": (schemas.EventItem, answers.EventVerdictOut),
}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def words_of(text: str) -> set[str]:
    """Return everything that stands between backquotes."""
    return {word.replace("\\|", "|") for word in re.findall(r"`([^`\n]+)`", FENCE.sub("", text))}


def section(path: Path, title: str) -> str:
    """Return the part of a page under a heading, up to the next heading of that level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text_of(path), re.DOTALL | re.MULTILINE)
    assert found, f"{path.name} has no section {title!r}"
    return found[1]


def row_of(text: str, first_cell: str) -> str:
    """Return the table row whose first cell begins with some code."""
    rows = [row for row in text.splitlines() if re.match(rf"\| `{re.escape(first_cell)}[` ]", row)]
    assert len(rows) == 1, f"{len(rows)} rows describe {first_cell!r}"
    return rows[0]


def blocks(path: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text_of(path)) if kind == language]


# Settings, commands, make targets


def settings_table() -> str:
    """Return the table of all settings as it must stand in docs/owner.md."""
    lines = ["| setting | default | kind | what it does |", "|---|---|---|---|"]
    lines += [
        f"| `{s.name}` | {f'`{s.default}`' if s.default else ''} | {s.type_name} | {s.help} |".replace("|  |", "| |")
        for s in SETTINGS
    ]
    return "\n".join(lines) + "\n"


def test_the_table_of_settings_is_the_list_of_settings() -> None:
    block = SETTINGS_BLOCK.search(text_of(OWNER))
    assert block is not None
    assert block[2] == settings_table(), "run: .venv/bin/python -m tests.test_docs"
    assert ENVIRONMENT_NAME in words_of(text_of(OWNER))


def flask_commands() -> Iterator[tuple[str, click.Command]]:
    for command in cli.COMMANDS:
        if isinstance(command, click.Group):
            yield from ((f"{command.name} {name}", inner) for name, inner in command.commands.items())
        else:
            yield str(command.name), command


@pytest.mark.parametrize("name", [name for name, _command in flask_commands()])
def test_every_command_of_the_shop_is_described(name: str) -> None:
    command = dict(flask_commands())[name]
    row = row_of(section(OWNER, "Commands"), f"flask {name}")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert f"`{parameter.opts[0]}`" in row
        elif isinstance(parameter, click.Argument):
            assert f" {str(parameter.name).upper()}`" in row


def library_commands() -> dict[str, list[str]]:
    """Return the subcommands of ``python -m recommender``, each with its options."""
    choices = next(action.choices for action in _parser()._actions if action.choices)
    assert isinstance(choices, dict)
    return {
        name: [action.option_strings[-1] for action in parser._actions if action.dest != "help"]
        for name, parser in choices.items()
    }


@pytest.mark.parametrize("name", sorted(library_commands()))
def test_every_command_of_the_library_is_described(name: str) -> None:
    row = row_of(section(LIBRARY, "Command line"), name)
    for option in library_commands()[name]:
        assert re.search(rf"`{option}[` ]", row), f"{option} is not described"


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.MULTILINE))


def test_make_targets_are_the_named_ones_and_the_named_ones_exist() -> None:
    named = set()
    for path in PAGES:
        code = "\n".join([*words_of(text_of(path)), *blocks(path, "sh")])
        named |= set(re.findall(r"\bmake (?:[A-Z]+=\S+ )*([a-z][a-z-]*)\b", code))
    assert named == make_targets()


def test_every_named_command_exists() -> None:
    known = {name for name, _command in flask_commands()} | {"db upgrade", "db migrate", "db check"}
    for path in PAGES:
        code = "\n".join([*words_of(text_of(path)), *blocks(path, "sh")])
        for used in re.findall(r"\bflask ((?:db |api-key |voucher )?[a-z-]+)", code):
            assert used in known, f"{path.name} names flask {used}"
        for used in re.findall(r"-m recommender ([a-z]+)", code):
            assert used in library_commands(), f"{path.name} names recommender {used}"


def test_every_program_that_measures_is_described() -> None:
    table = section(DEVELOPMENT, "Measuring")
    for name in PROGRAMS:
        row_of(table, name)


# The API


def names_of(model: type[BaseModel] | None) -> set[str]:
    return set(model.model_fields) if model is not None else set()


def fields_of(operation: openapi.Operation) -> set[str]:
    found = set(operation.path_parameters) | names_of(operation.query) | names_of(operation.body)
    return found.union(*(names_of(model) for model in operation.answers.values()))


def choices_of(node: Any) -> set[str]:
    """Return every word that a field may be, out of a JSON schema."""
    if isinstance(node, dict):
        return set(node.get("enum", ())).union(*(choices_of(value) for value in node.values()))
    return set().union(*(choices_of(value) for value in node)) if isinstance(node, list) else set()


def test_the_calls_are_known_before_they_are_looked_for() -> None:
    assert len(openapi.OPERATIONS) >= 8
    assert api.bp.name == "api"  # its import fills the list


@pytest.mark.parametrize("operation", openapi.OPERATIONS, ids=lambda found: f"{found.method} {found.path}")
def test_every_call_is_described_with_its_fields(operation: openapi.Operation) -> None:
    part = section(API, f"{operation.method} {operation.path}")
    assert fields_of(operation) - words_of(part) == set()
    for model in (operation.query, operation.body):
        assert model is None or choices_of(model.model_json_schema()) - words_of(part) == set()
    if operation.scope:
        assert operation.scope in words_of(part)


@pytest.mark.parametrize("title", sorted(SHARED_PARTS))
def test_every_shared_part_is_described_with_its_fields(title: str) -> None:
    own = SHARED_PARTS[title]
    described = words_of(section(API, title))
    if title == "A recommended product":
        described |= words_of(section(API, "A product"))
    assert set().union(*(names_of(model) for model in own)) - described == set()


def test_no_part_of_the_api_is_left_out(app: Flask) -> None:
    described = {model for own in SHARED_PARTS.values() for model in own}
    for operation in openapi.OPERATIONS:
        described |= {model for model in (operation.body, *operation.answers.values()) if model is not None}
    with app.test_request_context():
        schemas_named = set(openapi.document("http://localhost", "Shop")["components"]["schemas"])
    assert schemas_named - {model.__name__ for model in described} == {"Problem"}
    errors = section(API, "Errors")
    assert set(openapi.PROBLEM_SCHEMA["properties"]) - words_of(errors) == set()


def test_every_route_for_programs_is_described(app: Flask) -> None:
    page = text_of(API)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") or rule.endpoint.startswith("health."):
            address = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert f"{method} {address}" in page


def problem_codes(kind: type[ShopError] = ShopError) -> set[str]:
    return {kind.code}.union(*(problem_codes(inner) for inner in kind.__subclasses__() if inner.__name__[0] != "_"))


def test_every_problem_and_scope_is_described() -> None:
    described = words_of(section(API, "Errors"))
    assert {f"/problems/{code}" for code in problem_codes() | {"csrf", "internal-error"}} - described == set()
    assert set(api_keys.SCOPES) - words_of(section(API, "Who may call")) == set()


def test_every_kind_of_reason_and_event_is_described() -> None:
    kinds = {*cards.PROOF, *cards.GENERAL, cards.FROM_HISTORY}
    assert kinds - words_of(section(API, "A reason")) == set()
    written = words_of(section(API, "POST /api/feedback")) | words_of(section(API, "POST /api/events"))
    assert {*EVENT_KINDS, "impression", "dwell"} - written == set()
    assert set(SPACES) - words_of(section(API, "GET /api/products/{product_id}/similar")) == set()


# The library


@pytest.mark.parametrize("name", [*SOURCES, "hybrid"])
def test_every_strategy_is_described(name: str) -> None:
    rows = [row for row in section(LIBRARY, "Strategies").splitlines() if f"`{name}`" in row.split("|")[1:2].__str__()]
    assert len(rows) == 1
    if name != "hybrid":
        assert rows[0].endswith("| yes |") is (name in HYBRID_SOURCES)


def test_metrics_data_sets_schemas_and_columns_are_described() -> None:
    judged = words_of(section(LIBRARY, "Judging models"))
    assert {*RANKING_METRICS, "coverage", "gini", "novelty", "rmse", "mae"} - judged == set()
    assert set(DATA_SETS) - words_of(section(OWNER, "Public data sets")) == set()
    imports = words_of(section(OWNER, "Your own catalogue and history"))
    assert set(MAPPINGS) - imports == set()
    assert {*EVENT_COLUMNS, *ITEM_COLUMNS} - imports == set()


def test_the_gate_is_described_with_its_numbers() -> None:
    told = section(LIBRARY, "The gate")
    for baseline in gate.BASELINES:
        assert f"`{baseline}`" in told
    for number in (gate.MIN_JUDGED_USERS, gate.MIN_SEGMENT_USERS):
        assert f"at least {number} users" in told
    shares = (
        gate.LIVE_TOLERANCE,
        gate.SEGMENT_TOLERANCE,
        gate.MIN_COVERAGE_SHARE,
        gate.RMSE_TOLERANCE,
        gate.MIN_VALUE_SHARE,
        gate.NOVELTY_TOLERANCE,
        gate.DISTANCE_TOLERANCE,
        gate.BRANDS_TOLERANCE,
        gate.PRICE_TOLERANCE,
        data.MIN_ROWS_SHARE,
        data.MAX_KIND_SHIFT,
        data.MAX_REPEATED,
        data.MAX_UNKNOWN,
        data.MAX_BOT_SHARE,
    )
    for share in shares:
        assert f"{share * 100:g} %" in told
    for words in (
        f"between {gate.LEAST_OVERLAP} and {gate.MOST_OVERLAP}",
        f"within {gate.MAX_LOAD_SECONDS:g} s",
        f"at most {gate.MAX_MODEL_MB:g} MB",
        f"at most {gate.MUCH_SLOWER:g} times as long as live, which counts as {gate.NO_WAIT_MS:g} ms at least",
        f"from {gate.SLOWER} times",
        f"at most {gate.CALIBRATION_TOLERANCE} stars",
        f"at most {gate.GINI_TOLERANCE} more uneven",
        f"at most {data.MAX_AGE_HOURS} hours",
        f"more than {data.BOT_EVENTS_A_DAY} on one day",
        f"{data.SIGMAS:g} standard deviations of the {data.DAYS_BEFORE} days",
        f"below {MIN_EFFECTIVE} ",
        f"capped at {MAX_WEIGHT:g}",
    ):
        assert words in told


def test_each_point_and_check_of_the_gate_is_described() -> None:
    told = section(LIBRARY, "The gate")
    for point, what in gate.POINTS.items():
        assert f"| {point} |" in told
        for check in what.checks:
            if point != "baselines" and check.strip() not in ("time split", "evaluated", "persona"):
                assert check.strip() in told, check


# Links


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_row_of_a_table_has_the_cells_of_its_head(path: Path) -> None:
    """A bar within a cell begins another one, and the last is not shown."""
    for table in re.findall(r"(?:^\|.*\n)+", FENCE.sub("", text_of(path)), re.MULTILINE):
        head, *rows = table.splitlines()
        assert [row for row in rows if n_bars(row) != n_bars(head)] == []


def n_bars(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row))


@pytest.mark.parametrize("path", [*PAGES, ROOT / "seed" / "README.md"], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(path))):
        if target.startswith(("http://", "https://")):
            continue
        file, _hash, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(there), f"{target} names no heading"


def test_the_picture_of_the_home_page_is_small() -> None:
    assert (ROOT / "docs" / "home.png").stat().st_size < 400_000


def test_the_map_of_folders_is_true() -> None:
    for cell in re.findall(r"^\| (`.+?) \|", section(README, "Where things are"), re.MULTILINE):
        for folder in re.findall(r"`([^`]+)`", cell):
            assert (ROOT / folder).is_dir()
    folders = "webapp|recommender|tests|deploy|migrations|seed|bench"
    for name in re.findall(rf"`((?:{folders})/[\w/.]*)`", text_of(DEVELOPMENT)):
        assert (ROOT / name).exists() or name == "bench/results/", name


# README's examples


class Call(NamedTuple):
    """A curl line taken apart."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


def parse_curl(line: str) -> Call:
    words = shlex.split(line)
    assert words.pop(0) == "curl"
    method, address, body, headers = "", "", None, {}
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-d":
            body = words.pop(0)
        elif word == "-H":
            name, _colon, value = words.pop(0).partition(":")
            headers[name] = value.strip()
        else:
            assert word.startswith("http://127.0.0.1:5000/"), f"{word} is not understood"
            address = word.removeprefix("http://127.0.0.1:5000")
    return Call(method or ("POST" if body else "GET"), address, headers, body)


def readme_examples() -> list[tuple[str, str]]:
    """Return the blocks of README's section on the API with a curl in them, each with the answer shown under it."""
    found = FENCE.findall(section(README, "The JSON API"))
    return [(body, found[at + 1][1]) for at, (kind, body) in enumerate(found) if kind == "sh" and "curl " in body]


def same_shape(shown: Any, got: Any, where: str = "answer") -> None:
    """Compare names and types; of a list only the first entry is shown."""
    if shown is None or got is None:
        return
    assert isinstance(got, (int, float) if isinstance(shown, (int, float)) else type(shown)), where
    assert isinstance(shown, bool) == isinstance(got, bool), where
    if isinstance(shown, dict):
        assert set(shown) == set(got), where
        for name, value in shown.items():
            same_shape(value, got[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert bool(shown) == bool(got), where
        for value in got:
            same_shape(shown[0], value, f"{where}[]")


class Told(NullRecs):
    """A recommender that answers with given products."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = ids

    def _picks(self, strategy: str, reason: PickReason) -> Picks:
        picks = [Pick(item, rank, 1.0 / rank, (reason,), strategy) for rank, item in enumerate(self.ids, 1)]
        return Picks(tuple(picks), "20261126-055953-2", strategy, 9.8)

    def for_user(self, ask: Ask) -> Picks:
        return self._picks("hybrid", PickReason("popular", None, 1.0))

    def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
        return self._picks(space, PickReason("similar", product_id, 1.0))


def test_readme_calls_give_what_is_shown(app: Flask) -> None:
    with unit_of_work() as tx:
        ids = [make_product(tx, name=f"Wool scarf {n}", picture=f"scarf-{n}") for n in range(8)]
        make_user(tx)
    assert 7 in ids
    app.extensions["recs"] = Told([item for item in ids if item != 7])
    app.config["DEMO_OPEN_READS"] = True
    examples = readme_examples()
    assert len(examples) == 5
    key = ""
    for commands, shown in examples:
        answer = None
        for line in commands.replace("\\\n", " ").splitlines():
            if made := re.fullmatch(r"KEY=\$\(\.venv/bin/flask (.+)\)", line.strip()):
                key = app.test_cli_runner().invoke(args=shlex.split(made[1])).output.strip()
            else:
                answer = ask(app, parse_curl(line.replace("$KEY", key)))
        assert answer is not None
        assert answer.status_code < 300, answer.get_json()
        same_shape(json.loads(shown), answer.get_json())


def ask(app: Flask, call: Call) -> TestResponse:
    program: ShopClient = app.test_client()
    content = {"data": call.body, "content_type": call.headers.pop("Content-Type", None)} if call.body else {}
    return program.open(call.path, method=call.method, headers=call.headers, **content)


def test_the_curl_that_make_run_prints_is_the_one_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    shown = [line.strip() for block in blocks(README, "text") for line in block.splitlines() if "curl" in line]
    assert shown == [readme_examples()[0][0].strip()]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with events.csv and items.csv: two shelves, and people who each keep to one."""
    draw = np.random.default_rng(1)
    colours = ("green", "black", "red", "blue", "pale", "dark", "plain", "old")
    shelves = {shelf: [f"{colour}-{shelf}" for colour in colours] for shelf in ("tea", "lamp")}
    rows = []
    for number in range(24):
        for step, item in enumerate(draw.permutation(shelves["tea" if number % 2 == 0 else "lamp"])[:6]):
            kind = ("view", "purchase", "rating")[step % 3]
            stars = str(draw.integers(3, 6)) if kind == "rating" else ""
            at = 1_700_000_000 + 86_400 * step + 60 * number
            rows.append(("ana" if number == 0 else f"user-{number}", item, kind, stars, at))
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "value", "timestamp"])
    items = [(item, item.replace("-", " "), shelf, 12.5) for shelf, own in shelves.items() for item in own]
    events.to_csv(tmp_path / "events.csv", index=False)
    pd.DataFrame(items, columns=["item_id", "title", "category", "price"]).to_csv(tmp_path / "items.csv", index=False)
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", [README, LIBRARY], ids=lambda path: path.name)
def test_the_examples_of_the_library_run(
    path: Path, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = dict(SOURCES)
    names: dict[str, Any] = {"__name__": path.stem}
    try:
        for block in blocks(path, "python"):
            exec(compile(block, path.name, "exec"), names)  # noqa: S102  our own page is what is tested
    finally:
        SOURCES.clear()
        SOURCES.update(kept)
    assert capsys.readouterr().out.strip()


def test_the_command_lines_of_the_library_run(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for block in blocks(README, "sh") for line in block.splitlines() if "-m recommender" in line]
    assert [line.split()[3] for line in lines] == ["train", "recommend", "similar", "evaluate"]
    for line in lines:
        assert recommender_command(shlex.split(line)[3:]) == 0
        assert capsys.readouterr().out.strip()
    assert set(json.loads((files / "results.json").read_text("utf-8"))["models"]) == {"popular", "itemseq", "hybrid"}


def test_the_results_have_their_place() -> None:
    assert re.search(r"<!-- results:begin -->\n.+<!-- results:end -->", section(README, "Results"), re.DOTALL)


if __name__ == "__main__":
    OWNER.write_text(SETTINGS_BLOCK.sub(lambda found: found[1] + settings_table() + found[3], text_of(OWNER)), "utf-8")
