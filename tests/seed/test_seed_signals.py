"""What the generator planted can be found again in the events, with plain counting."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from seed.catalogue.brands import HOUSES
from seed.shoppers.calendar import make_calendar, months_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def events(demo_shop) -> pd.DataFrame:
    products = {product.key: product for product in demo_shop.products}
    frame = demo_shop.events.copy()
    frame["shelf"] = frame["product_key"].map({key: product.category_key for key, product in products.items()})
    frame["brand"] = frame["product_key"].map({key: product.brand_key for key, product in products.items()})
    frame["price"] = frame["product_key"].map({key: product.price_cents for key, product in products.items()})
    frame["style"] = frame["product_key"].map({key: product.attributes["style"] for key, product in products.items()})
    frame["cut"] = frame["product_key"].map({key: product.attributes["type"] for key, product in products.items()})
    frame["month"] = months_of(frame["at"].to_numpy())
    return frame


def lift(baskets: pd.Series, first: str, second: str) -> float:
    """How many times more often two things share a basket than if they did not care for each other."""
    sets = baskets.groupby(level=0).agg(set)
    with_first = sets.map(lambda things: first in things)
    with_second = sets.map(lambda things: second in things)
    return float((with_first & with_second).mean() / (with_first.mean() * with_second.mean()))


def test_companions_are_bought_in_one_order(events):
    bought = events[events["kind"] == "purchase"]
    shelves = bought.set_index("order_key")["shelf"]
    for first, second in (("dresses", "bags"), ("mugs", "tea-coffee"), ("sneakers", "socks"), ("chairs", "textiles")):
        assert lift(shelves, first, second) > 1.3, (first, second)


def test_pairs_of_products_are_bought_together_again_and_again(events):
    bought = events[events["kind"] == "purchase"]
    pairs = bought.merge(bought, on="order_key")
    pairs = pairs[pairs["product_key_x"] < pairs["product_key_y"]]
    counts = pairs.value_counts(["product_key_x", "product_key_y"])
    times = bought["product_key"].value_counts()
    n_orders = bought["order_key"].nunique()
    strong = [
        count * n_orders / (times[first] * times[second]) for (first, second), count in counts.items() if count >= 3
    ]
    assert len(strong) > 25
    assert np.median(strong) > 50


def test_socks_follow_sneakers(events):
    bought = events[events["kind"] == "purchase"]
    sneakers = bought[bought["shelf"] == "sneakers"][["user_key", "at", "order_key"]]
    socks = bought[bought["shelf"] == "socks"][["user_key", "at", "order_key"]]
    both = sneakers.merge(socks, on="user_key")
    gap = (both["at_y"] - both["at_x"]) / 86_400
    soon = both[(both["order_key_x"] != both["order_key_y"]) & gap.between(1, 20)]
    before = both[(both["order_key_x"] != both["order_key_y"]) & gap.between(-20, -1)]
    assert len(soon) > 1.8 * len(before)


def test_tea_is_bought_again_after_a_month(events):
    tea = events[(events["kind"] == "purchase") & (events["shelf"] == "tea-coffee")]
    gaps = tea.groupby(["user_key", "product_key"])["at"].diff().dropna() / 86_400
    gaps = gaps[gaps > 1]
    assert len(gaps) > 100
    assert 22 < gaps.median() < 45
    sofas = events[(events["kind"] == "purchase") & (events["shelf"] == "chairs")]
    assert (
        sofas.duplicated(["user_key", "product_key"]).mean() < 0.05 < tea.duplicated(["user_key", "product_key"]).mean()
    )


@pytest.mark.parametrize(
    ("thing", "high", "low"),
    [("overcoat", (10, 11, 0), (5, 6, 7)), ("shorts", (4, 5, 6), (10, 11, 0)), ("crew-neck tee", (5, 6), (11, 0))],
)
def test_seasons_can_be_seen(events, thing, high, low):
    """Months 0 to 11; the shop grows, so shares of each month are compared."""
    looks = events[events["kind"] == "view"]
    share = (looks["cut"] == thing).groupby(looks["month"]).mean()
    assert share[list(high)].mean() > 2.0 * share[list(low)].mean()


def test_december_is_busier_than_august(events):
    looks = events[events["kind"] == "view"]
    by_month = looks.groupby("month").size()
    assert by_month[11] > 1.2 * by_month[7]


def test_people_come_back_to_their_shelves_brands_and_styles(events):
    """Of two purchases weeks apart, the second shares the trait more often than somebody else's purchase does."""
    bought = events[events["kind"] == "purchase"].sort_values(["user_key", "at"])
    following = bought.groupby("user_key").shift(-1)
    later = (following["at"] - bought["at"]) > 40 * 86_400
    for trait, times in (("shelf", 2.5), ("brand", 2.5), ("style", 1.25)):
        same = (bought.loc[later, trait] == following.loc[later, trait]).mean()
        shares = bought[trait].value_counts(normalize=True)
        chance = float((shares**2).sum())
        assert same > times * chance, (trait, same, chance)


