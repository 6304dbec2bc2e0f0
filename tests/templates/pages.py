"""The pages a shopper browses and buys on, in their states."""

from __future__ import annotations

from dataclasses import replace

from webapp.viewmodels import (
    AboutDemoPage,
    ApiCall,
    ApiDocsPage,
    ApiParameter,
    Bundle,
    Chip,
    DeliveryCost,
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
    OrderChoice,
    OwnOrder,
    PageLink,
    Pagination,
    PhotoPage,
    Price,
    PriceRange,
    ProductPage,
    RailsPartial,
    Rating,
    RatingBin,
    Review,
    Suggestion,
    Variant,
)

from .samples import (
    CATEGORIES,
    CRUMBS,
    ago,
    card,
    cards,
    meta,
    picture,
    rail,
    reason,
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

home_full = HomePage(
    meta=meta("Kindred"), rails=HOME_RAILS, categories=CATEGORIES, more_categories=(NavCategory("kites", "Kites", 2),)
)
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
    order=OrderChoice(True, "/search?q=blue+mugg"),
    request_id="r-3",
)
search_near = ListingPage(
    meta=meta("Search: something to hold tulips", is_indexed=False),
    heading="“something to hold tulips”",
    total=7,
    cards=cards(1, 7),
    sorts=SORTS,
    action_url="/search",
    hidden=(("q", "something to hold tulips"),),
    query="something to hold tulips",
    is_search=True,
    is_near_only=True,
    order=OrderChoice(False, "/search?q=something+to+hold+tulips"),
)
photo_blank = PhotoPage(meta=meta("Search by photo", is_indexed=False))
photo_found = PhotoPage(meta=meta("Search by photo", is_indexed=False), cards=cards(3, 9), is_answered=True)
photo_nothing = PhotoPage(meta=meta("Search by photo", is_indexed=False), is_answered=True)
photo_refused = PhotoPage(
    meta=meta("Search by photo", is_indexed=False), form=Form(errors={"photo": "This is no picture that can be read."})
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
)
LONG_WORD = "overshirt" * 20
search_long_word = replace(search_full, query=LONG_WORD)
search_nothing_long_word = replace(search_nothing, query=LONG_WORD)
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
listing_own_order = replace(listing_full, own_order=OwnOrder(50, 120, "/c/kitchen-and-table"))
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
    delivery_cost=DeliveryCost(2290, free_from_cents=6000),
    rating=Rating(4.4, 1043),
    histogram=HISTOGRAM,
    reviews=REVIEWS,
    n_reviews=3,
    review_sorts=(
        PageLink("Newest first", "/p/3#reviews", True),
        PageLink("Most stars first", "/p/3?reviews=best#reviews"),
    ),
    review_pages=PAGES,
    your_stars=4,
    can_review=True,
    is_wished=True,
    similar=rail("similar", "Other mugs like this one", 3),
    goes_with=rail("goes_with", "Goes well with it", 5, n=5),
    bundle=Bundle(card(2), rail("bundle", "Often bought together", 4, n=2), 9400),
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
    all_reviews_url="/p/12-hald-chair-ash#reviews",
    similar=rail("similar", "Other chairs like this one", 1),
    can_review=True,
    review_form=Form({"rating": "", "title": "Nice"}, {"rating": "Choose one to five stars."}),
)
about_demo = AboutDemoPage(
    meta=meta("About the demo"),
    figures=(Fact("Products", "2,140"), Fact("Events", "112,004")),
    accounts=(Fact("Shopper", "ana@example.com"), Fact("Owner", "owner@example.com")),
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
