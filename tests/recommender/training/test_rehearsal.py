"""A nightly training says something about each of the ten points, and fits no more than it must."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.evaluation import make_split
from recommender.gate import POINTS, Check, point_of
from recommender.hybrid import HybridRecommender
from recommender.metrics import mae
from recommender.training import Around, TrainResult, train
from recommender.training.rehearsal import rehearse
from recommender.types import no_progress
from tests.recommender.worlds import DAY, START, ring_walks

QUICK = {"effort": "quick"}
LIVE = {"strategy": "itemknn", "random_state": 0}


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    """Sixty people who go round a ring of items at the same time, a step a day."""
    frame = ring_walks(60)
    day = frame.groupby("user_id").cumcount()
    return frame.assign(timestamp=START + day * DAY + frame["user_id"].str[1:].astype(int))


def trained(walks: pd.DataFrame, **options: Any) -> TrainResult:
    return train(walks, None, **{"strategy": "itemseq"} | options)


def seen(found: TrainResult) -> dict[str, Check]:
    return {check.name: check for check in found.gate.checks}


@pytest.mark.parametrize(("live", "level"), [({}, "must"), (QUICK, "warning")])
def test_groups_decide_unless_a_first_model_is_followed(live, level, walks, monkeypatch):
    monkeypatch.setattr("recommender.gate.ranking.MIN_SEGMENT_USERS", 5)
    found = seen(trained(walks, live_params=LIVE | live))
    assert {check.level for name, check in found.items() if name.startswith("segment ")} == {level}


def test_a_full_night_judges_all_ten_points(shop_events, shop_items):
    """A shop with stars, prices and brands; in its small test the verdict itself is chance."""
    cut = make_split(shop_events, "time", first_only=False).cut
    assert cut is not None
    shown = places(600, cut)
    around = Around(now=int(shop_events["timestamp"].max()) + 60, rows_before=len(shop_events), logged=shown)
    found = train(shop_events, shop_items, strategy="svd", live_params=LIVE, around=around)
    told = {point_of(check.name) for check in found.gate.checks}
    assert told == set(POINTS)
    judged = {point_of(c.name) for c in found.gate.checks if not c.detail.startswith("not judged")}
    assert judged >= {"data", "ranking", "baselines", "beyond accuracy", "change", "speed"}


def test_cold_items_among_themselves_are_judged_of_those_who_are_held_against_each_other(shop_events):
    found = rehearse(shop_events, None, {"strategy": "itemseq"}, LIVE, Around(), no_progress)
    assert found.evaluation is not None
    counted = {name: result.segments["items:cold-alone"].n for name, result in found.evaluation.results.items()}
    assert counted.pop("itemseq") == counted.pop("live") > 0
    assert set(counted.values()) == {0}, counted


def test_a_first_judged_night_says_what_it_could_not_judge(walks):
    found = trained(walks)
    assert found.gate.passed
    unjudged = {name: check.detail for name, check in seen(found).items() if check.detail.startswith("not judged")}
    assert unjudged == {
        "against svd_content": (
            "not judged: strategy 'svd_content' cannot be fitted on this data: "
            "svd: there is no star rating to learn from"
        ),
        "stars": "not judged: candidate and live parameters do not both forecast stars",
        "logged picks": "not judged: no place is on record that chance filled since the split",
        "change": "not judged: there are no figures of live parameters to compare with",
        "policy": "not judged: nobody said who may be known",
    }


def test_what_is_refused_already_is_not_saved_to_be_looked_at(walks, monkeypatch):
    monkeypatch.setattr(HybridRecommender, "save", lambda *_args: pytest.fail("it was saved"))
    found = seen(trained(walks, strategy="popular"))
    for point in ("integrity", "policy"):
        assert found[point].detail.startswith("not judged: the model is refused already")


def test_a_model_that_cannot_be_saved_is_refused(walks, monkeypatch):
    def full(_self: object, _path: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(HybridRecommender, "save", full)
    found = trained(walks)
    assert not found.gate.passed
    assert [check.name for check in found.gate.checks if check.refuses] == ["saved model"]


# Around the data


def test_a_log_that_lost_its_rows_and_people_who_are_gone_refuse(walks):
    people = set(walks["user_id"])
    assert trained(walks, around=Around(rows_before=len(walks), may_be_known=people)).gate.passed
    lost = trained(walks, around=Around(rows_before=3 * len(walks)))
    assert [check.name for check in lost.gate.checks if check.refuses] == ["rows"]
    gone = trained(walks, around=Around(may_be_known=people - {"u000"}))
    assert [check.name for check in gone.gate.checks if check.refuses] == ["policy"]


def test_the_age_of_the_log_is_told_where_the_time_is_known(walks):
    assert "newest event" not in seen(trained(walks))
    old = trained(walks, around=Around(now=int(walks["timestamp"].max()) + 3 * DAY))
    assert (seen(old)["newest event"].passed, old.gate.passed) == (False, True)


def test_what_the_catalogue_describes_is_asked_for(walks):
    items = pd.DataFrame({"item_id": [f"ring-{n:02d}" for n in range(15)]})
    found = seen(train(walks, items, strategy="itemseq"))
    assert found["every item"].passed
    assert found["unknown items"].detail.startswith("0.0%")


# Against live


def test_lists_that_change_are_shown_by_persons(walks):
    found = seen(trained(walks, live_params=LIVE))
    assert "rank-biased overlap" in found["change"].detail
    assert found["persona users:light"].detail.split(":")[0] in ("stays", "comes")
    same = seen(trained(walks, live_params={"strategy": "itemseq", "random_state": 0}))
    assert same["change"].detail == "not judged: the parameters are those that are live"
    assert not any(name.startswith("persona") for name in same)


def test_what_the_candidate_has_fitted_is_not_fitted_again(shop_events, shop_items, monkeypatch):
    """The blend holds every baseline: one fit for the rehearsal and one on everything."""
    fitted: list[str] = []
    fit = HybridRecommender.fit

    def counted(self: HybridRecommender, *args: Any, **options: Any) -> HybridRecommender:
        fitted.append(self.strategy)
        return fit(self, *args, **options)

    monkeypatch.setattr(HybridRecommender, "fit", counted)
    found = train(shop_events, shop_items, settings=QUICK)
    assert fitted == ["hybrid", "hybrid"]
    assert found.metrics.keys() == {"hybrid", "popular", "trending", "itemknn", "itemseq", "svd_content"}


def test_what_people_did_again_and_their_stars_are_part_of_the_rehearsal(shop_events):
    """Stars follow a purchase: without repeated interactions no star forecast could be judged."""
    found = train(shop_events, None, strategy="svd", live_params={"strategy": "svd", "random_state": 3})
    assert {"stars", "stars on average", "calibration"} <= seen(found).keys()
    split = make_split(shop_events, "time", first_only=False)
    later = shop_events[(shop_events["timestamp"] >= split.cut) & (shop_events["kind"] == "rating")]
    known = later["user_id"].isin(set(split.train["user_id"])) & later["item_id"].isin(set(split.train["item_id"]))
    model = HybridRecommender(strategy="svd").fit(Interactions.from_frame(split.train))
    forecast = [
        model.predict_rating(u, i) for u, i in zip(later["user_id"][known], later["item_id"][known], strict=True)
    ]
    assert found.metrics["svd"]["mae"] == pytest.approx(mae(forecast, later["value"][known]), abs=1e-6)


# Logged picks


def places(n: int, since: int, click: float = 0.5, item: str | None = None) -> pd.DataFrame:
    """Requests of one place that chance filled with an item of the ring, each as likely."""
    rng = np.random.default_rng(1)
    rows = {
        "request_id": [f"r{number}" for number in range(n)],
        "user_id": [f"u{number % 60:03d}" for number in range(n)],
        "item_id": item or [f"ring-{number:02d}" for number in rng.integers(15, size=n)],
        "position": 1,
        "propensity": 1 / 15,
        "clicked": (rng.random(n) < click).astype(int),
        "timestamp": since,
    }
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def cut(walks) -> int:
    found = make_split(walks, "time", first_only=False).cut
    assert found is not None
    return found


def test_places_that_chance_filled_are_judged_from_the_split_on(walks, cut):
    few = seen(trained(walks, around=Around(logged=places(300, cut))))["logged picks"]
    assert (few.level, few.passed) == ("warning", False)
    assert few.detail.startswith("not judged: an effective sample of ")
    before = seen(trained(walks, around=Around(logged=places(300, cut - 1))))["logged picks"]
    assert before.detail == "not judged: no place is on record that chance filled since the split"


def test_a_log_without_chance_is_told_from_no_log(walks, cut):
    certain = places(300, cut).assign(propensity=1.0)
    assert seen(trained(walks, around=Around(logged=certain)))["logged picks"] == Check(
        "logged picks", True, "not judged: nothing that was shown since the split had been left to chance", "note"
    )


def test_a_candidate_whose_picks_nobody_clicked_is_refused(walks, cut, monkeypatch):
    """Whatever it lists was shown and left alone, and what it does not list was clicked."""
    monkeypatch.setattr("recommender.evaluation.offpolicy.MAX_WEIGHT", 1e9)
    monkeypatch.setattr("recommender.evaluation.offpolicy.MIN_EFFECTIVE", 100)
    split = make_split(walks, "time", first_only=False)
    shown = places(2_000, cut)
    model = HybridRecommender(strategy="itemseq").fit(Interactions.from_frame(split.train))
    first = {user: model.recommend(user, 1, now=cut)[0].item_id for user in shown["user_id"].unique()}
    disliked = shown.assign(clicked=(shown["item_id"] != shown["user_id"].map(first)).astype(int))
    found = seen(trained(walks, around=Around(logged=disliked)))["logged picks"]
    assert found.refuses
    liked = shown.assign(clicked=(shown["item_id"] == shown["user_id"].map(first)).astype(int))
    assert seen(trained(walks, around=Around(logged=liked)))["logged picks"].passed


def test_the_rehearsal_learns_from_what_was_shown_before_its_split_alone(walks, cut, monkeypatch):
    """And the model itself from all of it."""
    learned_from = []
    fit = HybridRecommender.fit

    def remembering(self, *args, logged, **options):
        learned_from.append(sorted(set(logged["timestamp"])))
        return fit(self, *args, logged=logged, **options)

    monkeypatch.setattr(HybridRecommender, "fit", remembering)
    shown = pd.concat([places(5, cut - 1), places(5, cut).assign(request_id=[f"s{n}" for n in range(5)])])
    trained(walks, around=Around(logged=shown))
    assert learned_from[0] == [cut - 1]
    assert learned_from[-1] == [cut - 1, cut]
    assert {tuple(times) for times in learned_from[:-1]} == {(cut - 1,)}


def test_a_log_without_times_cannot_be_used(walks):
    with pytest.raises(DataError, match="timestamp"):
        trained(walks, around=Around(logged=places(10, 0).drop(columns="timestamp")))
