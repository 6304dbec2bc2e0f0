"""The owner's first page and the page of the recommender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import format_time, ngettext
from flask_babel import gettext as _

from webapp import recs
from webapp import viewmodels as vm
from webapp.errors import NotFound
from webapp.formatting import money, number
from webapp.markdown import markdown
from webapp.picks import Recs, RecsState
from webapp.providers import get_providers
from webapp.services.buying import orders as order_service
from webapp.services.buying.checkout_pages import payment_label
from webapp.services.office.pages import order_rows
from webapp.services.upkeep import outbox, schedule, training
from webapp.store import catalogue, orders, products
from webapp.store.operations import ModelRunRow
from webapp.store.tx import read_unit
from webapp.viewbuilders import buying, engine_words
from webapp.viewbuilders.engine_words import said
from webapp.viewbuilders.labels import check_label, stage_label

LATEST = 8
MOST_NAMED = 5
WEEK = timedelta(days=7)
FIRST_METRICS = ("ndcg@10", "recall@10", "map@10", "hit_rate@10", "coverage@10", "rmse")


def run_view(row: ModelRunRow, *, live: str | None, kept: Sequence[str]) -> vm.ModelRun:
    """Build a training run."""
    status = "live" if row.version is not None and row.version == live else row.state
    names = metric_names(row.metrics)
    return vm.ModelRun(
        run_id=row.run_id,
        status=status,  # type: ignore[arg-type]  # the table's words are the template's, and "live"
        started_at=row.started_at,
        version=row.version or "",
        strategy=row.strategy,
        seconds=row.seconds,
        n_events=row.n_events,
        n_users=row.n_users,
        n_items=row.n_items,
        trigger=_trigger(row.trigger),
        message=said(row.error) or row.error,
        gate_passed=row.gate_passed,
        checks=tuple(_check(found) for found in row.checks),
        metric_names=names,
        metrics=tuple(
            vm.MetricsRow(model, tuple(_figure(values.get(name)) for name in names), model == row.strategy)
            for model, values in row.metrics.items()
        ),
        progress=row.progress,
        stage=stage_label(row.stage),
        can_rollback=row.version is not None and row.version != live and row.version in kept,
        has_card=row.version in kept,
    )


def _check(found: Mapping[str, Any]) -> vm.GateCheck:
    told = found.get("detail", "")
    detail = said(told)
    return vm.GateCheck(
        check_label(found["name"]),
        bool(found["passed"]),
        told if detail is None else detail,
        found.get("level", "must"),
        is_english=detail is None,
    )


def metric_names(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Choose the columns of the table: the well-known figures first, at most eight."""
    there = {name for values in metrics.values() for name in values}
    first = [name for name in FIRST_METRICS if name in there]
    return tuple([*first, *sorted(there - set(first))][:LATEST])


