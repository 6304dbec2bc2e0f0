"""python -m recommender on small files: each command does its work, and a mistake is one sentence and status 2."""

from __future__ import annotations

import gzip
import io
import json
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from recommender.data.interactions import Interactions
from recommender.hybrid import HybridRecommender, load
from recommender.types import Recommendation
from tests.recommender.worlds import DAY, START, ring_walks, thing


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    """Forty people who go round a ring of items at the same time, a step a day."""
    frame = ring_walks(40).drop(columns=["value", "order_id"])
    day = frame.groupby("user_id").cumcount()
    return frame.assign(timestamp=START + day * DAY + frame["user_id"].str[1:].astype(int))


@pytest.fixture(scope="module")
def folder(walks: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same events in every kind of file, a catalogue, and files with mistakes."""
    path = tmp_path_factory.mktemp("files")
    text = walks.to_csv(index=False)
    (path / "events.csv").write_text(text)
    (path / "events.csv.gz").write_bytes(gzip.compress(text.encode()))
    (path / "events.jsonl").write_text(walks.to_json(orient="records", lines=True))
    walks.to_parquet(path / "events.parquet")
    walks.rename(columns={"user_id": "customer", "item_id": "sku"}).to_csv(path / "renamed.csv", index=False)
    pd.concat([walks, walks.head(1).assign(kind="stare")]).to_csv(path / "one-bad.csv", index=False)
    items = pd.DataFrame({"item_id": sorted(walks["item_id"].unique())})
    items.assign(title="a " + items["item_id"], category="Ring").to_csv(path / "items.csv", index=False)
    (path / "empty.csv").write_text("")
    (path / "headless.csv").write_text("who,what\nana,cup\n")
    return path


def rows_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


# train


@pytest.fixture(scope="module")
def trained(walks: pd.DataFrame) -> HybridRecommender:
    """What the command should make of the files."""
    return HybridRecommender(strategy="itemseq", random_state=4).fit(Interactions.from_frame(walks))


@pytest.mark.parametrize("name", ["events.csv", "events.csv.gz", "events.jsonl", "events.parquet"])
def test_a_model_can_be_trained_on_any_kind_of_file(name, folder, trained, tmp_path, run):
    status, said, noted = run(
        "train", "--interactions", folder / name, "--strategy", "itemseq", "--seed", 4, "--out", tmp_path / "v1"
    )
    assert status == 0
    assert said.startswith(f"{tmp_path / 'v1'}: itemseq from 320 events, 40 users and 15 items in ")
    assert said.count("\n") == 1
    assert noted.splitlines()[0].startswith("train: itemseq (")
    model = load(tmp_path / "v1")
    assert model.get_params() | {"weights": None} == trained.get_params()
    for user in ("u000", "u039", "somebody new"):
        assert model.recommend(user, 3) == trained.recommend(user, 3)


def test_columns_of_other_names_are_told_by_a_map(folder, tmp_path, run):
    names = "user_id=customer,item_id=sku,kind=kind,timestamp=timestamp"
    common = ("train", "--strategy", "popular", "--interactions", folder / "renamed.csv")
    assert run(*common, "--map", names, "--out", tmp_path / "v1")[0] == 0
    assert load(tmp_path / "v1").info["n_events"] == 320
    status, _, said = run(*common, "--map", "user_id=buyer,item_id=sku", "--out", tmp_path / "v2")
    assert status == 2
    assert "there is no column 'buyer'" in said


def test_a_catalogue_lets_things_be_found_that_nobody_touched(folder, tmp_path, run):
    (tmp_path / "items.csv").write_text((folder / "items.csv").read_text() + "unsold,a new ring,Ring\n")
    arguments = ["--interactions", folder / "events.csv", "--items", tmp_path / "items.csv", "--out", tmp_path / "v1"]
    assert run("train", *arguments, "--strategy", "content")[0] == 0
    assert "unsold" in load(tmp_path / "v1").item_ids


def test_the_blend_is_trained_by_default(folder, tmp_path, run):
    arguments = ["--interactions", folder / "events.csv", "--effort", "quick", "--out", tmp_path / "v1"]
    status, said, noted = run("train", *arguments)
    assert status == 0
    assert ": hybrid from 320 events" in said
    assert {line.split(" (")[0] for line in noted.splitlines()} >= {
        "train: ease",
        "train: ranker lists",
        "train: ranker",
    }


def test_what_was_shown_can_be_learned_from_as_well(folder, tmp_path, run):
    """A file as for evaluate; one that cannot be is refused before anything is fitted."""
    shown = "user_id,item_id,timestamp,position,propensity,clicked\nu000,ring-00,1700000000,1,1,1\n"
    (tmp_path / "shown.csv").write_text(shown)
    (tmp_path / "wrong.csv").write_text(shown.replace(",1,1,1", ",0,1,1"))
    common = ["train", "--interactions", folder / "events.csv"]
    status, _, noted = run(*common, "--logged", tmp_path / "shown.csv", "--out", tmp_path / "v1")
    assert status == 0
    assert "nothing was learned from --logged: it needs lists" in noted.splitlines()[-1]
    status, _, noted = run(*common, "--logged", tmp_path / "wrong.csv", "--out", tmp_path / "v2")
    assert (status, "position" in noted, (tmp_path / "v2").exists()) == (2, True, False)


def test_what_was_shown_is_refused_where_nothing_would_learn_from_it(folder, tmp_path, run):
    """It was read, checked and had no effect."""
    shown = "user_id,item_id,timestamp,position,propensity,clicked\nu000,ring-00,1700000000,1,1,1\n"
    (tmp_path / "shown.csv").write_text(shown)
    common = ["train", "--interactions", folder / "events.csv", "--logged", tmp_path / "shown.csv"]
    for option, value in (("--strategy", "popular"), ("--effort", "quick")):
        status, said, noted = run(*common, option, value, "--out", tmp_path / "v1")
        assert (status, said, noted.count("\n")) == (2, "", 1)
        assert f"--logged says nothing to {option} {value}: only --strategy hybrid with --effort full learns" in noted
    pd.read_csv(folder / "events.csv").drop(columns="timestamp").to_csv(tmp_path / "untimed.csv", index=False)
    common[2] = tmp_path / "untimed.csv"
    status, _, noted = run(*common, "--out", tmp_path / "v1")
    assert status == 2
    assert noted.endswith("no UTC seconds, so nothing tells what came before the shown places\n")
    assert not (tmp_path / "v1").exists()


def test_the_card_of_a_file_without_times_tells_of_none(folder, tmp_path, run):
    """It named the last event of the year 2000, from the seconds that stand in for the times."""
    pd.read_csv(folder / "events.csv").drop(columns="timestamp").to_csv(tmp_path / "untimed.csv", index=False)
    common = ["train", "--strategy", "popular", "--interactions"]
    assert run(*common, tmp_path / "untimed.csv", "--out", tmp_path / "v1")[0] == 0
    assert run(*common, folder / "events.csv", "--out", tmp_path / "v2")[0] == 0
    untimed, timed = ((tmp_path / name / "model_card.md").read_text() for name in ("v1", "v2"))
    assert "320 events of 40 people about 15 products, whose times are not known." in untimed
    assert "2000" not in untimed
    assert "about 15 products, the last of 2023-" in timed


def test_rows_that_cannot_be_used_are_counted_aloud(folder, tmp_path, run):
    arguments = ["--interactions", folder / "one-bad.csv", "--strategy", "popular", "--out", tmp_path / "v1"]
    status, said, noted = run("train", *arguments)
    assert status == 0
    assert "from 320 events" in said
    assert noted.splitlines()[0].startswith("left out 1 of 321 rows: ")


def test_a_terminal_shows_a_bar_with_the_stage(folder, tmp_path, run, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    arguments = ["--interactions", folder / "events.csv", "--strategy", "popular", "--out", tmp_path / "v1"]
    assert run("train", *arguments)[0] == 0
    bars = terminal.getvalue().split("\r")
    assert any(bar.startswith("train: trending: ") for bar in bars)
    assert bars[-1].startswith("train: trending: 100% |")


# recommend and similar


def test_a_list_is_printed_a_line_per_item(saved_model, run):
    status, said, noted = run("recommend", "--model", saved_model, "--user-id", "u00", "--k", 4)
    assert (status, noted) == (0, "")
    expected = load(saved_model).recommend("u00", 4)
    assert [(row[0], row[1], row[3]) for row in rows_of(said)] == [(str(r.rank), r.item_id, r.source) for r in expected]
    for row, r in zip(rows_of(said), expected, strict=True):
        assert float(row[2]) == pytest.approx(r.score, abs=1e-4)
        assert row[4:6] == [part for part in (r.reasons[0].kind, r.reasons[0].item_id) if part]


def recommendations(text: str) -> list[Recommendation]:
    """The printed JSON as the library's values, reasons left out."""
    return [Recommendation(**(entry | {"reasons": ()})) for entry in json.loads(text)]


def test_a_list_can_be_had_as_json(saved_model, run):
    status, said, _ = run("recommend", "--model", saved_model, "--user-id", "u00", "--k", 3, "--json")
    assert status == 0
    assert recommendations(said) == load(saved_model).recommend("u00", 3, with_reasons=False)
    assert json.loads(said)[0]["reasons"][0].keys() == {"kind", "item_id", "share"}


def test_the_answers_of_a_model_are_timed(saved_model, run):
    status, out, _ = run("bench", "--model", saved_model, "--requests", "5")
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert lines[0] == ["strategy", "p50", "ms", "p95", "ms", "p99", "ms"]
    assert [line[0] for line in lines[1:]] == list(load(saved_model).strategies)
    for _name, *shares in lines[1:]:
        half, most, nearly_all = map(float, shares)
        assert 0 < half <= most <= nearly_all


def test_a_strategy_can_be_chosen(saved_model, run):
    _, said, _ = run("recommend", "--model", saved_model, "--user-id", "u00", "--strategy", "popular", "--k", 3)
    assert {row[3] for row in rows_of(said)} == {"popular"}


def test_somebody_unknown_is_shown_what_is_popular_and_it_is_said(saved_model, run):
    status, said, noted = run("recommend", "--model", saved_model, "--user-id", "zoe", "--k", 2)
    assert status == 0
    assert len(rows_of(said)) == 2
    assert noted == "user 'zoe' is not known to this model; showing what is popular\n"


def test_similar_items_are_printed_in_both_forms(saved_model, run):
    item = thing("garden", 5)
    arguments = ["similar", "--model", saved_model, "--item-id", item, "--k", 3, "--space", "text"]
    status, said, noted = run(*arguments)
    assert (status, noted) == (0, "")
    expected = load(saved_model).similar(item, 3, space="text")
    assert [row[1] for row in rows_of(said)] == [r.item_id for r in expected]
    assert all(row[3:] == ["text", "similar", item] for row in rows_of(said))
    _, said, _ = run(*arguments, "--json")
    assert [entry["item_id"] for entry in json.loads(said)] == [r.item_id for r in expected]


# evaluate


@pytest.fixture(scope="module")
def evaluate(folder: Path) -> list[object]:
    return ["evaluate", "--interactions", folder / "events.csv", "--models", "popular, itemseq", "--k", 3]


def test_an_evaluation_is_a_table_with_a_row_per_model(evaluate, run):
    status, said, noted = run(*evaluate, "--split", "last-one", "--unit", "event")
    assert status == 0
    lines = said.splitlines()
    assert lines[0].startswith("last-one split by event: ")
    assert lines[0].endswith(" 40 users judged, all 15 items of the training part ranked")
    assert lines[1].startswith("events in neither part: repeated interactions ")
    assert lines[3].startswith("model    ndcg@3 [95 %]")
    assert [line.split()[0] for line in lines[4:6]] == ["popular", "itemseq"]
    assert any(line.startswith("ndcg@3 of") for line in lines)
    assert [line.split(" (")[0] for line in noted.splitlines()] == ["evaluate: popular", "evaluate: itemseq"]


def test_results_are_written_as_json_beside_the_table(evaluate, tmp_path, run):
    status, said, _ = run(*evaluate, "--json", tmp_path / "results.json", "--max-users", 20, "--seed", 3)
    assert status == 0
    told = json.loads((tmp_path / "results.json").read_text())
    assert (told["split"], told["unit"], told["k"], told["n_users"], told["n_items"]) == ("time", "event", 3, 20, 15)
    assert list(told["models"]) == ["itemseq", "popular"]
    ndcg = told["models"]["itemseq"]["metrics"]["ndcg@3"]
    assert ndcg.keys() == {"mean", "low", "high", "n"}
    assert f"{ndcg['mean']:.4f} [{ndcg['low']:.4f} {ndcg['high']:.4f}]" in said
    head, popular, _ = (line.split() for line in said.splitlines()[said.splitlines().index("") + 5 :][:3])
    measures = [f"{name}@3" for name in ("recall", "precision", "f1", "map", "hit_rate", "mrr")]
    assert head == ["95", "%", "intervals", *measures]
    ends = [told["models"]["popular"]["metrics"][name][end] for name in measures for end in ("low", "high")]
    assert popular == ["popular", *(f"{end:.4f}" for end in ends)]
    assert told["failed"] == {}
    assert told["models"]["popular"]["segments"]["users:heavy"] == {"mean": None, "low": None, "high": None, "n": 0}


def test_the_seed_draws_the_users_that_are_judged(evaluate, run):
    tables = [run(*evaluate, "--max-users", 5, "--seed", seed)[1].splitlines() for seed in (1, 1, 2)]
    ndcg = [table[5].split()[1:4] for table in tables]
    assert ndcg[0] == ndcg[1] != ndcg[2]


def test_two_models_are_compared_in_one_sentence(evaluate, run):
    _, said, _ = run(*evaluate, "--split", "last-one", "--compare", "itemseq", "popular")
    last = said.splitlines()[-1]
    assert last.startswith("itemseq - popular: ndcg@3 +0.")
    assert last.endswith("over 40 users; the difference is real")
    _, said, _ = run(*evaluate, "--split", "last-one", "--compare", "popular", "popular")
    assert said.splitlines()[-1].endswith("the interval holds zero: no difference shown")


def test_a_blend_that_is_not_told_the_time_is_compared_by_its_name(folder, run, monkeypatch):
    monkeypatch.setattr("recommender.evaluation.models.HybridRecommender", partial(HybridRecommender, effort="quick"))
    asked = ["--models", "hybrid", "--untold", "--compare", "hybrid", "hybrid, time untold"]
    status, said, _ = run("evaluate", "--interactions", folder / "events.csv", *asked)
    assert status == 0
    assert said.splitlines()[-1].startswith("hybrid - hybrid, time untold: ndcg@10 ")


def test_what_was_judged_is_written_down_even_if_it_cannot_be_compared(folder, run, tmp_path):
    asked = ["--models", "popular,svd", "--compare", "popular", "svd", "--json", tmp_path / "found.json"]
    status, _, noted = run("evaluate", "--interactions", folder / "events.csv", *asked)
    assert status == 2
    assert "'svd' was not evaluated" in noted
    assert set(json.loads((tmp_path / "found.json").read_text("utf-8"))["failed"]) == {"svd"}


def test_a_model_that_the_data_cannot_feed_is_named_below_the_table(folder, run):
    status, said, _ = run("evaluate", "--interactions", folder / "events.csv", "--models", "svd,popular")
    assert status == 0
    assert said.splitlines()[-1].startswith("svd: not judged, ")
    assert "no star rating" in said


def test_a_catalogue_takes_part_in_an_evaluation(folder, run):
    files = ["--interactions", folder / "events.csv", "--items", folder / "items.csv"]
    _, said, _ = run("evaluate", *files, "--models", "content_text")
    assert "content_text  " in said
    assert "not judged" not in said


def test_an_item_with_nothing_like_it_is_said_to_have_none(folder, tmp_path, run):
    """A model without a catalogue has no texts; an empty list alone would look like a command that did nothing."""
    arguments = ["--interactions", folder / "events.csv", "--strategy", "popular", "--out", tmp_path / "v1"]
    assert run("train", *arguments)[0] == 0
    asked = ["similar", "--model", tmp_path / "v1", "--item-id", "ring-00", "--space", "text"]
    status, said, noted = run(*asked)
    assert (status, said) == (0, "")
    assert noted == "nothing is like item 'ring-00' in the space 'text' of this model\n"
    assert run(*asked, "--json")[1] == "[]\n"


# Mistakes


EVENTS, TRAIN = "--interactions {files}/events.csv", "train --out {here}/v1"
MISTAKES = {
    TRAIN: "give --interactions FILE, or --data NAME",
    f"{TRAIN} {EVENTS} --data gift-cards": "--interactions and --data cannot both be given",
    TRAIN + " --data gift-cards --items {files}/items.csv": "--items and --data cannot both be given",
    TRAIN + " --data gift-cards --items-map shop": "--items-map and --data cannot both be given",
    TRAIN + " --interactions {files}/gone.csv": "gone.csv",
    TRAIN + " --interactions {files}/empty.csv": "empty.csv",
    TRAIN + " --interactions {files}/headless.csv": "who, what",
    TRAIN + " --interactions {files}": "{files}",
    f"{TRAIN} {EVENTS} --map user_id=": "user_id",
    f"{TRAIN} {EVENTS} --map shoppify": "no schema 'shoppify'",
    f"{TRAIN} {EVENTS} --items {{files}}/gone.csv": "gone.csv",
    f"{TRAIN} {EVENTS} --strategy best": "no strategy 'best'; known are hybrid",
    f"{TRAIN} {EVENTS} --strategy svd": "'svd' cannot be fitted on this data",
    f"train {EVENTS} --strategy popular --out {{model}}": "never overwritten",
    f"train {EVENTS} --strategy popular --out {{files}}/events.csv/v1": "events.csv",
    "recommend --model {here}/v9 --user-id u00": "the manifest cannot be read",
    "recommend --model {model} --user-id u00 --strategy best": "this model has no strategy 'best'",
    "recommend --model {model} --user-id u00 --k 0": "k must be a whole number",
    "similar --model {model} --item-id gone": "item 'gone' is not known",
    "bench --model {model} --models best": "this model has no strategy 'best'",
    "bench --model {model} --requests 0": "at least one request",
    "bench --model {model} --requests 100000000000": "at most 1000000",
    f"evaluate {EVENTS} --models popular,newest": "no strategy 'newest'",
    f"evaluate {EVENTS} --models ,": "--models names no model",
    f"evaluate {EVENTS} --logged {{files}}/events.csv --untold": "--untold says nothing where --logged",
    f"evaluate {EVENTS} --logged {{files}}/events.csv --max-users 5": "--max-users says nothing where --logged",
    f"evaluate {EVENTS} --logged {{files}}/events.csv --split random": "--split says nothing where --logged",
    f"evaluate {EVENTS} --logged {{files}}/events.csv --unit basket": "--unit says nothing where --logged",
    f"evaluate {EVENTS} --logged {{files}}/events.csv --k 5": "--k says nothing where --logged",
    f"tune {EVENTS} --models , --out {{here}}/v1": "--models names no model",
    f"tune {EVENTS} --models popular --out {{here}}/no/such.json": "there is no folder {here}/no",
    f"tune {EVENTS} --models popular --out {{here}}": "{here}",
    f"evaluate {EVENTS} --models popular --k 0": "k must be at least 1",
    f"evaluate {EVENTS} --models popular --k 1000000000": "k must be at most 10000",
    f"tune {EVENTS} --models itemknn --k 1000000000 --out {{here}}/v1": "k must be at most 10000",
    f"tune {EVENTS} --models itemknn --seconds nan --out {{here}}/v1": "a search needs a bound",
    f"evaluate {EVENTS} --models popular --compare popular itemseq": "'itemseq' is not among --models popular",
    f"evaluate {EVENTS} --models popular --json {{here}}/no/such.json": "there is no folder {here}/no",
    f"evaluate {EVENTS} --models popular --json {{here}}": "{here}",
}


@pytest.mark.parametrize("command", MISTAKES)
def test_a_mistake_is_one_clear_sentence_and_status_two(command, folder, saved_model, tmp_path, run):
    places = {"files": folder, "model": saved_model, "here": tmp_path}
    status, _, noted = run(*command.format_map(places).split())
    assert status == 2
    last = noted.splitlines()[-1]
    assert last.startswith("error: ")
    assert MISTAKES[command].format_map(places) in last
    assert noted.count("error: ") == 1
    assert not (tmp_path / "v1").exists()


@pytest.mark.parametrize(
    "command",
    [
        f"train {EVENTS} --out {{files}}",
        f"train {EVENTS} --out {{files}}/events.csv/v1",
        f"train {EVENTS} --out {{files}}/events.csv/models/v1",
        f"train {EVENTS} --out /proc/models/v1",
        f"tune {EVENTS} --models , --out {{files}}/found.json",
        f"tune {EVENTS} --out {{files}}/no/such.json",
        f"tune {EVENTS} --out {{files}}",
        f"evaluate {EVENTS} --models popular,best",
        f"evaluate {EVENTS} --compare hybrid best",
        f"evaluate {EVENTS} --json {{files}}/no/such.json",
    ],
)
def test_what_could_only_fail_in_the_end_is_refused_before_the_work(command, folder, run):
    status, said, noted = run(*command.format(files=folder).split())
    assert (status, said) == (2, "")
    assert noted.count("\n") == 1


def test_a_model_may_be_written_below_folders_that_are_not_there_yet(folder, tmp_path, run):
    arguments = ["--interactions", folder / "events.csv", "--strategy", "popular"]
    assert run("train", *arguments, "--out", tmp_path / "all" / "models" / "v1")[0] == 0
    assert run("train", *arguments, "--strategy", "svd", "--out", tmp_path / "other" / "v1")[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "teach",
        "train",
        "recommend --model m",
        "similar --model m --item-id i --space smell",
        "evaluate --k ten",
        "train --out v1 --seed -1",
        "evaluate --seed 4294967296",
        "tune --out found.json --seed 1.5",
        "bench --model m --seed -1",
        "evaluate --max-users 0",
        "evaluate --max-users -5",
    ],
)
def test_arguments_that_are_none_are_explained_by_the_parser(arguments, run, capsys):
    with pytest.raises(SystemExit) as ended:
        run(*arguments.split())
    assert ended.value.code == 2
    assert "usage: python -m recommender" in capsys.readouterr().err


def test_the_largest_seed_is_a_seed(saved_model, run):
    assert run("bench", "--model", saved_model, "--models", "popular", "--requests", 1, "--seed", 2**32 - 1)[0] == 0


def test_help_tells_which_models_are_judged_by_default(run, capsys):
    with pytest.raises(SystemExit):
        run("evaluate", "--help")
    assert "(default: all but networks and own history)" in " ".join(capsys.readouterr().out.split())


def test_help_names_every_command(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    assert {"train", "evaluate", "recommend", "similar"} <= set(capsys.readouterr().out.split())
