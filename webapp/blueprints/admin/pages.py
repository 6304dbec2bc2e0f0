"""The owner's pages: products, orders, the recommender. Without the role they do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, flash, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp import jobs
from webapp.auth import member_required, role_required
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput
from webapp.recs import get_recs
from webapp.services.buying import orders
from webapp.services.office import models as office_models
from webapp.services.office import pages as office
from webapp.services.people import accounts
from webapp.services.upkeep import training
from webapp.viewmodels import Form
from webapp.web import back, field, fields, go, page_number, refused

bp = Blueprint("admin", __name__, url_prefix="/admin")
staff = role_required(*accounts.OFFICE_ROLES)
MAY_TRAIN = ("owner",)
owner = role_required(*MAY_TRAIN)
Answer = str | Response | tuple[str, int]


def _place() -> training.Place:
    return training.Place.of(Path(current_app.instance_path), current_app.config)


def _locale() -> str:
    return str(get_locale() or "en")


@bp.get("/")
@staff
def home() -> str:
    """Show what matters today."""
    page = office_models.home_page(
        _place(), get_recs(), currency=current_app.config["CURRENCY"], locale=_locale(), now=utc_now()
    )
    return render_template("admin/home.html", page=page)


@bp.get("/products")
@staff
def products() -> str:
    """Show the table of products."""
    page = office.products_page(
        query=field("q").strip()[:200],
        category=field("category"),
        state=field("state"),
        sort=field("sort", "updated"),
        page=page_number(),
    )
    return render_template("admin/products.html", page=page)


@bp.post("/products/<int:product_id>/quick")
@staff
def product_quick(product_id: int) -> Response:
    """Change price, stock and visibility in the table."""
    try:
        message = office.save_quick(
            product_id, fields(*office.QUICK_FIELDS), user_id=member_required().id, now=utc_now()
        )
    except InvalidInput as error:
        flash(" ".join(error.errors.values()), "error")
    else:
        flash(message, "success")
    return back()


@bp.route("/products/<int:product_id>", methods=["GET", "POST"])
@staff
def product(product_id: int) -> Answer:
    """Show and change one product."""
    if request.method == "GET":
        page = office.product_page(product_id, locale=_locale(), now=utc_now())
        return render_template("admin/product.html", page=page)
    values: dict[str, str] = {name: value[:10_000] for name, value in request.form.items()}
    try:
        office.save_product(product_id, values, user_id=member_required().id, now=utc_now())
    except InvalidInput as error:
        page = office.product_page(product_id, refused(error, values), locale=_locale(), now=utc_now())
        return render_template("admin/product.html", page=page), error.status
    except Conflict as error:
        flash(error.text, "error")
        page = office.product_page(product_id, Form(values), locale=_locale(), now=utc_now())
        return render_template("admin/product.html", page=page), error.status
    flash(_("The product is saved."), "success")
    return go("admin.product", product_id=product_id)


@bp.get("/orders", endpoint="orders")
@staff
def order_list() -> str:
    """Show the queue of orders."""
    page = office.orders_page(query=field("q").strip()[:200], state=field("state"), page=page_number())
    return render_template("admin/orders.html", page=page)


@bp.route("/orders/<number>", methods=["GET", "POST"])
@staff
def order(number: str) -> Answer:
    """Show one order and move it on."""
    if request.method == "GET":
        return render_template("admin/order.html", page=office_models.order_page(number))
    version, user_id = field("version"), member_required().id
    try:
        if field("status") == "refunded":  # money leaves the shop
            accounts.confirm_password(user_id, field("password"), field="password", now=utc_now())
        orders.advance(
            number,
            to_state=field("status"),
            note=field("note"),
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,
            user_id=user_id,
            now=utc_now(),
        )
    except InvalidInput as error:
        flash(" ".join(error.errors.values()), "error")
    except Conflict as error:
        flash(error.text, "error")
    else:
        flash(_("The order is moved on."), "success")
    return go("admin.order", number=number)


@bp.get("/models")
@staff
def models() -> str:
    """Show training runs with their figures and the gate's verdict."""
    config: dict[str, Any] = current_app.config
    run = request.args.get("run", "")
    page = office_models.models_page(
        _place(),
        get_recs(),
        may_train=member_required().role in MAY_TRAIN,
        chosen=int(run) if run.isascii() and run.isdigit() and len(run) < 10 else None,
        retrain_at=config["RETRAIN_AT"] if config["RETRAIN_NIGHTLY"] else None,
        zone=config["TIME_ZONE"],
        now=utc_now(),
    )
    return render_template("admin/models.html", page=page)


@bp.get("/models/<version>")
@staff
def model_card(version: str) -> str:
    """Show what a model says about itself."""
    return render_template("admin/model_card.html", page=office_models.model_card_page(_place(), version))


@bp.post("/models/retrain")
@owner
def retrain() -> Response:
    """Ask the worker for a training now."""
    is_busy = jobs.is_retraining()
    if not jobs.queue_retraining(trigger="owner"):
        flash(_("A training is waiting already."), "info")
    elif is_busy:
        flash(_("A training is under way; another one begins when it has ended."), "info")
    else:
        flash(_("A training is queued; it begins within a minute."), "success")
    return go("admin.models")


@bp.post("/models/rollback")
@owner
def rollback() -> Response:
    """Let an earlier model serve again."""
    try:
        version = training.rollback(
            _place(), version=field("version") or None, user_id=member_required().id, now=utc_now()
        )
    except Conflict as error:
        flash(error.text, "error")
    else:
        flash(_("Version %(version)s serves again.", version=version), "success")
    return go("admin.models")