def test_price_level_of_a_shopper_is_stable(events):
    level = {house.key: house.price_level for house in HOUSES}
    bought = events[events["kind"] == "purchase"].assign(level=lambda rows: rows["brand"].map(level))
    halves = bought.groupby("user_key")["level"].agg(["size", "mean"])
    busy = bought[bought["user_key"].isin(halves[halves["size"] >= 8].index)]
    order = busy.groupby("user_key").cumcount() % 2
    means = busy.assign(half=order).pivot_table(index="user_key", columns="half", values="level")
    assert means[0].corr(means[1]) > 0.35


def test_stars_follow_product_and_person_and_are_not_all_noise(events):
    ratings = events[events["kind"] == "rating"]
    enough = ratings.groupby("product_key")["value"].transform("size") >= 6
    spread = ratings[enough].groupby("product_key")["value"].mean().var()
    within = ratings[enough].groupby("product_key")["value"].var().mean()
    counts = ratings[enough].groupby("product_key").size().mean()
    assert spread > 1.5 * within / counts
    shares = ratings["value"].value_counts(normalize=True)
    assert 3.4 < ratings["value"].mean() < 4.3
    assert shares[5.0] < 0.5
    assert shares[[1.0, 2.0]].sum() > 0.05


def test_what_is_bought_is_rated_better_than_what_is_only_clicked(events):
    ratings = events[events["kind"] == "rating"]
    bought = events.loc[events["kind"] == "purchase", ["user_key", "product_key"]].drop_duplicates()
    marked = ratings.merge(bought, how="left", indicator=True)
    means = marked.groupby("_merge", observed=True)["value"].mean()
    assert means["both"] > means["left_only"] + 0.1


def test_few_products_get_much_of_the_attention(events):
    looks = np.sort(events[events["kind"] == "view"].groupby("product_key").size().to_numpy())[::-1]
    assert looks[: len(looks) // 10].sum() > 0.27 * looks.sum()


def best_seven_weeks(at: pd.Series) -> float:
    """The largest share of the moments that fall within 49 days."""
    moments = np.sort(at.to_numpy())
    return float((np.searchsorted(moments, moments + 49 * 86_400) - np.arange(len(moments))).max() / len(moments))


def test_products_pass_in_and_out_of_fashion(events):
    """Many products have two fifths of their views within seven weeks; with views dealt out by chance few would."""
    looks = events[events["kind"] == "view"]
    looks = looks[looks.groupby("product_key")["at"].transform("size") >= 40]
    dealt = looks.assign(at=looks["at"].sample(frac=1, random_state=0).to_numpy())
    seen = (looks.groupby("product_key")["at"].agg(best_seven_weeks) > 0.4).mean()
    by_chance = (dealt.groupby("product_key")["at"].agg(best_seven_weeks) > 0.4).mean()
    assert seen > 0.06
    assert seen > 5 * by_chance


def test_the_path_of_a_visit_carries_meaning(events):
    """What is seen next is a companion or near relation more often than what somebody else sees then."""
    looks = events[events["kind"] == "view"].sort_values(["user_key", "at"], kind="stable")
    following = looks.groupby("user_key").shift(-1)
    near = (following["at"] - looks["at"]).between(0, 600)
    pairs = pd.Series(list(zip(looks.loc[near, "product_key"], following.loc[near, "product_key"], strict=True)))
    repeated = pairs.value_counts()
    shuffled = pd.Series(
        list(
            zip(
                looks.loc[near, "product_key"],
                following.loc[near, "product_key"].sample(frac=1, random_state=0),
                strict=True,
            )
        )
    ).value_counts()
    assert (repeated >= 4).sum() > 5 * max((shuffled >= 4).sum(), 1)


def test_the_two_shown_around_have_a_clear_taste(demo_shop, events):
    for user, shelves in (("u00001", {"mugs", "plants", "textiles"}), ("u00002", {"sneakers", "coats", "backpacks"})):
        own = events[events["user_key"] == user]
        assert len(own) > 100
        assert own["shelf"].isin(shelves).mean() > 0.35
    assert [user.name for user in demo_shop.users[:2]] == ["Mara Lindqvist", "Jonas Okafor"]


def test_a_calendar_draws_no_moment_before_a_shopper_joined():
    calendar = make_calendar(datetime(2026, 3, 1, tzinfo=UTC))
    since = np.full(500, calendar.now - 86_400, dtype=np.int64)
    at = calendar.draw(np.random.default_rng(0), since)
    assert (at >= since).all()
    assert (at <= calendar.now).all()
