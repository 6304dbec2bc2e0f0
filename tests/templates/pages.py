"""The pages a shopper browses and buys on, in their states."""

from __future__ import annotations

from webapp.viewmodels import (
    AboutDemoPage,
    AddressView,
    ApiCall,
    ApiDocsPage,
    ApiParameter,
    Bundle,
    CartLine,
    CartPage,
    CheckoutStep,
    Chip,
    ContactPage,
    DeliveryMethod,
    DeliveryPage,
    DonePage,
    ErrorPage,
    Facet,
    FacetValue,
    Fact,
    Form,
    HomePage,
    ListingPage,
    NavCategory,
    Option,
    OptionGroup,
    OptionValue,
    OrderLine,
    OrderSummary,
    OrderView,
    PageLink,
    Pagination,
    PaymentMethod,
    PaymentPage,
    PaymentTestPage,
    Price,
    PriceRange,
    ProductPage,
    RailsPartial,
    Rating,
    RatingBin,
    Review,
    ReviewPage,
    Suggestion,
    SummaryLine,
    TimelineEntry,
    Variant,
)

from .samples import (
    CATEGORIES,
    CRUMBS,
    THINGS,
    ago,
    card,
    cards,
    meta,
    picture,
    rail,
    reason,
    slug,
)

PAGES = Pagination(
    total=214,
    first=25,
    last=48,
    previous_url="?page=1",
    next_url="?page=3",
    links=(
        PageLink("1", "?page=1"),
        PageLink("2", "?page=2", is_current=True),
        PageLink("3", "?page=3"),
        PageLink(""),
        PageLink("9", "?page=9"),
    ),
)

HOME_RAILS = (
    rail(
        "for_you",
        "Picked for you",
        0,
        note="From 14 things you did here.",
        see_all_url="/your-recommendations",
        is_personal=True,
    ),
    rail("because", "Because you rated the Oslo desk lamp", 4, reason=reason("because_rated", 1, stars=5)),
    rail("continue", "Where you left off", 2, n=5),
    rail("popular", "Popular now", 7, see_all_url="/search?sort=popular"),
)

home_full = HomePage(meta=meta("Kindred"), rails=HOME_RAILS, categories=CATEGORIES)
home_cold = HomePage(
    meta=meta("Kindred"),
    rails=(HOME_RAILS[3], rail("new", "New on the shelves", 1)),
    categories=CATEGORIES,
    is_cold=True,
    starter=cards(3, 5),
)
home_empty = HomePage(meta=meta("Kindred"), is_cold=True)
rails_partial = RailsPartial(rails=HOME_RAILS[:2])

FACETS = (
    Facet("category", "Shelf", (FacetValue("mugs", "Mugs", 124, True), FacetValue("bowls", "Bowls", 90))),
    Facet(
        "colour",
        "Colour",
        (
            FacetValue("moss", "Moss", 31, True, "#6f7f4f"),
            FacetValue("ochre", "Ochre", 24, False, "#cf9a3d"),
            FacetValue("slate", "Slate", 1203, False, "#5d6b78"),
        ),
    ),
    Facet("rating", "Rating", (FacetValue("4", "4 stars and more", 102), FacetValue("3", "3 stars and more", 180))),
    Facet("brand", "Maker", tuple(FacetValue(f"b{i}", f"Maker {i}", 40 - i) for i in range(12)), is_open=False),
)
SORTS = (
    Option("relevance", "Best match", True),
    Option("price", "Price, low first"),
    Option("for_you", "For you"),
)

