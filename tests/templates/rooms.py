"""The account and the owner's pages, in their states."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from markupsafe import Markup

from webapp.viewmodels import (
    AccountPage,
    AddressesPage,
    AdminDeliveryPage,
    AdminHomePage,
    AdminModelCardPage,
    AdminModelsPage,
    AdminOrderPage,
    AdminOrdersPage,
    AdminProductPage,
    AdminProductsPage,
    AdminRulesPage,
    AdminVouchersPage,
    Alert,
    AlertsPage,
    ChoiceRow,
    DeliveryRow,
    Form,
    FormPage,
    GateCheck,
    InvoicePage,
    MetricsRow,
    ModelRun,
    Option,
    OrderPage,
    OrderRow,
    OrdersPage,
    OwnReview,
    OwnReviewsPage,
    Price,
    PrivacyPage,
    ProductRow,
    Rail,
    RuleChange,
    RuleLine,
    RulePreview,
    SecurityPage,
    SessionRow,
    Task,
    TaxLine,
    TaxRow,
    Tile,
    ToRate,
    VariantRow,
    VoucherRow,
    WishlistPage,
)

from .pages import PAGES
from .purchases import ADDRESS, COUNTRIES, ORDER
from .samples import NOW, THINGS, ago, card, cards, meta, picture, rail, slug

WRONG = Form({"email": "ana@example.com"}, {"email": "E-mail address or password is not right."})

register = FormPage(meta=meta("Make an account"), next_url="/cart")
register_wrong = FormPage(
    meta=meta("Make an account"),
    form=Form({"name": "A"}, {"name": "Two letters at least.", "password": "At least 8 characters."}),
)
sign_in = FormPage(meta=meta("Sign in"), next_url="/cart")
sign_in_wrong = FormPage(meta=meta("Sign in"), form=WRONG)
forgot = FormPage(meta=meta("A new password"))
forgot_sent = FormPage(meta=meta("A new password"), is_sent=True)
confirm_email = FormPage(meta=meta("Confirm your address"), form=Form({"email": "new@example.com"}), token="t-10")
reset = FormPage(meta=meta("A new password"), token="t-9")

ORDER_ROWS = (
    OrderRow(
        "K-20418",
        ago(2),
        "paid",
        "paid",
        17840,
        n_items=6,
        pictures=tuple(picture(i, "") for i in range(3)),
        customer="Ana Okafor",
    ),
    OrderRow(
        "K-19007", ago(60), "delivered", "delivered", 4200, n_items=1, pictures=(picture(4, ""),), customer="Ben Roth"
    ),
    OrderRow("K-18833", ago(75), "cancelled", "cancelled", 1250, n_items=1, customer="Carla Diaz"),
)

overview = AccountPage(
    meta=meta("Account"),
    name="Ana",
    email="ana@example.com",
    member_since=ago(400),
    orders=ORDER_ROWS,
    n_orders=3,
    n_wishlist=12,
    n_ratings=31,
    rail=rail("for_you", "Picked for you", 2),
)
overview_new = AccountPage(meta=meta("Account"), name="Ana", email="ana@example.com", member_since=NOW)
orders = OrdersPage(meta=meta("Your orders"), orders=ORDER_ROWS, pagination=PAGES)
orders_empty = OrdersPage(meta=meta("Your orders"))
order = OrderPage(meta=meta("Order K-20418"), order=replace(ORDER, has_invoice=True))
invoice = InvoicePage(
    meta=meta("Invoice K-20418"),
    order=ORDER,
    paid_at=ago(1),
    seller_lines=("Kindred Ltd", "1 Paper Street", "10115 Berlin"),
    seller_tax_id="DE123456789",
    taxes=(TaxLine(190, 14992, 2848),),
)
own_reviews = OwnReviewsPage(
    meta=meta("Ratings and reviews"),
    to_rate=(
        ToRate(5, "Hald chair, ash", "/p/5-hald-chair-ash", picture(4, "")),
        ToRate(6, "Larch boot with a name that goes on for longer than one line", "/p/6-larch-boot", None),
    ),
    reviews=(
        OwnReview(
            1,
            "Alder overshirt, moss",
            "/p/1-alder-overshirt-moss#reviews",
            picture(0, ""),
            5,
            ago(2),
            "Warm and light",
            "I wear it every day.\n\nThe pockets are where they should be.",
            "Thank you, Ana.",
        ),
        OwnReview(2, "Tide mug", "/p/2-tide-mug#reviews", picture(2, ""), 4, ago(9)),
        OwnReview(3, "Cress vase", "/p/3-vase#reviews", picture(3, ""), 1, ago(20), "", "Bad words.", "", False),
        OwnReview(4, "Oslo lamp", "", None, 3, ago(200), "", "It was fine."),
    ),
    pagination=PAGES,
)
own_reviews_to_rate = replace(own_reviews, reviews=(), pagination=None)
own_reviews_empty = OwnReviewsPage(meta=meta("Ratings and reviews"))
wishlist = WishlistPage(
    meta=meta("What you saved"),
    cards=cards(0, 7),
    rail=rail("for_you", "Picked for you", 3),
)
alerts = AlertsPage(
    meta=meta("Alerts"),
    alerts=(
        Alert(4, "Hald chair, ash", "/p/12-hald-chair-ash?variant=12", picture(4, ""), "ana@example.com", ago(2)),
        Alert(3, "Oslo lamp", "", None, "a-long-name-of-a-mailbox@department.example.com", ago(60)),
    ),
)
alerts_empty = AlertsPage(meta=meta("Alerts"))
wishlist_empty = WishlistPage(meta=meta("What you saved"))
addresses = AddressesPage(
    meta=meta("Addresses"),
    addresses=(ADDRESS,),
    countries=COUNTRIES,
    editing=ADDRESS,
    form=Form({"name": "Ana Okafor", "line1": "12 Mill Lane", "postcode": "04109", "city": "Leipzig", "country": "DE"}),
)
addresses_empty = AddressesPage(meta=meta("Addresses"), countries=COUNTRIES)
security = SecurityPage(
    meta=meta("Security"),
    form=Form({}, {"current_password": "That is not your password."}),
    email="ana@example.com",
    sessions=(
        SessionRow("s1", "Firefox on Linux", ago(0), ago(10), True),
        SessionRow("s2", "Safari on a phone", ago(3), ago(30)),
    ),
)
privacy = PrivacyPage(meta=meta("Privacy"), n_events=412, n_ratings=31, n_orders=3)
privacy_paused = PrivacyPage(meta=meta("Privacy"), is_paused=True)
privacy_chosen = replace(privacy, choices=(ChoiceRow(True, ago(2)), ChoiceRow(False, ago(40))))

METRICS = ("ndcg@10", "recall@10", "map@10", "coverage", "rmse")
LIVE = ModelRun(
    run_id=41,
    status="live",
    started_at=ago(0.3),
    version="20261120-031502-a1f9",
    seconds=184.2,
    n_events=112004,
    n_users=1012,
    n_items=2140,
    trigger="nightly",
    gate_passed=True,
    checks=(
        GateCheck("Not worse than the live parameters", True, "ndcg@10 0.0914 against 0.0907, allowed down to 0.0889"),
        GateCheck("Better than popularity", True, "ndcg@10 0.0914 against 0.0312"),
        GateCheck("Covers the shelves", True, "61 % of what can be sold, at least 40 % asked"),
        GateCheck("newest event", False, "it is 31 hours old", "warning"),
        GateCheck("logged picks", True, "not judged: no place is on record that chance filled", "note"),
    ),
    metric_names=METRICS,
    metrics=(
        MetricsRow("hybrid", (0.0914, 0.141, 0.0711, 0.61, None), True),
        MetricsRow("itemseq", (0.0861, 0.133, 0.066, 0.44, None)),
        MetricsRow("popular", (0.0312, 0.052, 0.0201, 0.02, None)),
        MetricsRow("svd", (0.0118, 0.021, 0.0091, 0.35, 0.934)),
    ),
    has_card=True,
)
REFUSED = ModelRun(
    run_id=40,
    status="refused",
    started_at=ago(1.3),
    version="20261119-031455-77c0",
    seconds=181.0,
    n_events=111020,
    gate_passed=False,
    checks=(GateCheck("Better than popularity", False, "ndcg@10 0.0207 against 0.0309"),),
    message="Half of the events of the last week had no user; see the import of 18 November.",
)
RUNNING = ModelRun(
    run_id=42,
    status="running",
    started_at=NOW - timedelta(minutes=1),
    progress=0.42,
    stage="evaluating",
    n_events=112900,
)
OLD = ModelRun(
    run_id=39,
    status="published",
    started_at=ago(2.3),
    version="20261118-031500-0be2",
    seconds=9.2,
    can_rollback=True,
    has_card=True,
)
models = AdminModelsPage(
    meta=meta("Recommender"),
    live=LIVE,
    chosen=LIVE,
    runs=(LIVE, REFUSED, OLD),
    next_run_at=NOW + timedelta(hours=16),
    schedule="Every night at 03:15, Europe/Berlin.",
)
models_refused = AdminModelsPage(meta=meta("Recommender"), live=LIVE, chosen=REFUSED, runs=(REFUSED, LIVE))
models_running = AdminModelsPage(
    meta=meta("Recommender"), live=LIVE, chosen=RUNNING, runs=(RUNNING, LIVE), is_training=True
)
model_card = AdminModelCardPage(
    meta=meta("Model card"),
    version="20261120-031502-9f3a",
    card=Markup(
        "<h1>Model card</h1><h2>What decides the order</h2>"
        '<div class="table-box" tabindex="0" role="region" aria-label="Table"><table class="table">'
        "<thead><tr><th>feature</th><th>share of the gain</th></tr></thead>"
        "<tbody><tr><td><code>itemseq_share</code></td><td>31.2%</td></tr></tbody></table></div>"
        "<h2>Where it ends</h2><ul><li>It was not made to judge people.</li></ul>"
    ),
)
models_empty = AdminModelsPage(meta=meta("Recommender"))

admin_home = AdminHomePage(
    meta=meta("Today"),
    tiles=(
        Tile("Orders today", "14", "3 more than last Friday", "/admin/orders"),
        Tile("Sales today", "€1,204.50", "86.04 an order"),
        Tile("From picks", "31 %", "of what was ordered this week was shown as a pick before"),
        Tile("Sold out", "12", "of 2,140 products", "/admin/products?state=out"),
    ),
    tasks=(Task("Import products", True), Task("Set the first price list", False, "/admin/products", "12 have none")),
    orders=ORDER_ROWS,
    live=LIVE,
    warnings=("Last night's training failed. Shoppers still see yesterday's model.",),
)
admin_home_empty = AdminHomePage(meta=meta("Today"))
PRODUCT_ROWS = tuple(
    ProductRow(
        i + 1,
        slug(name),
        name,
        Price(cents, "EUR", old),
        stock,
        visible,
        n,
        f"SKU-{i}",
        brand,
        "Home",
        picture(i, name),
    )
    for i, ((name, brand, cents, old, *_), stock, visible, n) in enumerate(
        zip(THINGS[:6], (12, 0, 140, 3, 7, 55), (True, True, True, False, True, True), (6, 1, 1, 4, 1, 1), strict=True)
    )
)
admin_products = AdminProductsPage(
    meta=meta("Products"),
    rows=PRODUCT_ROWS,
    categories=(Option("home", "Home"),),
    states=(Option("", "all", True), Option("out", "sold out")),
    sorts=(Option("name", "Name", True),),
    pagination=PAGES,
)
admin_products_empty = AdminProductsPage(meta=meta("Products"), query="xyz")
admin_product = AdminProductPage(
    meta=meta("Tide mug"),
    product_id=3,
    slug="tide-mug",
    name="Tide mug, blue stripe",
    form=Form(
        {"name": "", "price": "18.00", "old_price": "", "description": "Thrown on a slow wheel.", "is_visible": "1"},
        {"name": "A product needs a name.", "stock-7": "Zero or more."},
    ),
    picture=picture(2, "Mug with blue stripes"),
    categories=(Option("mugs", "Kitchen > Mugs", True),),
    brands=(Option("saltpan", "Saltpan", True),),
    variants=(
        VariantRow(7, "MUG-350", "350 ml", Price(1800), 3, picture(2, "")),
        VariantRow(8, "MUG-250", "250 ml", Price(1600), 0),
    ),
    facts=(("Made", "3 March 2026"), ("Rated", "4.4 by 1,043")),
    n_impressions=1240,
    n_orders=38,
    version="3",
)
admin_orders = AdminOrdersPage(
    meta=meta("Orders"), orders=ORDER_ROWS, states=(Option("", "all", True), Option("paid", "paid")), pagination=PAGES
)
admin_orders_empty = AdminOrdersPage(meta=meta("Orders"))
KINDS = (Option("percent", "Percent off"), Option("amount", "Amount off"), Option("free_delivery", "Free delivery"))
admin_vouchers = AdminVouchersPage(
    meta=meta("Vouchers"),
    rows=(
        VoucherRow("SPRING", "10 % off the goods", "from €30.00, once for each shopper", "always", "12 of 100", "on"),
        VoucherRow("ANA-2026", "€7.50 off the goods", "only for Ana Okafor", "1 Dec – 24 Dec 2026", "0", "not yet"),
        VoucherRow("SHIPFREE", "free delivery", "", "always", "4", "off", is_active=False),
    ),
    kinds=KINDS,
    query="a",
    pagination=PAGES,
)
admin_vouchers_wrong = AdminVouchersPage(
    meta=meta("Vouchers"),
    kinds=KINDS,
    form=Form(
        {"code": "späti", "kind": "percent", "value": "101", "member": "nobody@example.com"},
        {
            "code": "Three to forty letters, digits, dashes.",
            "value": "Write a whole number from 1 to 100.",
            "member": "No member has this address.",
        },
    ),
)
RULE_CHOICES = {
    "actions": (Option("pin", "Put at a place"), Option("boost", "Move up"), Option("exclude", "Leave out")),
    "categories": (Option("", "any"), Option("mugs", "Mugs")),
    "brands": (Option("", "any"), Option("saltpan", "Saltpan")),
}
admin_rules = AdminRulesPage(
    meta=meta("Rules for recommendations"),
    rows=(
        RuleLine(3, "Put at place 2", "Mug with blue stripes", "Spring catalogue", "1 Mar – 31 Mar 2026", "on"),
        RuleLine(2, "Move up by 40 % of the list", "Kitchen > Mugs, up to €30.00", "", "always", "not yet"),
        RuleLine(1, "Leave out", "Saltpan, at most 2 pieces in stock", "", "always", "over", can_end=False),
    ),
    **RULE_CHOICES,
    changes=(
        RuleChange(NOW, "Ana Okafor", "made", "3"),
        RuleChange(NOW, "somebody who is gone", "ended", "1"),
    ),
    pagination=PAGES,
)
admin_rules_empty = AdminRulesPage(meta=meta("Rules for recommendations"), **RULE_CHOICES)
admin_rules_preview = replace(
    admin_rules,
    rule_id=3,
    form=Form({"action": "pin", "product": "3", "place": "2", "customer": "ana@example.com"}),
    preview=RulePreview(
        "Ana Okafor",
        Rail("for_you", "Recommended for you", (card(0), card(1))),
        Rail("for_you", "Recommended for you", (card(0), card(2, (), is_sponsored=True), card(1))),
    ),
)
admin_rules_wrong = replace(
    admin_rules_empty,
    preview=RulePreview("somebody new", None, None),
    form=Form(
        {"action": "pin", "product": "no-such", "place": "11", "ends": "2020-01-01"},
        {
            "product": "No product has this number or article number.",
            "place": "Write a whole number from 1 to 10.",
            "ends": "The end lies before the beginning.",
        },
    ),
)
admin_delivery = AdminDeliveryPage(
    meta=meta("Delivery and tax"),
    methods=(
        DeliveryRow("standard", "Standard delivery", "4.90", "50.00", countries="AT BE DE DK FR NL PL"),
        DeliveryRow("express", "Express delivery", "12.90", "", "1", "2", "DE"),
    ),
    retired=(DeliveryRow("pigeon", "Carrier pigeon", "2.00"),),
    taxes=(TaxRow("AT", "Austria", "20"), TaxRow("FR", "France", "5.5"), TaxRow("DE", "Germany", "19")),
)
admin_delivery_wrong = replace(
    admin_delivery,
    form=Form(
        {"price-standard": "much", "tax-DE": "190"},
        {
            "price-standard": "Write a price such as 9.99.",
            "max-express": "The most days are fewer than the fewest.",
            "tax-DE": "Write percent from 0 to 50, such as 19 or 5.5.",
        },
    ),
)
admin_delivery_new_wrong = replace(
    admin_delivery,
    new_form=Form({"name-new": "By bike", "price-new": "x"}, {"price-new": "Write a price such as 9.99."}),
)
admin_order = AdminOrderPage(
    meta=meta("Order K-20418"),
    order=ORDER,
    transitions=(
        Option("packed", "Mark as packed"),
        Option("shipped", "Mark as sent"),
        Option("cancelled", "Cancel and refund"),
    ),
    version="2",
)
admin_order_finished = AdminOrderPage(meta=meta("Order K-20418"), order=ORDER)
