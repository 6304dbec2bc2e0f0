"""The bounded search: it finds what was planted, keeps to its budget, goes on where it was, and never sees the test."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.__main__ import main
from recommender.data.interactions import Interactions
from recommender.data.weights import DEFAULT_KIND_WEIGHTS, EventWeights
from recommender.errors import DataError
from recommender.evaluation import make_split
from recommender.fitting.suiting import ORDERLESS_SETTINGS
from recommender.hybrid import HybridRecommender, load
from recommender.parameters import Parameters
from recommender.tuning import STUDIES, SURE, Budget, TuneResult, found_table, training_part, tune
from recommender.tuning.judges import Ground, Validation
from recommender.tuning.spaces import SPACES, WEIGHT_SPACE, start_of
from recommender.tuning.trials import Trial, TrialLog
from tests.recommender.worlds import DAY, START, frame_of, ring_walks, shelf_items, two_shelves


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    """People who go from one thing to the next on a ring, all at the same time."""
    frame = ring_walks(80)
    day = frame.groupby("user_id").cumcount()
    return frame.assign(timestamp=START + day * DAY + frame["user_id"].str[1:].astype(int))


def search(frame: pd.DataFrame, *studies: str, **options: Any) -> TuneResult:
    settings = {"budget": Budget(6), "split": "last-one"} | options
    return tune(frame, studies=studies, **settings)  # type: ignore[arg-type]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# What is found


def test_a_poor_start_is_left_for_what_is_surely_better(walks):
    """Who walks forwards is badly foretold by looking back over a long memory."""
    poor = Parameters({"itemseq": {"history_decay": 0.99, "backward": 1.0, "gap_decay": 0.99}})
    found = search(walks, "itemseq", start=poor, budget=Budget(12))
    one = found.found["itemseq"]
    assert one.is_taken
    assert one.score > one.start_score
    assert one.sureness >= SURE
    assert found.parameters.source_params["itemseq"]["backward"] < 1.0
    assert found.parameters.about["taken"] == ["itemseq"]


def test_one_trial_is_the_start_itself_and_changes_nothing(walks):
    found = search(walks, "itemseq", "itemknn", budget=Budget(1))
    assert found.parameters.source_params == {}
    assert found.parameters.weights is None
    assert {one.n_trials for one in found.found.values()} == {1}
    assert not any(one.is_taken for one in found.found.values())


def test_luck_is_not_taken_for_a_find():
    """Dice have no order: whatever a trial is ahead by is chance."""
    dice = ring_walks(60, random_state=1).sample(frac=1.0, random_state=2, ignore_index=True)
    found = search(dice.assign(timestamp=START + dice.index * 60), "itemknn", budget=Budget(4))
    assert found.found["itemknn"].sureness < 1.0
    assert found.found["itemknn"].is_taken is (found.found["itemknn"].sureness >= SURE)


def test_event_weights_are_sought_when_there_are_kinds_to_weigh(shop_events, walks):
    found = search(shop_events, "weights", budget=Budget(5))
    assert found.found["weights"].params.keys() <= WEIGHT_SPACE.keys()
    assert search(walks, "weights").left_out == {"weights": "there is one kind of event only"}


def test_events_are_weighed_as_a_fit_weighs_them(shop_events):
    """Else what is found repairs the scale of the search and spoils that of the fit."""
    looks = shop_events.assign(kind="view", value=np.nan)
    ground = Validation(looks, None, split="last-one", k=10, seed=0).under(EventWeights())
    assert ground.data.weights.kinds["view"] == 1.0
    validation = Validation(shop_events, None, split="last-one", k=10, seed=0)
    again_and_again = make_split(shop_events, "last-one", first_only=False).train
    fitted = HybridRecommender(strategy="itemknn").fit(Interactions.from_frame(again_and_again))
    assert validation.under(EventWeights()).data.weights == fitted.model_.weights
    assert fitted.model_.weights != EventWeights(), "something was learned"
    as_given = Validation(shop_events, None, split="last-one", k=10, seed=0, learns_weights=False)
    assert as_given.under(EventWeights()).data.weights == EventWeights()


def test_the_search_for_weights_begins_with_what_a_fit_learns(shop_events, tmp_path):
    file = tmp_path / "t.jsonl"
    search(shop_events, "weights", budget=Budget(1), trials=file)
    learned = Validation(shop_events, None, split="last-one", k=10, seed=0).learned(EventWeights())
    begun = lines_of(file)[0]["params"]
    assert begun == {kind: learned.kinds[kind] for kind in begun}
    assert begun != {kind: DEFAULT_KIND_WEIGHTS[kind] for kind in begun}


def test_stars_are_judged_by_their_error_on_held_back_ratings():
    shelf = two_shelves(200)
    result = search(shelf, "svd", "itemknn", budget=Budget(2), split="last-one")
    found, other = result.found["svd"], result.found["itemknn"]
    assert found.start_score < 0, "it is a squared error with the sign turned"
    assert found.start_score > -4.0
    said = [" ".join(line.split()) for line in found_table(result).splitlines()]
    assert said[0].startswith(f"itemknn ndcg {other.start_score:.4f} -> {other.score:.4f} in 2 trials, ")
    assert said[1].startswith(f"svd squared error {-found.start_score:.4f} -> {-found.score:.4f} in 2 trials, ")


def test_a_source_that_the_data_cannot_feed_is_left_out_with_the_reason(walks):
    found = search(walks, "content", "svd", "itemknn")
    assert "catalogue" in found.left_out["content"]
    assert "ratings could be held back" in found.left_out["svd"]
    assert list(found.found) == ["itemknn"]
    assert "\nsvd: no search, 0 ratings could be held back" in found_table(found)


@pytest.mark.parametrize("name", sorted(SPACES))
def test_the_defaults_lie_inside_the_ranges(name):
    for key, value in start_of(name, {}).items():
        assert value is None or SPACES[name][key].holds(value), f"{name}.{key}={value} is outside"


def test_the_default_weights_lie_inside_their_ranges():
    assert all(WEIGHT_SPACE[kind].holds(DEFAULT_KIND_WEIGHTS[kind]) for kind in WEIGHT_SPACE)


def test_a_search_begins_with_what_suits_the_log(tmp_path):
    """People whose order was drawn: nothing is weighed by it from the start, and whatever is found keeps that."""
    drawn = ring_walks(400)
    drawn["timestamp"] = START + np.random.default_rng(0).permutation(len(drawn))
    trials = tmp_path / "t.jsonl"
    found = search(drawn, "itemseq", "ease", "itemknn", split="last-one", budget=Budget(2), trials=trials).found
    first = {trial["study"]: trial["params"] for trial in reversed(lines_of(trials))}
    assert first["itemseq"].items() >= ORDERLESS_SETTINGS["itemseq"].items()
    assert first["ease"]["recency"] == 0
    assert first["itemknn"]["recency"] > 0
    assert found["ease"].params["history_length"] == ORDERLESS_SETTINGS["ease"]["history_length"]


def test_parameters_that_are_given_are_begun_with_whatever_the_log_says(tmp_path):
    drawn = ring_walks(400)
    drawn["timestamp"] = START + np.random.default_rng(0).permutation(len(drawn))
    given, trials = Parameters({"itemseq": {"history_decay": 0.5}}), tmp_path / "t.jsonl"
    search(drawn, "itemseq", start=given, split="last-one", budget=Budget(1), trials=trials)
    assert lines_of(trials)[0]["params"]["history_decay"] == 0.5
    assert lines_of(trials)[0]["params"]["backward"] < 1


# What it may look at


def test_the_search_sees_nothing_of_the_test(walks):
    """Whatever happened after the cut: the same trials with the same scores."""
    split = make_split(walks, "time")
    assert split.cut is not None
    before = training_part(walks, split)
    assert before["timestamp"].max() < split.cut
    later = walks["timestamp"] >= split.cut
    other = walks.assign(item_id=walks["item_id"].where(~later, "ring-00"))
    assert training_part(other, split).equals(before)
    assert len(training_part(walks, split)) == (~later).sum()


def test_what_is_judged_comes_after_what_is_learned(walks):
    task = Validation(walks, None, split="time", k=10, seed=0).task
    assert task.split.train["timestamp"].max() < task.split.test["timestamp"].min()


def test_a_search_holds_back_by_its_seed_what_is_drawn(walks):
    held = [Validation(walks, None, split="random", k=10, seed=seed).task.split.test for seed in (0, 1, 1)]
    assert not held[0].equals(held[1])
    assert held[1].equals(held[2])


def test_a_search_never_sees_what_an_evaluation_under_the_same_seed_asks_for(walks, tmp_path, monkeypatch):
    seen = []

    def looked_at(train: pd.DataFrame, *_: object, **__: object) -> None:
        seen.append(set(zip(train["user_id"], train["item_id"], strict=True)))
        raise DataError("enough")

    monkeypatch.setattr("recommender.__main__.tune", looked_at)
    events = tmp_path / "walks.csv"
    walks.drop(columns=["value", "order_id"]).to_csv(events, index=False)
    for seed in (0, 1):
        arguments = f"tune --interactions {events} --split random --seed {seed} --out {tmp_path}/found.json"
        assert main(arguments.split()) == 2
    for seed in (0, 1):
        test = make_split(walks, "random", seed=seed).test
        asked_for = set(zip(test["user_id"], test["item_id"], strict=True))
        assert [bool(pairs & asked_for) for pairs in seen] == [seed != 0, seed != 1]


def test_too_short_a_log_is_refused_in_words():
    with pytest.raises(DataError):
        search(frame_of(("u", "a", "view", START), ("u", "b", "view", START + 5)), "itemknn")
    with pytest.raises(DataError, match="a search needs 20 users"):
        search(ring_walks(10), "itemknn")


# The budget


@pytest.mark.parametrize("budget", [(0, 0.0), (-1, 5.0), (3, -1.0), (3, float("nan")), (3, float("inf"))])
def test_a_search_without_a_bound_is_refused(budget):
    with pytest.raises(DataError, match="needs a bound"):
        Budget(*budget)


def test_the_number_of_trials_is_a_bound(walks, tmp_path):
    search(walks, "itemknn", "rp3beta", budget=Budget(3), trials=tmp_path / "t.jsonl")
    assert [t["study"] for t in lines_of(tmp_path / "t.jsonl")] == ["itemknn"] * 3 + ["rp3beta"] * 3


def test_the_time_is_a_bound_and_is_shared(walks):
    began = time.monotonic()
    found = search(walks, "itemseq", "itemknn", budget=Budget(0, 2.0))
    assert time.monotonic() - began < 20
    assert all(one.n_trials > 1 for one in found.found.values()), "the first left something for the second"


def test_progress_is_told_by_the_time_where_that_alone_is_bounded(walks):
    told = list[float]()
    search(walks, "itemknn", budget=Budget(0, 1.0), progress=lambda _stage, done: told.append(done))
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)


def test_what_had_no_turn_within_the_time_is_left_out(walks, monkeypatch):
    """A first trial of each source, however late, made a bound of five seconds twenty-two on a log of 60,000 events."""
    values = Ground.values

    def slow(ground: Ground, name: str, params: dict[str, Any]) -> Any:
        time.sleep(2.1)
        return values(ground, name, params)

    monkeypatch.setattr(Ground, "values", slow)
    found = search(walks, "itemseq", "itemknn", "rp3beta", budget=Budget(0, 2.0))  # a busy machine needs one to begin
    assert list(found.found) == ["itemseq"]
    assert found.left_out == dict.fromkeys(("itemknn", "rp3beta"), "the time was used up before its turn")


def test_an_unknown_study_is_named(walks):
    with pytest.raises(DataError, match=r"no search for 'popular'.*itemseq"):
        search(walks, "popular")


# Again


def test_the_same_seed_tries_the_same(walks, tmp_path):
    tried = []
    for number, seed in enumerate((3, 3, 4)):
        search(walks, "itemknn", random_state=seed, trials=tmp_path / f"{number}.jsonl")
        tried.append([(t["params"], t["score"]) for t in lines_of(tmp_path / f"{number}.jsonl")])
    assert tried[0] == tried[1]
    assert tried[0][1:] != tried[2][1:]


def test_a_search_goes_on_where_it_was(walks, tmp_path):
    """Nothing is tried twice, and the half line of a killed run does not stop it."""
    file = tmp_path / "t.jsonl"
    search(walks, "itemknn", budget=Budget(3), trials=file)
    before = lines_of(file)
    file.write_text(file.read_text("utf-8") + '{"study": "itemkn', "utf-8")
    found = search(walks, "itemknn", budget=Budget(5), trials=file)
    after = lines_of(file)
    assert after[:3] == before
    assert [trial["number"] for trial in after] == [0, 1, 2, 3, 4]
    assert found.found["itemknn"].n_trials == 5
    assert search(walks, "itemknn", budget=Budget(5), trials=file).found == found.found
    assert lines_of(file) == after


def test_a_search_that_was_stopped_tries_what_it_would_have_tried(walks, tmp_path):
    """A proposal hangs on the seed and the trials so far, not on where the search was started again."""
    stopped, whole = tmp_path / "stopped.jsonl", tmp_path / "whole.jsonl"
    for n_trials in (2, 7, 13):
        search(walks, "itemknn", budget=Budget(n_trials), trials=stopped)
    search(walks, "itemknn", budget=Budget(13), trials=whole)
    tried = [[trial["params"] for trial in lines_of(file)] for file in (stopped, whole)]
    assert len(tried[1]) == 13
    assert tried[0] == tried[1]


def test_a_search_that_is_stopped_while_it_reads_its_file_leaves_it_whole(tmp_path, monkeypatch):
    file = tmp_path / "t.jsonl"
    log = TrialLog.open(file)
    for number in range(3):
        log.add(Trial("itemknn", number, {}, 0.5, 1.0, "base"))
    file.write_text(file.read_text("utf-8") + '{"study": ', "utf-8")
    before = file.read_bytes()
    write_text = Path.write_text

    def stop(path: Path, content: str, *_args: object, **_options: object) -> int:
        write_text(path, content[:9], "utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(Path, "write_text", stop)
        with pytest.raises(KeyboardInterrupt):
            TrialLog.open(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "over",
    [
        {"score": "high"},
        {"score": float("nan")},
        {"params": [1]},
        {"params": {"shrinkage": 5.0, "recency": 0.5, "alpha": 1}},
        {"params": {"shrinkage": 5.0}},
        {"number": "x"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_line_that_is_no_trial_counts_for_nothing_and_stays(over, walks, tmp_path):
    file = tmp_path / "t.jsonl"
    search(walks, "itemknn", budget=Budget(2), trials=file)
    first, second = lines_of(file)
    alien = json.dumps({**second, **over}) + "\n"
    file.write_text(json.dumps(first) + "\n" + alien, "utf-8")
    found = search(walks, "itemknn", budget=Budget(3), trials=file)
    assert (found.found["itemknn"].n_trials, len(lines_of(file))) == (3, 4)
    assert file.read_text("utf-8").splitlines(keepends=True)[1] == alien


def test_a_file_of_trials_that_cannot_be_read_is_one_sentence(walks, tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "picture.jsonl").write_bytes(b"\x89PNG\xff")
    for name, told in (("folder", "cannot be read"), ("picture", "is not JSON lines")):
        with pytest.raises(DataError, match=rf"{name}\.jsonl: the file of trials {told}"):
            search(walks, "itemknn", trials=tmp_path / f"{name}.jsonl")
    assert (tmp_path / "picture.jsonl").read_bytes() == b"\x89PNG\xff"


def test_a_search_with_the_last_of_all_seeds_goes_on_too(walks, tmp_path):
    for trials in (1, 2):
        search(walks, "itemknn", budget=Budget(trials), random_state=2**32 - 1, trials=tmp_path / "t.jsonl")
    assert len(lines_of(tmp_path / "t.jsonl")) == 2


def test_trials_of_other_data_are_not_taken_over(walks, tmp_path):
    file = tmp_path / "t.jsonl"
    search(walks, "itemknn", budget=Budget(2), trials=file)
    search(walks.iloc[:-40], "itemknn", budget=Budget(2), trials=file)
    assert len(lines_of(file)) == 4
    assert len({trial["base"] for trial in lines_of(file)}) == 2


@pytest.mark.parametrize(
    "other",
    [
        lambda frame: {"train": frame.assign(item_id=frame["item_id"].sample(frac=1.0, random_state=1).to_numpy())},
        lambda frame: {"items": shelf_items().assign(title="a thing")},
        lambda frame: {"start": Parameters({"content": {"backend": "annoy"}})},
    ],
    ids=["the same counts of other events", "another catalogue", "what is given and not searched"],
)
def test_a_score_is_taken_over_only_where_all_it_rests_on_is_the_same(other, shop_events, tmp_path):
    file = tmp_path / "t.jsonl"
    usual = {"train": shop_events, "items": shelf_items(), "studies": ["content"], "budget": Budget(1)}
    for asked in (usual, usual, usual | other(shop_events)):
        tune(**asked, split="last-one", trials=file)
    assert len(lines_of(file)) == 2


# The file of parameters


def test_the_file_makes_the_same_model(shop_events, tmp_path):
    params = Parameters({"itemknn": {"shrinkage": 5.0}, "svd": {"n_factors": 8}}, EventWeights({"purchase": 1.0}))
    params.write(tmp_path / "p.json")
    read = Parameters.read(tmp_path / "p.json")
    assert read == params
    assert read.settings_for("itemknn") == {"source_params": {"itemknn": {"shrinkage": 5.0}}, "weights": params.weights}
    assert read.settings_for("ease") == {"weights": params.weights}
    assert HybridRecommender(strategy="hybrid", **read.settings_for("hybrid")).source_params == params.source_params
    assert Parameters().settings_for("hybrid") == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not JSON"),
        ('{"schema": ' + "[" * 100_000, "not JSON"),
        ('{"schema": 1, "about": [1]}', r"about must be a mapping of what people should know, not \[1\]"),
        ("[]", "no file of parameters"),
        ('{"schema": 2}', r"this version reads \(schema 1\)"),
        ('{"schema": 1, "source_params": []}', "must be a mapping"),
        ('{"schema": 1, "source_params": {"oracle": {}}}', "no source 'oracle'"),
        ('{"schema": 1, "source_params": {"ease": {"l3": 1}}}', "Ease has no parameter 'l3'"),
        ('{"schema": 1, "source_params": {"ease": {"l2": "much"}}}', "l2 must be a number, not 'much'"),
        ('{"schema": 1, "source_params": {"ease": {"l2": NaN}}}', "l2 must be a number, not nan"),
        ('{"schema": 1, "weights": {"kinds": {"stare": 1}, "stars": [1, 1, 1, 1, 1]}}', "'stare' is not one of"),
        ('{"schema": 1, "weights": 3}', "weights"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(content, told, tmp_path):
    (tmp_path / "p.json").write_text(content, "utf-8")
    with pytest.raises(DataError, match=told) as error:
        Parameters.read(tmp_path / "p.json")
    assert str(error.value).startswith(str(tmp_path / "p.json"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json: the file of parameters cannot be read: No such file"):
        Parameters.read(tmp_path / "nowhere.json")


# The command


@pytest.fixture
def files(shop_events: pd.DataFrame, tmp_path: Path) -> list[str]:
    shop_events.to_csv(tmp_path / "events.csv", index=False)
    shelf_items().to_csv(tmp_path / "items.csv", index=False)
    return ["--interactions", str(tmp_path / "events.csv"), "--items", str(tmp_path / "items.csv")]


def test_tune_writes_what_train_and_evaluate_take(files, tmp_path, capsys):
    file = str(tmp_path / "p.json")
    options = ["--split", "last-one", "--models", "itemknn,trending", "--trials", "4", "--out", file]
    assert main(["tune", *files, *options]) == 0
    assert "itemknn" in capsys.readouterr().out
    assert {trial["study"] for trial in lines_of(tmp_path / "p.trials.jsonl")} == {"itemknn", "trending"}
    again = Parameters({"itemknn": {"shrinkage": 77.0}})
    again.write(tmp_path / "p.json")
    assert main(["train", *files, "--strategy", "itemknn", "--params", file, "--out", str(tmp_path / "model")]) == 0
    assert load(tmp_path / "model").source_params == again.source_params
    judged = ["--split", "last-one", "--models", "itemknn,popular", "--params", file]
    assert main(["evaluate", *files, *judged]) == 0


def test_tune_says_in_one_sentence_what_it_cannot_do(files, tmp_path, capsys):
    out = ["--out", str(tmp_path / "p.json")]
    assert main(["tune", *files, *out, "--trials", "0"]) == 2
    assert main(["tune", *files, *out, "--models", "oracle"]) == 2
    assert main(["train", *files, "--params", str(tmp_path / "no.json"), "--out", str(tmp_path / "m")]) == 2
    told = capsys.readouterr().err
    assert "a search needs a bound" in told
    assert "there is no search for 'oracle'; known are weights, itemseq" in told
    assert STUDIES[0] == "weights"
