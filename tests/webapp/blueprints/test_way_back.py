"""Where links and switches of a page that answered a form lead back to: the page of the form, not the home page."""

import re
from html import unescape

import pytest
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_product, make_user
from webapp.store.tx import unit_of_work


def way_back(page: str) -> str:
    """Return where the switch of the colours leads to."""
    found = re.search(r'<form class="theme" id="theme".*?name="next" value="([^"]*)"', page, re.DOTALL)
    assert found
    return unescape(found[1])


def hidden_of(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that is sent to an address, as a browser would send them."""
    found = re.search(rf'<form[^>]* action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert found, action
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', unescape(found[0])))


def refuse_twice(client: ShopClient, page: str, action: str, typed: dict[str, str]) -> str:
    """Send a form of a page and, from the page that refused it, once more; return the last page."""
    shown = client.get(page).get_data(as_text=True)
    for _ in range(2):
        answer = client.post(action, data=hidden_of(shown, action) | typed)
        shown = answer.get_data(as_text=True)
        assert answer.status_code == 422, action
    return shown


@pytest.mark.parametrize(
    ("page", "action", "typed"),
    [
        ("/account/privacy", "/account/delete", {"password": "wrong"}),
        ("/account/privacy", "/account/export", {"export_password": "wrong"}),
        ("/account/security", "/account/security", {"current_password": "wrong", "new_password": PASSWORD}),
        ("/account/security", "/account/email", {"new_email": "new@example.com", "password": "wrong"}),
        ("/admin/delivery", "/admin/delivery/add", {}),
    ],
)
def test_a_refused_form_leads_back_to_its_page(
    office: ShopClient, page: str, action: str, typed: dict[str, str]
) -> None:
    shown = refuse_twice(office, page, action, typed)
    assert way_back(shown) == page
    assert office.post("/theme", data=hidden_of(shown, "/theme")).headers["Location"] == page


def test_a_refused_voucher_leads_back_to_the_cart(full: ShopClient) -> None:
    assert way_back(refuse_twice(full, "/cart", "/cart/voucher", {"code": "NONE"})) == "/cart"


def test_what_is_refused_about_a_product_leads_back_to_it(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
        product_id = make_product(tx, name="Moss lamp", stock=0)
    client.sign_in("ana@example.com")
    page = f"/p/{product_id}-moss-lamp"
    for action, typed in (("review", {"rating": "9"}), ("alert", {"email": "nobody"})):
        assert way_back(refuse_twice(client, page, f"/p/{product_id}/{action}", typed)) == page, action


def test_a_refused_sign_in_keeps_where_it_leads_to(client: ShopClient) -> None:
    typed = {"email": "ana@example.com", "password": "wrong", "next": "/cart"}
    assert (
        way_back(client.send("/account/sign-in?next=/cart", typed).get_data(as_text=True))
        == "/account/sign-in?next=/cart"
    )


def test_who_is_signed_out_meanwhile_signs_in_for_the_page_of_the_form(client: ShopClient, lamp: int) -> None:
    came_from = {"Referer": f"http://localhost/p/{lamp}-oslo-lamp?variant=1"}
    headers = came_from | {"X-CSRFToken": client.token()}
    for sent in ({"next": f"/p/{lamp}-oslo-lamp?variant=1"}, {}):
        answer = client.post(f"/p/{lamp}/review", data=sent, headers=headers)
        assert answer.status_code == 401
        assert f'href="/account/sign-in?next=/p/{lamp}-oslo-lamp?variant%3D1"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/", "https://evil.example/", "/account/delete", "/no-such-page", ""]
)
def test_nothing_leads_elsewhere_or_to_what_cannot_be_opened(office: ShopClient, elsewhere: str) -> None:
    headers = {"X-CSRFToken": office.token(), "Referer": elsewhere or "http://localhost/account/delete"}
    shown = office.post("/account/delete", data={"password": "wrong", "next": elsewhere}, headers=headers)
    assert way_back(shown.get_data(as_text=True)) == "/"


def test_a_form_that_is_too_large_to_be_read_leads_to_where_it_was_sent_from(client: ShopClient, app: Flask) -> None:
    large = {"code": "x" * 1024 * (app.config["MAX_BODY_KB"] + 1), "next": "/cart"}
    answer = client.post("/cart/voucher", data=large, headers={"Referer": "http://localhost/cart"})
    assert answer.status_code == 413
    assert way_back(answer.get_data(as_text=True)) == "/cart"


def test_a_refused_change_of_an_address_stays_with_the_address(app: Flask, client: ShopClient) -> None:
    """What was typed stands there, ticks as well, and the other colours come back to the same address."""
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    kept = {"name": "Ana", "line1": "Hill 1", "postcode": "10115", "city": "Berlin", "country": "DE", "phone": "1"}
    client.send("/account/addresses", kept | {"is_default": "1"})
    book = client.get("/account/addresses").get_data(as_text=True)
    page = re.findall(r'href="(/account/addresses\?edit=\d+)#edit"', book)[0]
    form = form_with(client.get(page).get_data(as_text=True), "line1")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    typed = kept | {"name": "", "line1": "Dale 2", "phone": "", "country": "AT"}  # and not used first any more
    answer = client.post(action_of(form) or page, data=hidden | typed)
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert way_back(shown) == page
    form = form_with(shown, "line1")
    assert hidden.items() <= dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)).items()
    assert 'id="f-name-error"' in form
    assert {name: value for name, value in values_of(form).items() if name in typed} == {
        name: value for name, value in typed.items() if name != "country"
    }
    assert '<option value="AT" selected>' in form
    assert " checked" not in form


def form_with(page: str, field: str) -> str:
    """Return the form of a page that has a field."""
    (found,) = (form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'name="{field}"' in form)
    return found


def action_of(form: str) -> str:
    """Return where a form is sent, empty for the address of its page."""
    found = re.match(r'<form[^>]* action="([^"]*)"', form)
    return unescape(found[1]) if found else ""


def values_of(form: str) -> dict[str, str]:
    """Return what stands in the fields of a form."""
    return dict(re.findall(r'<input class="input"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form))
