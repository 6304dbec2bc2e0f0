"""What the pages say in which state, and what they never say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from webapp.viewmodels import Card, Chrome, Notice, OwnOrder, PageMeta, Rail, Reason, Review, Visitor

from . import pages, purchases, rooms
from .markup import Markup
from .samples import GUEST, MEMBER, NOW, OWNER, card, reason
from .site import NONCE, ROOT, make_app, render

APP = make_app()
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def text_of(template: str, page: object, chrome: Chrome = GUEST) -> str:
    """Return the words of a page, spaces run together."""
    markup = Markup(render(APP, template, page, chrome))
    return " ".join(markup.all("body")[0].text.split())


def home_with(*reasons: Reason) -> str:
    """Return the words of a home page with one card that has these reasons."""
    rail = Rail("for_you", "Picked for you", (card(2, reasons=reasons),))
    return text_of("shop/home.html", replace(pages.home_full, rails=(rail,)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (reason("because_viewed", 4), "Because you looked at Cress vase, terracotta"),
        (reason("because_clicked", 4), "Because you looked at Cress vase, terracotta"),
        (reason("because_cart", 4), "Because you put Cress vase, terracotta into your cart"),
        (reason("because_wishlist", 4), "Because you saved Cress vase, terracotta"),
        (reason("because_bought", 4), "Because you bought Cress vase, terracotta"),
        (reason("because_rated", 4, stars=5), "Because you gave Cress vase, terracotta 5 stars"),
        (reason("because_rated", 4, stars=1), "Because you gave Cress vase, terracotta one star"),
        (reason("because_rated", 4), "Because you rated Cress vase, terracotta"),
        (reason("similar", 4), "Like Cress vase, terracotta"),
        (reason("goes_with", 4), "Often bought with Cress vase, terracotta"),
        (reason("popular"), "Popular with everyone"),
        (reason("popular_in_category", category="Mugs"), "Popular in Mugs"),
        (reason("trending"), "Sought after this week"),
        (reason("new"), "New on the shelf"),
        (reason("rated_well"), "Rated well by many"),
        (reason("explore_new"), "New here: picked to learn whether you like it"),
        (reason("explore"), "Seldom shown so far: picked to learn whether you like it"),
        (reason("buy_again", 2), "You bought this before"),
        (reason("recently_viewed", 2), "You looked at this lately"),
    ],
    ids=lambda value: value.kind if isinstance(value, Reason) else "",
)
def test_every_reason_is_a_sentence_that_names_its_signal(given: Reason, said: str) -> None:
    assert said in home_with(given)


def test_named_product_of_a_reason_is_linked() -> None:
    html = render(APP, "shop/home.html", pages.home_full, MEMBER)
    assert '<a href="/p/5-cress-vase-terracotta">Cress vase, terracotta</a>' in html


def test_a_short_shelf_in_a_visitors_order_is_in_it_whole() -> None:
    long = text_of("shop/listing.html", pages.listing_own_order, MEMBER)
    assert "Ordered for you: the first 50 by what you did here" in long
    whole = replace(pages.listing_own_order, own_order=OwnOrder(12, 12, "/c/mugs"))
    assert "Ordered for you by what you did here and by how many people want things." in text_of(
        "shop/listing.html", whole, MEMBER
    )


def test_card_without_reason_says_that_nothing_was_used() -> None:
    assert "nothing about you was used" in home_with()


def test_placed_card_is_labelled() -> None:
    rail = Rail("for_you", "Picked for you", (card(2, is_sponsored=True),))
    assert "Picked by the shop" in text_of("shop/home.html", replace(pages.home_full, rails=(rail,)))


def test_product_without_ratings_shows_no_stars() -> None:
    words = text_of("shop/product.html", pages.product_bare)
    assert "No ratings yet. Yours would be the first." in words
    assert "Nobody has rated this yet." in words


@pytest.mark.parametrize(("stock", "said"), [(0, "Sold out at the moment"), (1, "Only one left"), (5, "Only 5 left")])
def test_stock_is_said_in_words(stock: int, said: str) -> None:
    page = replace(pages.product_bare, variant=replace(pages.product_bare.variant, stock=stock))
    assert said in text_of("shop/product.html", page)


def test_sold_out_product_cannot_be_put_into_the_cart_and_shows_others_first() -> None:
    html = render(APP, "shop/product.html", pages.product_sold_out)
    assert "data-add-to-cart" in html
    assert 'name="quantity"' not in html
    assert html.index("Other chairs like this one") < html.index("What others say")


def test_quantity_stops_at_what_can_be_sold() -> None:
    assert 'max="3"' in render(APP, "shop/product.html", pages.product_full)


def test_a_quantity_left_empty_is_asked_for_by_the_browser() -> None:
    """The refusal of the shop names a field "below" that a note over the page has not."""
    (field,) = re.findall(r'<input[^>]*name="quantity"[^>]*>', render(APP, "shop/product.html", pages.product_full))
    assert " required" in field


def test_star_widget_is_five_buttons_that_post_without_javascript() -> None:
    page = Markup(render(APP, "shop/product.html", pages.product_full))
    stars = [b for b in page.all("button") if b.attributes.get("name") == "rating"]
    assert [b.attributes["value"] for b in stars] == ["1", "2", "3", "4", "5"]
    assert [b.attributes["aria-pressed"] for b in stars] == ["false", "false", "false", "true", "false"]
    form = next(f for f in page.all("form") if "data-rate" in f.attributes)
    assert (form.attributes["method"], form.attributes["action"]) == ("post", "/p/3/rate")


def test_guest_is_asked_to_sign_in_and_member_is_not() -> None:
    assert "Make an account" in text_of("shop/home.html", pages.home_full, GUEST)
    assert "Make an account" not in text_of("shop/home.html", pages.home_full, MEMBER)


def test_only_staff_sees_the_way_to_the_office() -> None:
    assert "Shop office" in text_of("shop/home.html", pages.home_full, OWNER)
    assert "Shop office" not in text_of("shop/home.html", pages.home_full, MEMBER)


def test_paused_picks_are_said_on_the_first_page() -> None:
    words = text_of("shop/home.html", pages.home_full, replace(MEMBER, is_personalised=False))
    assert "Personal picks are paused" in words


def test_checkout_offers_the_guest_first() -> None:
    words = text_of("checkout/contact.html", purchases.contact)
    assert words.index("Continue as guest") < words.index("Have an account?")


def test_amount_stands_on_the_button_that_pays() -> None:
    page = Markup(render(APP, "checkout/review.html", purchases.review))
    assert "Pay €178.40" in [button.text.strip() for button in page.all("button")]


def test_test_payment_says_what_it_is() -> None:
    assert "no bank is asked and no money moves" in text_of("checkout/test_payment.html", purchases.test_payment)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429, 500, 503])
def test_error_pages_speak_plainly(status: int) -> None:
    words = text_of("errors/error.html", pages.error(status), Chrome())
    assert f"Error {status}" in words
    assert "To the first page" in words


def test_unknown_error_falls_back_to_the_general_one() -> None:
    assert "Something broke on our side" in text_of("errors/error.html", pages.error(507), Chrome())


def test_what_the_app_does_not_offer_is_left_out() -> None:
    bare = make_app(
        leave_out=(
            "account.forgot",
            "shop.theme",
            "account.reorder",
            "account.order_cancel",
        )
    )
    assert "Forgot" not in render(bare, "account/sign_in.html", rooms.sign_in)
    assert "Cancel order" not in render(bare, "account/order.html", rooms.order, MEMBER)


def test_undo_of_a_dismissal_is_a_form_button() -> None:
    page = Markup(render(APP, "shop/home.html", pages.home_full, MEMBER))
    undo = next(b for b in page.all("button") if b.attributes.get("value") == "undo")
    assert undo.attributes["formaction"] == "/your-recommendations/feedback?product_id=9"
    assert undo.attributes["form"] == "act"


def test_the_office_says_when_the_live_model_was_trained_not_since_when_it_serves() -> None:
    """It may have been brought back this morning, and another one served in between."""
    words = text_of("admin/models.html", rooms.models, OWNER)
    assert f"Version {rooms.LIVE.version} is live. It was trained on " in words
    assert "serving since" not in words


def test_refused_model_says_what_shoppers_see() -> None:
    words = text_of("admin/models.html", rooms.models_refused, OWNER)
    assert "The gate refused it; the version before stayed live" in words


def test_only_a_version_that_can_come_back_has_the_button() -> None:
    page = Markup(render(APP, "admin/models.html", rooms.models, OWNER))
    backs = [b.attributes["value"] for b in page.all("button") if b.attributes.get("name") == "version"]
    assert backs == ["20261118-031500-0be2"]


def test_who_may_not_train_is_offered_neither_training_nor_the_way_back() -> None:
    page = Markup(render(APP, "admin/models.html", replace(rooms.models, may_train=False), OWNER))
    actions = {form.attributes.get("action", "") for form in page.all("form")}
    assert not {path for path in actions if path.startswith("/admin/")}


def test_script_in_a_name_stays_text_everywhere() -> None:
    """S22: no text of a shopper or a catalogue becomes markup, in JSON-LD neither."""
    evil = Card(9, "x", EVIL, card(1).price, brand=EVIL, reasons=(Reason("because_viewed", 0.5, 1, EVIL, "x"),))
    meta = PageMeta(EVIL, EVIL, json_ld=({"@type": "Product", "name": EVIL},))
    product = replace(
        pages.product_full,
        meta=meta,
        name=EVIL,
        brand=EVIL,
        description=EVIL,
        reviews=(Review(1, EVIL, 5, NOW, EVIL, EVIL, reply=EVIL),),
        similar=Rail("similar", EVIL, (evil,), reason=evil.reason),
    )
    chrome = replace(MEMBER, query=EVIL, visitor=Visitor(EVIL, is_signed_in=True), notices=(Notice(EVIL),))
    html = render(APP, "shop/product.html", product, chrome)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    scripts = Markup(html).all("script")
    assert all(script.attributes.get("nonce") == NONCE for script in scripts)
    block = next(s for s in scripts if s.attributes["type"] == "application/ld+json")
    assert json.loads(block.text)["name"] == EVIL


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_templates_trust_nothing_and_translate_everything(path) -> None:
    """No way around escaping, and every word a shopper reads goes through gettext."""
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", source)
    code = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
    bare = re.sub(r"<[^>]*>|[\w-]+=\"[^\"]*\"", " ", code.sub("", source))
    assert [word for word in re.findall(r"[A-Za-z]{3,}", bare) if word not in {"UTC"}] == []


@pytest.mark.parametrize(("n_partners", "said"), [(1, "Add both to the cart"), (2, "Add all 3 to the cart")])
def test_two_things_bought_together_are_both_and_not_all_two(n_partners: int, said: str) -> None:
    partners = replace(pages.product_full.bundle.partners, cards=(card(4), card(5))[:n_partners])
    bundle = replace(pages.product_full.bundle, partners=partners)
    assert said in text_of("shop/product.html", replace(pages.product_full, bundle=bundle))


def test_while_picks_are_paused_nobody_is_promised_that_the_shelves_rearrange() -> None:
    """Somebody the shop knows nothing of is told of the pause, and asked for no stars that would change nothing."""
    paused = text_of("shop/home.html", pages.home_cold, replace(GUEST, is_personalised=False))
    assert "Personal picks are paused" in paused
    assert "rearrange at once" not in paused
    assert "Do you know any of these?" not in paused


def test_what_is_held_of_a_member_is_counted_in_words_that_fit_every_number() -> None:
    page = replace(rooms.privacy, n_events=1, n_ratings=1, n_orders=0)
    assert "We hold things you did (1), ratings (1) and orders (0)." in text_of("account/privacy.html", page, MEMBER)