listing_full = ListingPage(
    meta=meta("Kitchen and table"),
    crumbs=CRUMBS,
    heading="Kitchen and table",
    intro="Things one holds every day: thrown, turned and glazed by hand, and safe in the machine.",
    total=214,
    cards=tuple(card(i, reasons=()) for i in range(12)),
    facets=FACETS,
    price_range=PriceRange(4, 120, "EUR", "10", ""),
    in_stock_only=True,
    chips=(Chip("Mugs", "?colour=moss"), Chip("Moss", "?category=mugs"), Chip("From €10", "?")),
    clear_url="?",
    sorts=SORTS,
    pagination=PAGES,
    action_url="/c/kitchen-and-table",
    children=(NavCategory("mugs", "Mugs", 124), NavCategory("bowls", "Bowls", 90)),
    rails=(rail("for_you", "From this shelf, for you", 2),),
    request_id="r-2",
)
search_full = ListingPage(
    meta=meta("Search: blue mugg", is_indexed=False),
    heading="“blue mugg”",
    total=12,
    cards=cards(2, 12),
    facets=FACETS[1:3],
    sorts=SORTS,
    action_url="/search",
    hidden=(("q", "blue mugg"),),
    query="blue mugg",
    is_search=True,
    did_you_mean=Suggestion("blue mug", "/search?q=blue+mug"),
    personal_order=True,
    plain_order_url="/search?q=blue+mugg&order=plain",
    request_id="r-3",
)
WAYS_ON = (Suggestion("mug", "/search?q=mug", 124), Suggestion("Kitchen and table", "/c/kitchen-and-table"))
search_nothing = ListingPage(
    meta=meta("Search"),
    heading="Search",
    total=0,
    query="purple unicorn",
    is_search=True,
    ways_on=WAYS_ON,
    action_url="/search",
    hidden=(("q", "purple unicorn"),),
    rails=(rail("popular", "Popular now", 3),),
)
search_blank = ListingPage(meta=meta("Search"), heading="Search", total=0, is_search=True, action_url="/search")
listing_filtered_out = ListingPage(
    meta=meta("Mugs"),
    heading="Mugs",
    total=0,
    chips=(Chip("Moss", "?"), Chip("Under €5", "?")),
    clear_url="?",
    facets=FACETS[:2],
    sorts=SORTS,
    action_url="/c/mugs",
    ways_on=(Suggestion("Without “Moss”", "?", 31),),
)
listing_empty = ListingPage(meta=meta("Mugs"), crumbs=CRUMBS, heading="Mugs", total=0, action_url="/c/mugs")

REVIEWS = (
    Review(
        1,
        "Ben",
        5,
        ago(12),
        "My morning in one hand",
        "Holds exactly as much as I want.\n\nSurvived the machine forty times; the stripe is as blue as ever.",
        is_verified=True,
    ),
    Review(
        2,
        "Carla",
        4,
        ago(40),
        "",
        "A little heavier than it looks, which I like.",
        reply="Thank you, Carla. It is 340 grams.",
    ),
    Review(3, "Ana", 2, ago(90), "Chipped", "The rim chipped after a month.", is_verified=True, is_mine=True),
)
HISTOGRAM = tuple(RatingBin(s, n, n / 1043, f"?stars={s}") for s, n in ((5, 610), (4, 300), (3, 90), (2, 30), (1, 13)))

