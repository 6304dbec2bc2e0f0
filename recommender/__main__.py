"""python -m recommender train | evaluate | tune | recommend | similar | bench: the library on files, without a shop."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, get_args

from recommender.commands.console import ConsoleProgress, log_on_console, while_read
from recommender.commands.files import (
    data_options,
    events_as_timed,
    judged_items,
    named_events,
    named_items,
    require_parameters,
    require_unread,
    tell_of_strangers,
    try_file,
    try_folder,
)
from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.errors import DataError, RecommenderError
from recommender.evaluation import UNTOLD, SplitName, evaluate, latency, make_split
from recommender.evaluation.logged import evaluate_logged, read_logged, require_clock
from recommender.evaluation.report import as_json, as_table, comparison, logged_json, logged_table
from recommender.features.combine import Networks
from recommender.fitting.fit import strategy_of
from recommender.hybrid import HybridRecommender, load
from recommender.parameters import Parameters
from recommender.sources import DEEP_SOURCES, SOURCES
from recommender.training import tracking
from recommender.tuning import DEFAULT_TRIALS, STUDIES, Budget, found_table, training_part, tune
from recommender.types import SPACES, Recommendation

# A person's own history holds nothing that the protocol asks for, and networks take minutes: those are judged by name.
NOT_BY_DEFAULT = ("buy_again", "recently_viewed", *DEEP_SOURCES)
# What says how events are held out and lists cut, with its usual value: a log of shown places knows both by itself.
HOLDING_OUT = {"split": "time", "unit": "event", "k": 10, "max_users": None, "untold": False, "compare": None}
LARGEST_SEED = 2**32 - 1  # what NumPy's older generators take
HELD_OUT = (
    "what is held out: the last tenth of the events, the last item of each user, or a part of the items or of the "
    "users drawn at random (default: time)"
)
UNITS = "hold out single events, or all of one order or day (default: event)"
NOTHING_SHOWN = (
    "nothing was learned from --logged: it needs lists, shown well after the first events to people of those, of which "
    "something was clicked and something was not, and a log long enough for trees to grow"
)
ALL_MODELS = (*(name for name in SOURCES if name not in NOT_BY_DEFAULT), "hybrid")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return while_read(partial(_run, arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        with log_on_console():
            options.run(options)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (RecommenderError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m recommender", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)
    _add_evaluate(commands)
    _add_tune(commands)
    _add_recommend(commands)
    _add_similar(commands)
    _add_bench(commands)
    return parser


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "train", "fit a model on files and save it to a new folder")
    data_options(command)
    command.add_argument("--strategy", default="hybrid", help="hybrid or the name of a source (default: hybrid)")
    command.add_argument(
        "--effort", choices=("full", "quick"), default="full", help="quick learns less (default: full)"
    )
    _learning_option(command)
    command.add_argument("--extra-sources", default="", help="networks that join hybrid if it is better with them")
    command.add_argument("--seed", type=_whole(0, LARGEST_SEED), default=0, help="of every draw (default: 0)")
    command.add_argument("--params", type=Path, help="file of parameters, as tune writes it")
    command.add_argument(
        "--logged",
        type=Path,
        help="file of shown places with their clicks, for hybrid with full effort to learn from as well",
    )
    command.add_argument("--text-encoder", default="", help="folder or .onnx file of a sentence transformer")
    command.add_argument("--image-encoder", default="", help=".onnx file of a pretrained image model")
    command.add_argument("--out", required=True, type=Path, help="folder to write; it must not exist")
    command.set_defaults(run=_train)


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "evaluate", "judge models on a held-out part of the events")
    data_options(command)
    command.add_argument("--split", choices=get_args(SplitName), default="time", help=HELD_OUT)
    command.add_argument("--unit", choices=("event", "basket"), default="event", help=UNITS)
    command.add_argument(
        "--models", default=",".join(ALL_MODELS), help="comma-separated (default: all but networks and own history)"
    )
    command.add_argument("--k", type=int, default=10, help="length of a list (default: 10)")
    command.add_argument("--seed", type=_whole(0, LARGEST_SEED), default=0, help="of every draw (default: 0)")
    command.add_argument("--max-users", type=_whole(1), help="judge at most so many users")
    command.add_argument("--untold", action="store_true", help="judge blends without the time of the request, too")
    command.add_argument("--compare", nargs=2, metavar=("A", "B"), help="say whether A and B really differ")
    command.add_argument("--params", type=Path, help="file of parameters, as tune writes it")
    _learning_option(command)
    command.add_argument("--logged", type=Path, help="judge on a file of shown places with their propensities instead")
    command.add_argument("--json", type=Path, help="also write the results to this file")
    command.set_defaults(run=_evaluate)


def _add_tune(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "tune", "search better parameters on the training part of a split")
    data_options(command)
    command.add_argument("--split", choices=("last-one", "time", "random"), default="time", help=HELD_OUT)
    command.add_argument("--models", default=",".join(STUDIES), help="sources, and weights (default: all)")
    command.add_argument(
        "--trials",
        type=int,
        default=DEFAULT_TRIALS,
        help=f"most trials per source (default: {DEFAULT_TRIALS}); 0: no such bound",
    )
    command.add_argument(
        "--seconds", type=float, default=0.0, help="most seconds altogether; 0, the default: no such bound"
    )
    command.add_argument("--k", type=int, default=10, help="length of a list (default: 10)")
    command.add_argument("--seed", type=_whole(0, LARGEST_SEED), default=0, help="of every draw (default: 0)")
    command.add_argument("--params", type=Path, help="file of parameters to start from")
    _learning_option(command)
    command.add_argument("--out", required=True, type=Path, help="file of parameters to write")
    command.set_defaults(run=_tune)


def _add_recommend(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "recommend", "print a user's list from a saved model")
    command.add_argument(
        "--model", required=True, type=Path, metavar="FOLDER", help="a saved model, as train writes it"
    )
    command.add_argument("--user-id", required=True, help="whose list; somebody unknown gets what is popular")
    command.add_argument("--strategy", help="one that the model holds (default: its own)")
    command.add_argument("--k", type=int, default=10, help="length of a list (default: 10)")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=_recommend)


def _add_similar(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "similar", "print items like one item")
    command.add_argument(
        "--model", required=True, type=Path, metavar="FOLDER", help="a saved model, as train writes it"
    )
    command.add_argument("--item-id", required=True, help="whose like is wanted")
    command.add_argument("--space", choices=SPACES, default="combined", help="(default: combined)")
    command.add_argument("--k", type=int, default=10, help="length of a list (default: 10)")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=_similar)


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "bench", "time the answers of a saved model")
    command.add_argument(
        "--model", required=True, type=Path, metavar="FOLDER", help="a saved model, as train writes it"
    )
    command.add_argument("--models", default="", help="strategies, comma-separated (default: all it holds)")
    command.add_argument("--requests", type=int, default=200, help="per strategy (default: 200)")
    command.add_argument("--k", type=int, default=10, help="length of a list (default: 10)")
    command.add_argument("--seed", type=_whole(0, LARGEST_SEED), default=0, help="of every draw (default: 0)")
    command.set_defaults(run=_bench)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    """A command, with what it does in the list of all and on its own page."""
    return commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")


def _model_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", required=True, type=Path, metavar="FOLDER", help="a model that train saved")


def _learning_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--learn-weights",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="learn what each kind of event is worth (default: learn)",
    )


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type of argument: whole numbers between two bounds, both allowed."""

    def parse(text: str) -> int:
        number = int(text) if re.fullmatch(r"\s*[+-]?\d{1,30}\s*", text) else None
        if number is None or number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {least} {f'to {most}' if most else 'on'}"
            )
        return number

    return parse


