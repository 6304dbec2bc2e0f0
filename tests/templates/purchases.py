"""The pages one buys on, from the cart to the confirmation, in their states."""

from __future__ import annotations

from dataclasses import replace

from webapp.viewmodels import (
    AddressView,
    CartLine,
    CartPage,
    CheckoutStep,
    ContactPage,
    DeliveryMethod,
    DeliveryPage,
    DonePage,
    Form,
    Option,
    OrderLine,
    OrderPage,
    OrderSummary,
    OrderView,
    PaymentMethod,
    PaymentPage,
    PaymentTestPage,
    PayPage,
    Price,
    ReviewPage,
    SummaryLine,
    TimelineEntry,
)

from .samples import THINGS, ago, meta, picture, rail, slug

CART_LINES = tuple(
    CartLine(
        i + 1,
        i + 1,
        slug(THINGS[i][0]),
        THINGS[i][0],
        Price(THINGS[i][2], "EUR", THINGS[i][3]),
        q,
        10,
        variant,
        picture(i, THINGS[i][0]),
        problem,
    )
    for i, q, variant, problem in (
        (0, 1, "Moss, M", ""),
        (2, 4, "350 ml", "Only 4 left; you had asked for 6."),
        (5, 1, "", ""),
    )
)
SUMMARY = OrderSummary(
    subtotal_cents=17350,
    total_cents=17840,
    shipping_cents=490,
    tax_cents=2848,
    n_items=6,
    lines=tuple(
        SummaryLine(line.name, line.quantity, line.line_cents, line.variant_name, line.picture) for line in CART_LINES
    ),
)
UNSHIPPED = OrderSummary(subtotal_cents=17350, total_cents=17350, tax_cents=2770, n_items=6, lines=SUMMARY.lines)

cart_full = CartPage(
    meta=meta("Your cart", is_indexed=False),
    lines=CART_LINES,
    summary=UNSHIPPED,
    free_shipping_left_cents=2650,
    goes_with=rail("goes_with", "Goes with what is in your cart", 4, n=4),
)
DISCOUNTED = replace(SUMMARY, discount_cents=1735, total_cents=16105, tax_cents=2571, voucher_code="SPRING")
cart_voucher = replace(
    cart_full,
    summary=replace(UNSHIPPED, discount_cents=1735, total_cents=15615, tax_cents=0, voucher_code="SPRING"),
    voucher_code="SPRING",
    removed="Cress vase, terracotta",
    has_changes=True,
)
cart_voucher_wrong = replace(
    cart_full, form=Form({"code": "SPRNG"}, {"code": "We do not know this code."}), free_shipping_left_cents=0
)
cart_voucher_idle = replace(
    cart_full, voucher_code="SPRING", voucher_problem="The voucher SPRING counts from goods worth €200.00 on."
)
cart_empty = CartPage(
    meta=meta("Your cart"), summary=OrderSummary(0, 0), recent=rail("recent", "You looked at these lately", 1)
)


def steps(current: int) -> tuple[CheckoutStep, ...]:
    """Return the four steps with the given one (0-3) as the present."""
    names = (
        ("contact", "Contact", "ana@example.com"),
        ("delivery", "Delivery", "Ana Okafor, 12 Mill Lane, 04109 Leipzig; Standard"),
        ("payment", "Payment", "Test payment"),
        ("review", "Last look", ""),
    )
    return tuple(
        CheckoutStep(
            key,
            label,
            f"/checkout/{key}",
            "done" if i < current else "current" if i == current else "ahead",
            done if i < current else "",
        )
        for i, (key, label, done) in enumerate(names)
    )