product_full = ProductPage(
    meta=meta(
        "Tide mug, blue stripe",
        og_type="product",
        og_image="https://shop.example/media/mug-2-960.webp",
        json_ld=({"@context": "https://schema.org", "@type": "Product", "name": "Tide mug, blue stripe"},),
    ),
    crumbs=(*CRUMBS[:2], *CRUMBS[2:]),
    product_id=3,
    slug="tide-mug-blue-stripe",
    name="Tide mug, blue stripe",
    brand="Saltpan",
    brand_url="/search?brand=saltpan",
    variant=Variant(7, "MUG-TIDE-BLU-350", "Blue stripe, 350 ml", Price(1800, "EUR", 2200), 3, picture(2, "Mug")),
    gallery=tuple(picture(i, f"Tide mug, blue stripe, seen from side {i}") for i in (2, 14, 26)),
    options=(
        OptionGroup(
            "Colour",
            (
                OptionValue("Blue stripe", "?variant=a", True, colour="#5489a8"),
                OptionValue("Moss", "?variant=b", colour="#6f7f4f"),
                OptionValue("Ochre", "?variant=c", False, False, "not made in 350 ml", "#cf9a3d"),
            ),
        ),
        OptionGroup(
            "Size",
            (
                OptionValue("250 ml", "?variant=d"),
                OptionValue("350 ml", "?variant=a", True),
                OptionValue("500 ml", "?variant=e", False, False, "sold out"),
            ),
        ),
    ),
    description="Thrown on a slow wheel, dipped twice, and striped by a steady hand.\n\nThe foot is left bare, so it "
    "sits quietly on wood. Fits under every coffee machine we tried.",
    facts=(Fact("Material", "Stoneware"), Fact("Holds", "350 ml"), Fact("Care", "Machine and microwave")),
    delivery_note="with you in 2 to 4 days",
    rating=Rating(4.4, 1043),
    histogram=HISTOGRAM,
    reviews=REVIEWS,
    n_reviews=3,
    review_pages=PAGES,
    your_stars=4,
    can_review=True,
    is_wished=True,
    similar=rail("similar", "Other mugs like this one", 3),
    goes_with=rail("goes_with", "Goes well with it", 5, n=5),
    bundle=Bundle((card(2), card(4), card(7)), 9400),
    more_rails=(rail("recent", "You looked at these lately", 6, n=6),),
    request_id="r-4",
)
product_bare = ProductPage(
    meta=meta("Walden notebook, leaf"),
    product_id=6,
    slug="walden-notebook-leaf",
    name="Walden notebook, leaf",
    variant=Variant(9, "NB-1", "", Price(1250), 40),
)
product_sold_out = ProductPage(
    meta=meta("Hald chair, ash"),
    crumbs=CRUMBS,
    product_id=12,
    slug="hald-chair-ash",
    name="Hald chair, ash",
    brand="Nordholm",
    variant=Variant(12, "CH-1", "Ash", Price(24900), 0, picture(11, "Chair")),
    gallery=(picture(11, "Hald chair in ash"),),
    rating=Rating(4.7, 1),
    histogram=tuple(RatingBin(s, int(s == 5), float(s == 5), f"?stars={s}", s == 5) for s in range(1, 6)),
    star_filter=5,
    all_reviews_url="/p/12-hald-chair-ash",
    similar=rail("similar", "Other chairs like this one", 1),
    can_review=True,
    review_form=Form({"rating": "", "title": "Nice"}, {"rating": "Choose one to five stars."}),
)
about_demo = AboutDemoPage(
    meta=meta("About the demo"),
    figures=(Fact("Products", "2,140"), Fact("Events", "112,004")),
    accounts=(Fact("Shopper", "ana@example.com"), Fact("Owner", "owner@example.com")),
)

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
    message="The bank said no. Your cart is still there.",
)
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
    timeline=(TimelineEntry(ago(1.9), "Paid", "Test payment", "system"), TimelineEntry(ago(2), "Placed")),
    is_test=True,
    can_cancel=True,
    can_pay=True,
    pay_url="/checkout/test-payment/t-1",
)
done = DonePage(
    meta=meta("Thank you"), order=ORDER, can_register=True, goes_with=rail("goes_with", "Goes with it", 6, n=4)
)

api_docs = ApiDocsPage(
    meta=meta("For developers"),
    base_url="http://127.0.0.1:5000/api",
    calls=(
        ApiCall(
            "GET",
            "/api/recommendations",
            "The best picks for one shopper, with a reason for each.",
            (
                ApiParameter("user_id", "string", "Whose picks.", True),
                ApiParameter("k", "integer", "How many, 1 to 100."),
            ),
            "curl 'http://127.0.0.1:5000/api/recommendations?user_id=7&k=5'",
            '{"items": [{"product_id": 3, "name": "Tide mug"}]}',
            "recommendations:read",
        ),
        ApiCall("POST", "/api/feedback", "One rating or event."),
    ),
)


def error(status: int, **over: object) -> ErrorPage:
    """Return the page of an error."""
    return ErrorPage(meta=meta(str(status), is_indexed=False), status=status, **over)