def _train(options: argparse.Namespace) -> None:
    if options.out.exists():
        raise DataError(f"--out: {options.out} exists already; a model folder is never overwritten")
    try_folder(options.out)
    Networks.open(options.text_encoder, options.image_encoder)  # said before the files are read
    _require_use_of_logged(options)
    events, items = events_as_timed(options), named_items(options)
    logged = read_logged(options.logged) if options.logged else None
    log = Interactions.from_frame(events)
    tell_of_strangers(events, items)
    if logged is not None:
        require_clock(log)
    extra = tuple(_names(options.extra_sources))
    settings = _settings(options, "+".join((options.strategy, *extra)))
    model = HybridRecommender(
        strategy=options.strategy,
        random_state=options.seed,
        effort=options.effort,
        text_encoder=options.text_encoder,
        image_encoder=options.image_encoder,
        extra_sources=extra,
        **settings,
    )
    catalogue = ItemCatalogue.from_frame(items) if items is not None else None
    with ConsoleProgress("train") as progress:
        model.fit(log, catalogue, logged=logged, progress=progress)
    model.save(options.out)
    _track(tracking.of_model(model, options.out.name))
    info = model.info
    if logged is not None and not (info["ranker"] or {}).get("shown_lists"):
        print(NOTHING_SHOWN, file=sys.stderr)
    print(
        f"{options.out}: {info['strategy']} from {info['n_events']} events, {info['n_users']} users and "
        f"{info['n_items']} items in {info['fit_seconds']:.1f} s"
    )