def _figure(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None


def _trigger(raw: str) -> str:
    known = {
        "schedule": _("nightly"),
        "owner": _("by the owner"),
        "command": _("by command"),
        "pictures": _("after the pictures were drawn"),
    }
    return known.get(raw, raw)


def _trouble_serving(state: RecsState) -> tuple[str, ...]:
    """Say when what serves is not what was published."""
    if state.state == "fallback":
        return (_("No model serves just now. Shoppers see what sells best. %(why)s", why=state.problem),)
    if not state.problem:
        return ()
    why = {"version": state.version, "why": state.problem}
    return (_("The newest version cannot be used, so version %(version)s serves on. %(why)s", **why),)


def models_page(
    place: training.Place,
    live_recs: Recs,
    *,
    chosen: int | None,
    may_train: bool = True,
    retrain_at: Any,
    zone: Any,
    now: datetime,
) -> vm.AdminModelsPage:
    """Build the page of the recommender for somebody who may train it or only look."""
    rows, live_row = training.all_runs(), training.live_run(place)
    live, kept = live_row.version if live_row else None, recs.usable_versions(place.root)
    runs = tuple(run_view(row, live=live, kept=kept) for row in rows)
    state = live_recs.state()
    picked = next((run for run in runs if run.run_id == chosen), runs[0] if runs else None)
    nightly = (
        _("Every night at %(at)s, %(zone)s.", at=format_time(retrain_at, "short", rebase=False), zone=zone)
        if retrain_at
        else ""
    )
    return vm.AdminModelsPage(
        meta=vm.PageMeta(title=_("Recommender"), is_indexed=False),
        may_train=may_train,
        live=run_view(live_row, live=live, kept=kept) if live_row else None,
        chosen=picked,
        runs=runs,
        is_training=training.is_training(now=now),
        next_run_at=schedule.next_due(now, retrain_at, zone) if retrain_at else None,
        schedule=nightly or _("Nightly training is switched off."),
        warnings=_trouble_serving(state) if state.problem else (),
    )


def model_card_page(place: training.Place, version: str) -> vm.AdminModelCardPage:
    """Build the page of a model's card.

    Raises
    ------
    NotFound
        If there is no such version, or it has no card.
    """
    text = recs.model_card(place.root, version)
    if text is None:
        raise NotFound
    return vm.AdminModelCardPage(
        meta=vm.PageMeta(title=_("Model card %(version)s", version=version), is_indexed=False),
        version=version,
        card=markdown(engine_words.card(text)),
    )


def home_page(place: training.Place, live_recs: Recs, *, currency: str, locale: str, now: datetime) -> vm.AdminHomePage:
    """Build the owner's first page."""
    with read_unit() as tx:
        counts = orders.counts_by_state(tx)
        revenue = orders.revenue_since(tx, now - WEEK)
        shown = order_rows(tx, orders.queue(tx, limit=LATEST))
        n_products = products.count(tx)
        n_out = catalogue.count_sold_out(tx)
        shop_currency = catalogue.only_currency(tx) or currency
    runs, live_row = training.all_runs(limit=1), training.live_run(place)
    kept = recs.usable_versions(place.root)
    live = run_view(live_row, live=live_row.version, kept=kept) if live_row else None
    state = live_recs.state()
    warnings = [*_trouble_serving(state)]
    if broken := state.left_out.get("failed"):
        parts = ", ".join(sorted(broken))
        warnings.append(
            _("Lists are made without parts of the model that fail: %(parts)s. The log says why.", parts=parts)
        )
    if runs and runs[0].state == "failed":
        warnings.append(_("The last training failed; shoppers still see the version before."))
    warnings += _letters_given_up(now)
    waiting = sum(counts.get(name, 0) for name in ("paid", "packed"))
    return vm.AdminHomePage(
        meta=vm.PageMeta(title=_("Shop office"), is_indexed=False),
        tiles=(
            vm.Tile(_("To pack and send"), number(waiting, locale), url=url_for("admin.orders", state="paid")),
            vm.Tile(_("Taken in 7 days"), money(revenue, shop_currency, locale)),
            vm.Tile(_("Products"), number(n_products, locale), url=url_for("admin.products")),
            vm.Tile(_("Sold out"), number(n_out, locale), url=url_for("admin.products", state="out")),
        ),
        tasks=(
            vm.Task(_("Put products in"), n_products > 0, url_for("admin.products")),
            vm.Task(_("Train the recommender"), live is not None, url_for("admin.models")),
        ),
        orders=shown,
        live=live,
        warnings=tuple(warnings),
    )


def _letters_given_up(now: datetime) -> list[str]:
    """Name the last letters that nobody tries to send any more."""
    gone, owners = outbox.given_up(now=now), _("to the owners")
    named = "; ".join(f"{row.address or owners} ({row.reason})" for row in gone[:MOST_NAMED])
    if not gone:
        return []
    return [
        ngettext(
            "A letter was refused for good and is not tried again: %(named)s",
            "%(num)s letters were refused for good and are not tried again: %(named)s",
            len(gone),
            named=named,
        )
    ]


def order_page(number_: str) -> vm.AdminOrderPage:
    """Build one order with the steps it may take next."""
    found = order_service.for_owner(number_)
    order = found.order
    following = order_service.TRANSITIONS[order.state]
    with read_unit() as tx:
        (row,) = order_rows(tx, [order])
    return vm.AdminOrderPage(
        meta=vm.PageMeta(title=_("Order %(number)s", number=order.number), is_indexed=False),
        order=buying.order_view(
            found, payment_label=payment_label(order.payment_code, get_providers()), with_staff=True
        ),
        customer=row.customer,
        transitions=tuple(vm.Option(state, str(buying.MOVE_LABELS[state])) for state in following),
        version=str(order.version),
    )
