"""The `flask` commands: each parses, calls one service, prints."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from config import Config
from webapp.clock import utc_now
from webapp.commandline import Seconds, end_with, prepare, told
from webapp.errors import Conflict, InvalidInput
from webapp.exportcommands import EXPORTS
from webapp.jobs import BUSY_STATUS, REFUSED_STATUS
from webapp.money import parse_price
from webapp.numbers import MAX_ID
from webapp.recs import get_recs
from webapp.services.buying import vouchers
from webapp.services.buying.vouchers import VOUCHER_KINDS
from webapp.services.people import accounts, api_keys
from webapp.services.picks import recommending
from webapp.services.upkeep import backups, data_sets, imports, seeding, training
from webapp.services.upkeep.import_rows import Options, Report

Command = Callable[..., Any]
BEHIND_THE_SHOP = 10  # niceness
ANSWER_SECONDS = 60.0  # behind a command nobody waits for a page


def _config() -> Config:
    return current_app.config["SHOP"]


def _place() -> training.Place:
    config = _config()
    return training.Place.of(config.instance, config)


@click.command("seed")
@click.option("--size", type=click.Choice(["small", "demo", "large"]), default="demo", show_default=True)
@click.option("--random-seed", type=click.IntRange(0), default=7, show_default=True)
@with_appcontext
def seed(size: str, random_seed: int) -> None:
    """Fill an empty shop with the generated demo."""
    instance = _config().instance
    with told() as line:
        done = seeding.seed_shop(instance, size=size, random_seed=random_seed, now=utc_now(), progress=line)
    click.echo(
        f"The shop holds {done.n_products} products, {done.n_users} people, {done.n_events} events "
        f"and {done.n_pictures} pictures."
    )
    for account in seeding.read_accounts(instance):
        click.echo(f"{account['role']:8} {account['email']}  {account['password']}")


def _import_options(function: Command) -> Command:
    """Add the options both imports share."""
    options = (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option("--map", "mapping", help="Name of a known schema, or user_id=customer,item_id=sku,..."),
        click.option("--dry-run", is_flag=True, help="Say what would happen, write nothing."),
        click.option("--rejects", type=click.Path(path_type=Path), help="File for the rows left out."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command("import-catalog")
@_import_options
@click.option("--default-price", show_default="9.99", help="For products without a price in the file.")
@click.option("--stock", type=click.IntRange(0), default=100, show_default=True, help="Stock of new products.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder or zip file with the pictures.")
@with_appcontext
def import_catalog(
    file: Path,
    mapping: str | None,
    dry_run: bool,
    rejects: Path | None,
    default_price: str | None,
    stock: int,
    pictures: Path | None,
) -> None:
    """Import products from CSV, TSV, JSON lines or Parquet; a product known by its id is updated."""
    currency = _config()["CURRENCY"]
    cents = Options.price_cents if default_price is None else _cents(default_price, currency)
    options = Options(mapping, dry_run, cents, stock, currency, pictures, rejects)
    with told() as line:
        report = imports.import_catalogue(file, options, folder=_config().instance, now=utc_now(), progress=line)
    _print_report(report, dry_run=dry_run)


@click.command("import-interactions")
@_import_options
@with_appcontext
def import_interactions(file: Path, mapping: str | None, dry_run: bool, rejects: Path | None) -> None:
    """Import events: views, clicks, carts, orders, ratings."""
    options = Options(mapping, dry_run, currency=_config()["CURRENCY"], rejects=rejects)
    with told() as line:
        report = imports.import_interactions(file, options, folder=_config().instance, now=utc_now(), progress=line)
    _print_report(report, dry_run=dry_run)


@click.command("import-data")
@click.argument("name")
@with_appcontext
def import_data(name: str) -> None:
    """Import a known public data set, catalogue and events."""
    with told() as line:
        reports = data_sets.import_set(
            name, folder=_config().instance, currency=_config()["CURRENCY"], now=utc_now(), progress=line
        )
    for report in reports:
        _print_report(report, dry_run=False)


def _cents(raw: str, currency: str) -> int:
    try:
        return parse_price(raw, currency, name="price")
    except InvalidInput as error:
        raise click.BadParameter(error.errors["price"]) from error


def _print_report(report: Report, *, dry_run: bool) -> None:
    verb = "would be" if dry_run else "were"
    click.echo(
        f"{report.kind} ({report.mapping}): {report.n_rows} rows read; {report.n_added} {verb} added, "
        f"{report.n_updated} {verb} changed, {report.n_unchanged} were there already, {report.n_rejected} left out."
    )
    if report.skipped_rows:
        click.echo(f"The first {report.skipped_rows} rows were done by an earlier, interrupted run.")
    if report.n_without_price:
        click.echo(f"{report.n_without_price} rows had no price; the default price was taken.")
    for repair, n in report.repairs.most_common():
        click.echo(f"{n} rows: {repair}.")
    for reason, n in sorted(report.reasons.items(), key=lambda pair: -pair[1]):
        click.echo(f"  {n:>8}  {reason}")
    if report.rejects is not None:
        click.echo(f"Every row left out and why: {report.rejects}")


@click.command("retrain")
@click.option("--strategy", default="hybrid", show_default=True)
@click.option("--trigger", default="command", hidden=True)
@click.option("--parent", type=int, default=0, hidden=True)
@click.option("--if-none", is_flag=True, help="Only where no model is live; then nothing is evaluated first.")
@click.option(
    "--search-seconds",
    type=Seconds(min=0),
    default=0,
    show_default=True,
    help="Look for better parameters first.",
)
@with_appcontext
def retrain(strategy: str, trigger: str, parent: int, if_none: bool, search_seconds: float) -> None:
    """Train on everything the shop has; publish if the gate lets it through.

    Exit status 3 if it does not, 4 while another training is under way.
    """
    if if_none and training.has_model(_place()):
        click.echo("A model is live already.")
        return
    if trigger != "command":
        os.nice(BEHIND_THE_SHOP)  # the worker's: visitors come first
        # The worker stops it so; one begun in the background of a script hands down that interrupts are ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Who merely ends would leave the lease behind, and the next training would wait five minutes for it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if parent:
        end_with(parent)
    with told() as line:
        try:
            outcome = training.retrain(
                _place(),
                trigger=trigger,
                strategy=strategy,
                clock=utc_now,
                progress=line,
                with_evaluation=not if_none,
                search_seconds=search_seconds,
                learn_weights=_config()["LEARN_EVENT_WEIGHTS"],
            )
        except Conflict as error:
            click.echo(f"Error: {error.text}", err=True)
            raise SystemExit(BUSY_STATUS) from error
    if outcome.state == "failed":
        raise click.ClickException(outcome.message)
    if outcome.state == "refused":
        click.echo(f"Refused by the gate: {outcome.message}")
        raise SystemExit(REFUSED_STATUS)
    click.echo(f"Version {outcome.version} is live.")


@click.command("recommend")
@click.option("--user-id", required=True, help="Id in the shop, or the name an imported history uses.")
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--strategy", default=None)
@with_appcontext
def recommend(user_id: str, k: int, strategy: str | None) -> None:
    """Print what somebody would be recommended now, and why."""
    actor, recs = accounts.find_actor(user_id), get_recs()
    recs.warm_up()
    with told(), current_app.test_request_context():  # addresses can only be built for a request
        found = recommending.recommend(
            actor,
            recs,
            k=k,
            context="home",
            product_ids=(),
            strategy=strategy,
            exclude=(),
            history_limit=_config()["HISTORY_LIMIT"],
            now=utc_now(),
            is_shown=False,
            wait_s=ANSWER_SECONDS,
        )
    cold = ", nothing is known of this person" if found.is_cold else ""
    click.echo(f"strategy {found.strategy}, model {found.model_version or 'none'}{cold}")
    for item, score in found.cards:
        reason = item.reason
        because = f"{reason.kind} {reason.product_name}".strip() if reason else item.source
        click.echo(f"{item.rank:>3}  {item.product_id:>7}  {score:8.4f}  {item.name}  ({because})")


@click.command("evaluate")
@click.option("--models", default="popular,itemseq,hybrid", show_default=True, help="Strategies, commas between.")
@click.option("--split", type=click.Choice(["time", "last-one"]), default="time", show_default=True)
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures there too.")
@with_appcontext
def evaluate(models: str, split: str, k: int, json_file: Path | None) -> None:
    """Judge strategies on the shop's own events: train on the earlier, test on the later."""
    names = [name.strip() for name in models.split(",") if name.strip()]
    if not names:
        raise click.ClickException("--models names no strategy.")
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise click.ClickException(f"There is no folder {json_file.parent}.")
    with told() as line:
        text, figures = training.evaluate(names, media=_place().media, split=split, k=k, progress=line)
    click.echo(text)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2), encoding="utf-8")