ADDRESS = AddressView(
    "Ana Okafor", "12 Mill Lane", "04109", "Leipzig", "DE", "2nd floor", "+49 341 000000", "Germany", 1, True
)
STANDARD = DeliveryMethod("standard", "Standard", 490, detail="2 to 4 working days", is_selected=True)
EXPRESS = DeliveryMethod("express", "Tomorrow", 1290, detail="Ordered before 15:00")
PICKUP = DeliveryMethod("pickup", "Fetch it yourself", 0)
TEST_METHOD = PaymentMethod("test", "Test payment", "Choose on the next page what the bank answers.", True, True)
COUNTRIES = (Option("DE", "Germany", True), Option("FR", "France"))

contact = ContactPage(meta=meta("Contact"), steps=steps(0), summary=UNSHIPPED)
contact_wrong = ContactPage(
    meta=meta("Contact"),
    steps=steps(0),
    summary=UNSHIPPED,
    is_signed_in=True,
    form=Form({"email": "ana@"}, {"email": "This address is not whole: something after the @ is missing."}),
)
delivery = DeliveryPage(
    meta=meta("Delivery"),
    steps=steps(1),
    summary=SUMMARY,
    methods=(STANDARD, EXPRESS, PICKUP),
    countries=COUNTRIES,
    saved=(ADDRESS,),
)
delivery_wrong = DeliveryPage(
    meta=meta("Delivery"),
    steps=steps(1),
    summary=SUMMARY,
    methods=(STANDARD, EXPRESS),
    countries=COUNTRIES,
    form=Form({"name": "Ana", "postcode": "x"}, {"line1": "A street is missing.", "postcode": "Five digits."}),
)
payment = PaymentPage(meta=meta("Payment"), steps=steps(2), summary=SUMMARY, methods=(TEST_METHOD,))
review = ReviewPage(
    meta=meta("Last look"),
    steps=steps(3),
    summary=SUMMARY,
    email="ana@example.com",
    address=ADDRESS,
    delivery=STANDARD,
    payment=TEST_METHOD,
    idempotency_key="k-1",
    changes=("Tide mug costs 18.00 now, it was 16.00.",),
)
review_voucher = replace(review, summary=DISCOUNTED, changes=())
review_short = replace(review, changes=("Tide mug is sold out.",), can_pay=False)
test_payment = PaymentTestPage(
    meta=meta("Test payment", is_indexed=False),
    token="t-1",
    order_number="K-20418",
    total_cents=17840,
    outcomes=(
        Option("success", "Pay"),
        Option("decline", "Decline"),
        Option("confirm", "Ask for confirmation", detail="As banks do with a second factor."),
        Option("timeout", "Never answer"),
    ),
)
pay = PayPage(
    meta=meta("Pay your order", is_indexed=False),
    order_number="K-20418",
    total_cents=17840,
    methods=(TEST_METHOD, PaymentMethod("stripe", "Card and more, through Stripe")),
    message="The bank said no. Choose another way.",
)
pay_no_way = PayPage(meta=meta("Pay your order", is_indexed=False), order_number="K-20418", total_cents=17840)
ORDER = OrderView(
    number="K-20418",
    placed_at=ago(2),
    status="paid",
    status_label="paid",
    lines=tuple(
        OrderLine(
            line.name,
            line.quantity,
            line.unit_price.cents,
            "EUR",
            line.variant_name,
            f"SKU-{line.line_id}",
            line.product_id,
            line.slug,
            line.picture,
        )
        for line in CART_LINES
    ),
    summary=SUMMARY,
    email="ana@example.com",
    address=ADDRESS,
    delivery_label="Standard, 2 to 4 working days",
    payment_label="Test payment",
    timeline=(TimelineEntry(ago(2), "Placed"), TimelineEntry(ago(1.9), "Paid", "Test payment", "system")),
    is_test=True,
    can_cancel=True,
    can_pay=True,
    pay_url="/checkout/test-payment/t-1",
)
done = DonePage(
    meta=meta("Thank you"), order=ORDER, can_register=True, goes_with=rail("goes_with", "Goes with it", 6, n=4)
)
done_waiting = DonePage(meta=meta("Thank you"), order=ORDER, is_waiting=True)
order_by_link = OrderPage(meta=meta("Order K-20418"), order=ORDER)
