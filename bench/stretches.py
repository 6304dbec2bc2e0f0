"""The blend on many short histories: real logs cut into stretches of a few steps, in their order and without a clock.

Public item sequences often look like that: tens of thousands of users with a handful of items each and no times. The
logs at hand have few users with long histories; every stretch of them counts as a user of its own here.
"""

from __future__ import annotations

import sys

import pandas as pd

from bench.options import Options
from bench.quality import best_single
from bench.tables import Report, Table
from recommender.evaluation import Evaluation, evaluate
from recommender.readers import datasets

DATA, QUICK_DATA = ("movielens-100k", "online-retail"), ("gift-cards",)
MODELS = ("popular", "itemknn", "rp3beta", "ease", "ials", "itemseq", "hybrid")
QUICK_MODELS = ("popular", "itemseq", "hybrid")
STEPS = 9
FEWEST_STEPS = 5
FEWEST_USERS_OF_ITEM = 5
MAX_USERS = 6_000
BLEND = "hybrid, time untold"
COLUMNS = ("model", "NDCG@10", "low", "high", "Recall@10")


def run(options: Options) -> Report:
    """Judge the blend beside the sources on the last step of every stretch."""
    names = options.data or (QUICK_DATA if options.quick else DATA)
    absent = [why for name in names if (why := datasets.why_missing(name))]
    tables = tuple(_table(name, options) for name in names if not datasets.why_missing(name))
    return Report(tables, skipped="" if tables else "; ".join(absent), facts={"absent": absent})


def stretches(frame: pd.DataFrame) -> pd.DataFrame:
    """Events of stretches of ``STEPS`` first interactions, with the place within the stretch for a time.

    A stretch of fewer than ``FEWEST_STEPS`` is left out, and an item in fewer than ``FEWEST_USERS_OF_ITEM`` of them.

    Parameters
    ----------
    frame : DataFrame
        Event frame as for :meth:`Interactions.from_frame`.
    """
    found = frame.sort_values(["user_id", "timestamp"], kind="stable").drop_duplicates(["user_id", "item_id"])
    place = found.groupby("user_id").cumcount()
    found = found.assign(user_id=found["user_id"] + "/" + (place // STEPS).astype(str), timestamp=place % STEPS)
    found = found[found.groupby("user_id")["item_id"].transform("size") >= FEWEST_STEPS]
    return found[found.groupby("item_id")["user_id"].transform("size") >= FEWEST_USERS_OF_ITEM].reset_index(drop=True)


def _table(name: str, options: Options) -> Table:
    frame = stretches(datasets.load_interactions(name).frame)
    judged = evaluate(
        frame,
        models=QUICK_MODELS if options.quick else MODELS,
        split="last-one",
        random_state=options.seed,
        max_users=MAX_USERS,
        untold=True,
    )
    print(f"{name}: judged", file=sys.stderr, flush=True)
    ranked = sorted(judged.results.values(), key=lambda result: -result.metrics["ndcg@10"].mean)
    rows = tuple(
        (
            result.name,
            *(getattr(result.metrics["ndcg@10"], part) for part in ("mean", "low", "high")),
            result.metrics["recall@10"].mean,
        )
        for result in ranked
        if result.name != "hybrid"  # nobody could tell it the time
    )
    return Table(f"{name} in stretches of {STEPS} steps, last-one", COLUMNS, rows, (_note(frame, judged),))


def _note(frame: pd.DataFrame, judged: Evaluation) -> str:
    rival = best_single(judged)
    ours, theirs = (judged.results[model].metrics["ndcg@10"].mean for model in (BLEND, rival))
    gap = judged.compare(BLEND, rival)
    return (
        f"{len(frame):,} events, {frame['user_id'].nunique():,} stretches, {len(judged.users):,} of them judged, all "
        f"{judged.n_items:,} items ranked, no catalogue. {BLEND}, against {rival}: {ours / theirs - 1:+.1%} "
        f"(difference {gap.difference:+.4f}, 95 % interval {gap.low:+.4f} to {gap.high:+.4f})."
    )
