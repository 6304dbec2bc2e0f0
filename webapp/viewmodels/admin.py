"""View models of the owner's pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from webapp.viewmodels.buying import OrderRow, OrderView
from webapp.viewmodels.parts import EMPTY_FORM, Form, Option, Page, Pagination, Picture, Price, Rail

CheckLevel = Literal["must", "warning", "note"]
RunStatus = Literal["running", "live", "published", "refused", "failed", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure on the owner's first page with the sentence that explains it."""

    label: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A point of the owner's checklist."""

    label: str
    is_done: bool
    url: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One condition a model has to meet before it may serve; a warning refuses nothing, a note is only told."""

    name: str
    passed: bool
    detail: str = ""
    level: CheckLevel = "must"
    is_english: bool = False  # what has no form in the language of the page


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """The figures of one model in one evaluation; ``None`` where it has none. ``is_own`` marks the trained model."""

    model: str
    values: tuple[float | None, ...]
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One training run.

    ``metric_names`` heads the columns of ``metrics``; ``progress`` (0-1) and ``stage`` tell how far a running one is.
    """

    run_id: int
    status: RunStatus
    started_at: datetime
    version: str = ""
    strategy: str = "hybrid"
    seconds: float | None = None
    n_events: int = 0
    n_users: int = 0
    n_items: int = 0
    trigger: str = ""
    message: str = ""
    gate_passed: bool | None = None
    checks: tuple[GateCheck, ...] = ()
    metric_names: tuple[str, ...] = ()
    metrics: tuple[MetricsRow, ...] = ()
    progress: float = 0.0
    stage: str = ""
    can_rollback: bool = False
    has_card: bool = False

    @property
    def percent(self) -> int:
        """Progress in whole percent."""
        return round(100 * self.progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminHomePage(Page):
    """The owner's first page."""

    tiles: tuple[Tile, ...] = ()
    tasks: tuple[Task, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    live: ModelRun | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the owner's table; ``stock`` sums its variants and is editable when there is only one."""

    product_id: int
    slug: str
    name: str
    price: Price
    stock: int
    is_visible: bool = True
    n_variants: int = 1
    sku: str = ""
    brand: str = ""
    category: str = ""
    picture: Picture | None = None
    updated_at: datetime | None = None


def _is_chosen(options: tuple[Option, ...]) -> bool:
    """Whether one of the options is selected that says anything."""
    return any(option.is_selected and option.value for option in options)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminProductsPage(Page):
    """The owner's table of products."""

    rows: tuple[ProductRow, ...] = ()
    query: str = ""
    categories: tuple[Option, ...] = ()
    states: tuple[Option, ...] = ()
    sorts: tuple[Option, ...] = ()
    pagination: Pagination | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether only some of the products are asked for."""
        return bool(self.query) or _is_chosen((*self.categories, *self.states))


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant in the editor; its fields are ``stock-<id>`` and ``price-<id>``."""

    variant_id: int
    sku: str
    name: str
    price: Price
    stock: int
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminProductPage(Page):
    """The product editor; ``version`` guards against two people who edit at once."""

    product_id: int
    slug: str
    name: str
    form: Form
    currency: str = "EUR"
    picture: Picture | None = None
    categories: tuple[Option, ...] = ()
    brands: tuple[Option, ...] = ()
    variants: tuple[VariantRow, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    n_impressions: int = 0
    n_orders: int = 0
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminOrdersPage(Page):
    """The owner's queue of orders."""

    orders: tuple[OrderRow, ...] = ()
    query: str = ""
    states: tuple[Option, ...] = ()
    pagination: Pagination | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether only some of the orders are asked for."""
        return bool(self.query) or _is_chosen(self.states)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminOrderPage(Page):
    """One order with the steps it may take next (value is the new status)."""

    order: OrderView
    customer: str = ""
    transitions: tuple[Option, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminModelsPage(Page):
    """Training runs, newest first; ``chosen`` is the run whose figures are shown whole.

    ``may_train``: whether the reader may begin a training and go back to an earlier version.
    """

    may_train: bool = True
    live: ModelRun | None = None
    chosen: ModelRun | None = None
    runs: tuple[ModelRun, ...] = ()
    is_training: bool = False
    next_run_at: datetime | None = None
    schedule: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminModelCardPage(Page):
    """What a model says about itself; ``card`` is markup made by us, headings from the first level on."""

    version: str
    card: Markup


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher in words."""

    code: str
    effect: str
    conditions: str = ""
    period: str = ""
    uses: str = "0"
    state: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminVouchersPage(Page):
    """A page of the vouchers, and the form for a new one; ``url`` is its address."""

    url: str = "/admin/vouchers"
    rows: tuple[VoucherRow, ...] = ()
    query: str = ""
    pagination: Pagination | None = None
    kinds: tuple[Option, ...] = ()
    currency: str = "EUR"
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule for recommended lists in words."""

    rule_id: int
    what: str
    about: str
    note: str = ""
    period: str = ""
    state: str = ""
    can_end: bool = True


@dataclass(frozen=True, slots=True)
class RulePreview:
    """The first rail of a shopper's home page as it is, and as it would be."""

    who: str
    before: Rail | None
    after: Rail | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Who changed a rule, when and how."""

    at: datetime
    who: str
    what: str
    rule_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRulesPage(Page):
    """A page of the rules, the form for a new one or a change, what it would do, and who changed what.

    ``url`` is the address of the page of the table.
    """

    url: str = "/admin/rules"
    rows: tuple[RuleLine, ...] = ()
    actions: tuple[Option, ...] = ()
    categories: tuple[Option, ...] = ()
    brands: tuple[Option, ...] = ()
    form: Form = EMPTY_FORM
    rule_id: int | None = None
    preview: RulePreview | None = None
    changes: tuple[RuleChange, ...] = ()
    currency: str = "EUR"
    pagination: Pagination | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A way of delivery as the owner edits it; amounts and countries are text fields."""

    code: str
    name: str
    price: str
    free_from: str = ""
    days_min: str = "2"
    days_max: str = "4"
    countries: str = ""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The tax contained in the prices of a country, in percent."""

    country: str
    name: str
    percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminDeliveryPage(Page):
    """Ways of delivery and tax rates, editable; ``retired`` are the ways no longer offered."""

    methods: tuple[DeliveryRow, ...] = ()
    retired: tuple[DeliveryRow, ...] = ()
    taxes: tuple[TaxRow, ...] = ()
    currency: str = "EUR"
    form: Form = EMPTY_FORM
    blank: DeliveryRow = DeliveryRow("new", "", "")
    new_form: Form = EMPTY_FORM
