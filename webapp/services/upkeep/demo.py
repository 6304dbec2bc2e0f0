"""What the demo says of itself."""

from __future__ import annotations

from pathlib import Path

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.formatting import number
from webapp.services.upkeep.seeding import read_accounts
from webapp.store import interactions, operations, products, users
from webapp.store.frame import DEMO_SETTING
from webapp.store.tx import read_unit
from webapp.viewbuilders.links import absolute


def about(instance: Path) -> vm.AboutDemoPage:
    """Build the page about the demo: figures and the accounts to try, nothing when this is no demo."""
    with read_unit() as tx:
        is_demo = bool(operations.setting(tx, DEMO_SETTING))
        counts = (products.count(tx), users.count(tx), interactions.count(tx))
    labels = (_("Products"), _("Shoppers"), _("Things they did"))
    values = [number(n, str(get_locale() or "en")) for n in counts]
    figures = tuple(vm.Fact(label, value) for label, value in zip(labels, values, strict=True)) if is_demo else ()
    shoppers = [account for account in read_accounts(instance) if account.get("role") == "shopper"] if is_demo else []
    return vm.AboutDemoPage(
        meta=vm.PageMeta(title=_("About this demonstration"), canonical=absolute(url_for("shop.about_demo"))),
        figures=figures,
        accounts=tuple(vm.Fact(account["email"], account["password"]) for account in shoppers),
    )