@click.command("rollback")
@click.option("--version", default=None, help="Version to go back to; the one before the live one if absent.")
@with_appcontext
def rollback(version: str | None) -> None:
    """Let an earlier model serve again."""
    with told():
        chosen = training.rollback(_place(), version=version, user_id=None, now=utc_now())
    click.echo(f"Version {chosen} is live.")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(file: Path) -> None:
    """Write the whole shop into one new FILE, while it goes on selling. Keep it safe: it holds everything."""
    with told() as line:
        size = backups.backup(_config().instance, file.absolute(), now=utc_now(), progress=line)
    click.echo(f"{file}: {size / 1e6:.1f} MB")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@with_appcontext
def restore(file: Path) -> None:
    """Put a shop that was backed up into an empty instance folder."""
    with told() as line:
        about = backups.restore(_config().instance, file, progress=line)
    click.echo(f"The shop of {about['made_at']} is back. Now: flask db upgrade, then start it.")


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run background work: nightly training, reserved stock, mail. Ends on Ctrl-C or SIGTERM."""
    from webapp.worker import run_worker

    run_worker(current_app._get_current_object())  # type: ignore[attr-defined]  # unwrap Flask's proxy


@click.command("create-admin")
@click.option("--email", prompt=True)
@click.option("--name", help="By default the role.")
@click.option("--role", type=click.Choice(accounts.OFFICE_ROLES), default="owner", show_default=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@with_appcontext
def create_admin(email: str, name: str | None, role: str, password: str) -> None:
    """Make an account that may run the shop, or work in its office."""
    name = role.capitalize() if name is None else name
    with told():
        accounts.create_office_account(email=email, name=name, password=password, role=role, now=utc_now())
    click.echo(f"{email} may {'run the shop' if role == 'owner' else 'work in the office'} now.")


@click.group("api-key")
def api_key() -> None:
    """Keys for programs."""


@api_key.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(api_keys.SCOPES), default=api_keys.SCOPES[:1])
@with_appcontext
def api_key_create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it; it is shown only this once."""
    with told():
        token = api_keys.create(name, scopes, now=utc_now())
    click.echo(token)


