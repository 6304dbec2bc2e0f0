"""The nightly training as a Prefect flow: `python -m deploy.prefect_flow` serves it, `--now` runs it once.

For owners who watch all their pipelines in one place. The shop's own worker must not train as well: RETRAIN_NIGHTLY=0.
"""

from __future__ import annotations

import argparse

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.schedules import Cron

from config import Config
from webapp import create_app
from webapp.clock import utc_now
from webapp.services.upkeep import training
from webapp.services.upkeep.training import Outcome, Place

RETRY_SECONDS = 300
TRIGGER = "prefect"


@task(retries=1, retry_delay_seconds=RETRY_SECONDS)
def retrain(strategy: str, search_seconds: float) -> Outcome:
    """Train, judge and publish. A training that failed is tried once more; one that the gate refused is not."""
    log = get_run_logger()
    app = create_app()
    with app.app_context():
        config: Config = app.config["SHOP"]
        outcome = training.retrain(
            Place.of(config.instance, config),
            trigger=TRIGGER,
            strategy=strategy,
            clock=utc_now,
            progress=lambda stage, done: log.info("%s %.0f %%", stage, 100 * done),
            search_seconds=search_seconds,
            learn_weights=config["LEARN_EVENT_WEIGHTS"],
        )
    if outcome.state == "failed":
        raise RuntimeError(outcome.message)
    return outcome


@task
def report(outcome: Outcome) -> None:
    """Put the verdict and the figures of the run beside it, as Prefect shows them."""
    app = create_app()
    with app.app_context():
        run = next(run for run in training.all_runs() if run.run_id == outcome.run_id)
    create_markdown_artifact(f"# {run.state}\n\n{run.version or run.error}", key="verdict")
    create_table_artifact(list(run.checks), key="gate")
    create_table_artifact([{"model": name, **figures} for name, figures in run.metrics.items()], key="figures")


@flow(name="retrain")
def nightly(strategy: str = "hybrid", search_seconds: float = 0.0) -> str:
    """Train, then report; returns what came of it: published or refused."""
    outcome = retrain(strategy, search_seconds)
    report(outcome)
    return outcome.state


def main() -> None:
    """Run the flow now, or serve it at RETRAIN_AT every night."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--now", action="store_true", help="run once and end")
    parser.add_argument("--strategy", default="hybrid")
    options = parser.parse_args()
    config = Config.from_environment()
    if options.now:
        nightly(options.strategy, 0.0)
        return
    at = config["RETRAIN_AT"]
    nightly.serve(
        name="nightly",
        schedule=Cron(f"{at.minute} {at.hour} * * *", timezone=str(config["TIME_ZONE"])),
        parameters={"strategy": options.strategy, "search_seconds": float(config["SEARCH_SECONDS"])},
    )


if __name__ == "__main__":
    main()