def _require_use_of_logged(options: argparse.Namespace) -> None:
    """Raise DataError where nothing would learn from the shown places: only the trees of the blend do."""
    named = {"strategy": "hybrid", "effort": "full"}
    other = [name for name, needed in named.items() if getattr(options, name) != needed]
    if options.logged and other:
        raise DataError(
            f"--logged says nothing to --{other[0]} {getattr(options, other[0])}: only --strategy hybrid with --effort "
            "full learns from what was shown; leave --logged out, or train that"
        )


def _evaluate(options: argparse.Namespace) -> None:
    models = _models(options)
    settings = {name: _settings(options, name) for name in models}
    if options.logged:
        _evaluate_logged(options, models, settings)
        return
    events = named_events(options)
    items = judged_items(options, events, options.unit)
    tell_of_strangers(events, items)
    with ConsoleProgress("evaluate") as progress:
        result = evaluate(
            events,
            items,
            models=models,
            split=options.split,
            unit=options.unit,
            k=options.k,
            random_state=options.seed,
            params=settings,
            max_users=options.max_users,
            untold=options.untold,
            progress=progress,
        )
    print(as_table(result))
    _track(tracking.of_evaluation(result, "evaluate"))
    _write_json(options, as_json(result))
    _require_judged(result.results, result.failed)
    if options.compare:
        print(comparison(result, *options.compare))


def _evaluate_logged(options: argparse.Namespace, models: Sequence[str], settings: dict[str, dict[str, Any]]) -> None:
    given = [name for name, usual in HOLDING_OUT.items() if getattr(options, name) != usual]
    if given:
        raise DataError(f"--{given[0].replace('_', '-')} says nothing where --logged tells what was shown to whom")
    logged = read_logged(options.logged)
    events, items = events_as_timed(options), named_items(options)
    with ConsoleProgress("evaluate") as progress:
        result = evaluate_logged(
            events, items, logged, models=models, random_state=options.seed, params=settings, progress=progress
        )
    print(logged_table(result))
    _write_json(options, logged_json(result))
    _require_judged(result.results, result.failed)
    if not any(value.snips.effective_sample_size > 0 for value in result.results.values()):
        raise DataError(
            "nothing could be judged: no model would have shown anything of what chance did; are the user_id and "
            "item_id of --logged those of the events?"
        )


def _require_judged(results: Collection[str], failed: Mapping[str, str]) -> None:
    """Raise DataError where the data could not feed any of the models: no figure was printed."""
    if not results:
        first, *others = failed.values()
        more = f", and {len(others)} more as told above" if others else ""
        raise DataError(f"no model could be judged: {first}{more}; name others with --models, or give what they need")