@api_key.command("list")
@with_appcontext
def api_key_list() -> None:
    """List all keys."""
    for row in api_keys.every():
        state = "revoked" if row.revoked_at else (f"used {row.used_at:%Y-%m-%d}" if row.used_at else "never used")
        click.echo(f"{row.key_id:>4}  {row.prefix}...  {row.name}  {','.join(row.scopes)}  {state}")


@api_key.command("revoke")
@click.argument("key_id", type=click.IntRange(1, MAX_ID))
@with_appcontext
def api_key_revoke(key_id: int) -> None:
    """End a key at once."""
    with told():
        api_keys.revoke(key_id, now=utc_now())
    click.echo("The key is revoked.")


@click.group("voucher")
def voucher() -> None:
    """Codes that lower the price."""


@voucher.command("create")
@click.argument("code")
@click.option("--kind", type=click.Choice(VOUCHER_KINDS), required=True)
@click.option("--value", default="", help="Percent, or an amount; nothing for free delivery.")
@click.option("--min", "min_", default="", help="Smallest worth of the goods.")
@click.option("--starts", default="", help="First day, such as 2026-12-01.")
@click.option("--ends", default="", help="Last day.")
@click.option("--max-uses", default="", help="Uses in all.")
@click.option("--per-user", default="", help="Uses for each shopper.")
@click.option("--member", default="", help="E-mail address of the only member it is for.")
@with_appcontext
def voucher_create(code: str, min_: str, **given: str) -> None:
    """Make a voucher."""
    config, fields = _config(), {"code": code, "min": min_, **given}
    with told():
        made = vouchers.create(
            fields,
            currency=config["CURRENCY"],
            zone=config["TIME_ZONE"],
            user_id=None,
            now=utc_now(),
        )
    is_for_later = vouchers.is_for_later(fields, zone=config["TIME_ZONE"], now=utc_now())
    click.echo(f"The voucher {made} counts from {'its first day' if is_for_later else 'now'} on.")


@voucher.command("list")
@with_appcontext
def voucher_list() -> None:
    """List all vouchers."""
    for row in vouchers.every():
        most = f" of {row.max_uses}" if row.max_uses is not None else ""
        click.echo(
            f"{row.code:20} {row.kind:14} {row.value:>8}  used {row.uses}{most}{'' if row.is_active else '  off'}"
        )


@voucher.command("stop")
@click.argument("code")
@with_appcontext
def voucher_stop(code: str) -> None:
    """Let a voucher count no more."""
    with told():
        vouchers.switch(code, on=False, user_id=None, now=utc_now())
    click.echo("The voucher counts no more.")


COMMANDS = (
    seed,
    import_catalog,
    import_interactions,
    import_data,
    *EXPORTS,
    retrain,
    recommend,
    evaluate,
    rollback,
    backup,
    restore,
    worker,
    create_admin,
    api_key,
    voucher,
)


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in COMMANDS:
        prepare(command)
        app.cli.add_command(command)