def _write_json(options: argparse.Namespace, found: dict[str, Any]) -> None:
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")


def _models(options: argparse.Namespace) -> list[str]:
    """Names of the models to judge; what could only fail after they were judged is refused now."""
    models = _named_models(options)
    judged = [*models, *(name + UNTOLD for name in models if options.untold and strategy_of(name)[0] == "hybrid")]
    absent = [name for name in options.compare or () if name not in judged]
    if absent:
        raise DataError(f"--compare: {absent[0]!r} is not among --models {', '.join(judged)}")
    if options.json:
        try_file("--json", options.json)
        require_unread(options.json, options)
    return models


def _named_models(options: argparse.Namespace) -> list[str]:
    models = _names(options.models)
    if not models:
        raise DataError("--models names no model")
    return models


def _tune(options: argparse.Namespace) -> None:
    studies = _named_models(options)
    try_file("--out", options.out)
    if options.out.exists():
        require_parameters(options.out)
    events = named_events(options)
    split = make_split(events, options.split, seed=options.seed)
    trials = options.out.with_name(f"{options.out.stem}.trials.jsonl")
    with ConsoleProgress("tune") as progress:
        result = tune(
            training_part(events, split),
            judged_items(options, split.train),
            studies=studies,
            budget=Budget(options.trials, options.seconds),
            start=_parameters(options),
            split=options.split,
            k=options.k,
            random_state=options.seed,
            learn_weights=options.learn_weights,
            trials=trials,
            progress=progress,
        )
    result.parameters.write(options.out)
    _track(tracking.of_search(result, options.out.stem))
    print(found_table(result))
    print(f"{options.out}: parameters; {trials}: every trial, which the next run does not repeat")


def _track(run: tracking.Run) -> None:
    """Tell MLflow, where it is named; a run that could not be told is still a run."""
    try:
        tracking.track(run)
    except tracking.TrackingError as error:
        print(f"not tracked: {error}", file=sys.stderr)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _parameters(options: argparse.Namespace) -> Parameters:
    return Parameters.read(options.params) if options.params else Parameters()


def _settings(options: argparse.Namespace, strategy: str) -> dict[str, Any]:
    """Keywords of the recommender for a strategy: the file of parameters, and what the options say."""
    settings = _parameters(options).settings_for(strategy)
    return settings | {"learn_weights": options.learn_weights}


def _recommend(options: argparse.Namespace) -> None:
    model = load(options.model)
    if options.user_id not in model.known_users:
        print(f"user {options.user_id!r} is not known to this model; showing what is popular", file=sys.stderr)
    _print(model.recommend(options.user_id, options.k, strategy=options.strategy), as_json_text=options.json)


def _similar(options: argparse.Namespace) -> None:
    model = load(options.model)
    if options.item_id not in model.item_ids:
        raise DataError(f"item {options.item_id!r} is not known to this model")
    found = model.similar(options.item_id, options.k, space=options.space)
    if not found:
        print(f"nothing is like item {options.item_id!r} in the space {options.space!r} of this model", file=sys.stderr)
    _print(found, as_json_text=options.json)


def _bench(options: argparse.Namespace) -> None:
    model = load(options.model)
    wanted = {"strategies": _names(options.models), "k": options.k, "n_requests": options.requests}
    print(latency.as_table(latency.measure(model, random_state=options.seed, **wanted)))


def _print(found: list[Recommendation], *, as_json_text: bool) -> None:
    if as_json_text:
        print(json.dumps([asdict(r) for r in found], indent=1))
        return
    for r in found:
        why = "; ".join(f"{reason.kind} {reason.item_id or ''}".strip() for reason in r.reasons)
        print(f"{r.rank:>3}  {r.item_id:<20} {r.score:>9.4f}  {r.source:<14} {why}")


if __name__ == "__main__":
    sys.exit(main())
