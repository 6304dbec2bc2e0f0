"""Every template with every state it is looked at and tested in."""

from __future__ import annotations

from typing import NamedTuple

from webapp.viewmodels import Chrome, Page, RailsPartial

from . import pages, purchases, rooms, tastes
from .samples import ASKED, BARE, GUEST, MEMBER, OBJECTING, OWNER


class Scene(NamedTuple):
    """A template, what it is given, and the address and endpoint it is seen at."""

    name: str
    template: str
    page: Page | RailsPartial
    chrome: Chrome = GUEST
    path: str = "/"


SHOP = (
    Scene("home", "shop/home.html", pages.home_full, MEMBER),
    Scene("home-cold", "shop/home.html", pages.home_cold),
    Scene("home-asked", "shop/home.html", pages.home_cold, ASKED),
    Scene("home-empty", "shop/home.html", pages.home_empty, BARE),
    Scene("category", "shop/listing.html", pages.listing_full, GUEST, "/c/kitchen-and-table"),
    Scene("category-own-order", "shop/listing.html", pages.listing_own_order, MEMBER, "/c/kitchen-and-table"),
    Scene("category-filtered-out", "shop/listing.html", pages.listing_filtered_out),
    Scene("category-empty", "shop/listing.html", pages.listing_empty),
    Scene("search", "shop/listing.html", pages.search_full),
    Scene("search-near", "shop/listing.html", pages.search_near),
    Scene("photo", "shop/photo.html", pages.photo_blank),
    Scene("photo-found", "shop/photo.html", pages.photo_found),
    Scene("photo-nothing", "shop/photo.html", pages.photo_nothing),
    Scene("photo-refused", "shop/photo.html", pages.photo_refused),
    Scene("search-nothing", "shop/listing.html", pages.search_nothing),
    Scene("search-long-word", "shop/listing.html", pages.search_long_word),
    Scene("search-nothing-long-word", "shop/listing.html", pages.search_nothing_long_word),
    Scene("search-blank", "shop/listing.html", pages.search_blank),
    Scene("product", "shop/product.html", pages.product_full),
    Scene("product-asked", "shop/product.html", pages.product_full, ASKED),
    Scene("product-bare", "shop/product.html", pages.product_bare),
    Scene("product-sold-out", "shop/product.html", pages.product_sold_out, MEMBER),
    Scene("about-demo", "shop/about_demo.html", pages.about_demo),
    Scene("api-docs", "api/docs.html", pages.api_docs),
)
BUYING = (
    Scene("cart", "cart/show.html", purchases.cart_full),
    Scene("cart-voucher", "cart/show.html", purchases.cart_voucher),
    Scene("cart-voucher-wrong", "cart/show.html", purchases.cart_voucher_wrong),
    Scene("cart-voucher-idle", "cart/show.html", purchases.cart_voucher_idle),
    Scene("cart-empty", "cart/show.html", purchases.cart_empty),
    Scene("checkout-contact", "checkout/contact.html", purchases.contact),
    Scene("checkout-contact-wrong", "checkout/contact.html", purchases.contact_wrong, MEMBER),
    Scene("checkout-delivery", "checkout/delivery.html", purchases.delivery),
    Scene("checkout-delivery-wrong", "checkout/delivery.html", purchases.delivery_wrong),
    Scene("checkout-payment", "checkout/payment.html", purchases.payment),
    Scene("checkout-review", "checkout/review.html", purchases.review),
    Scene("checkout-review-voucher", "checkout/review.html", purchases.review_voucher),
    Scene("checkout-review-short", "checkout/review.html", purchases.review_short),
    Scene("checkout-test-payment", "checkout/test_payment.html", purchases.test_payment),
    Scene("checkout-pay", "checkout/pay.html", purchases.pay),
    Scene("checkout-pay-no-way", "checkout/pay.html", purchases.pay_no_way),
    Scene("checkout-done", "checkout/done.html", purchases.done),
    Scene("checkout-done-waiting", "checkout/done.html", purchases.done_waiting),
    Scene("checkout-order", "checkout/order.html", purchases.order_by_link),
)
ACCOUNT = (
    Scene("register", "account/register.html", rooms.register),
    Scene("register-wrong", "account/register.html", rooms.register_wrong),
    Scene("sign-in", "account/sign_in.html", rooms.sign_in),
    Scene("sign-in-wrong", "account/sign_in.html", rooms.sign_in_wrong),
    Scene("forgot", "account/forgot.html", rooms.forgot),
    Scene("forgot-sent", "account/forgot.html", rooms.forgot_sent),
    Scene("reset", "account/reset.html", rooms.reset),
    Scene("stop-alerts", "account/stop_alerts.html", rooms.confirm_email),
    Scene("confirm-email", "account/confirm_email.html", rooms.confirm_email),
    Scene("account", "account/overview.html", rooms.overview, MEMBER, "/account"),
    Scene("account-new", "account/overview.html", rooms.overview_new, MEMBER, "/account"),
    Scene("orders", "account/orders.html", rooms.orders, MEMBER, "/account/orders"),
    Scene("orders-empty", "account/orders.html", rooms.orders_empty, MEMBER, "/account/orders"),
    Scene("order", "account/order.html", rooms.order, MEMBER),
    Scene("invoice", "account/invoice.html", rooms.invoice, MEMBER),
    Scene("own-reviews", "account/reviews.html", rooms.own_reviews, MEMBER, "/account/reviews"),
    Scene("own-reviews-to-rate", "account/reviews.html", rooms.own_reviews_to_rate, MEMBER, "/account/reviews"),
    Scene("own-reviews-empty", "account/reviews.html", rooms.own_reviews_empty, MEMBER, "/account/reviews"),
    Scene("wishlist", "account/wishlist.html", rooms.wishlist, MEMBER),
    Scene("wishlist-empty", "account/wishlist.html", rooms.wishlist_empty),
    Scene("alerts", "account/alerts.html", rooms.alerts, MEMBER, "/account/alerts"),
    Scene("alerts-empty", "account/alerts.html", rooms.alerts_empty, MEMBER, "/account/alerts"),
    Scene("addresses", "account/addresses.html", rooms.addresses, MEMBER, "/account/addresses"),
    Scene("addresses-empty", "account/addresses.html", rooms.addresses_empty, MEMBER, "/account/addresses"),
    Scene("security", "account/security.html", rooms.security, MEMBER, "/account/security"),
    Scene("privacy", "account/privacy.html", rooms.privacy, MEMBER, "/account/privacy"),
    Scene("privacy-paused", "account/privacy.html", rooms.privacy_paused, MEMBER, "/account/privacy"),
    Scene("privacy-chosen", "account/privacy.html", rooms.privacy_chosen, MEMBER, "/account/privacy"),
    Scene("privacy-objecting", "account/privacy.html", rooms.privacy_paused, OBJECTING, "/account/privacy"),
    Scene("taste", "taste/show.html", tastes.taste_full, MEMBER),
    Scene("taste-preview", "taste/show.html", tastes.taste_preview),
    Scene("taste-preview-nothing", "taste/show.html", tastes.taste_preview_nothing),
    Scene("taste-wrong", "taste/show.html", tastes.taste_wrong),
    Scene("taste-many-shelves", "taste/show.html", tastes.taste_many_shelves),
    Scene("taste-cold", "taste/show.html", tastes.taste_cold),
    Scene("taste-paused", "taste/show.html", tastes.taste_paused, MEMBER),
    Scene("taste-asked", "taste/show.html", tastes.taste_asked, ASKED),
)
OFFICE = (
    Scene("admin", "admin/home.html", rooms.admin_home, OWNER, "/admin/"),
    Scene("admin-empty", "admin/home.html", rooms.admin_home_empty, OWNER, "/admin/"),
    Scene("admin-products", "admin/products.html", rooms.admin_products, OWNER, "/admin/products"),
    Scene("admin-products-empty", "admin/products.html", rooms.admin_products_empty, OWNER, "/admin/products"),
    Scene("admin-product", "admin/product.html", rooms.admin_product, OWNER),
    Scene("admin-orders", "admin/orders.html", rooms.admin_orders, OWNER, "/admin/orders"),
    Scene("admin-orders-empty", "admin/orders.html", rooms.admin_orders_empty, OWNER, "/admin/orders"),
    Scene("admin-order", "admin/order.html", rooms.admin_order, OWNER),
    Scene("admin-order-finished", "admin/order.html", rooms.admin_order_finished, OWNER),
    Scene("admin-vouchers", "admin/vouchers.html", rooms.admin_vouchers, OWNER, "/admin/vouchers"),
    Scene("admin-vouchers-wrong", "admin/vouchers.html", rooms.admin_vouchers_wrong, OWNER, "/admin/vouchers"),
    Scene("admin-rules", "admin/rules.html", rooms.admin_rules, OWNER, "/admin/rules"),
    Scene("admin-rules-empty", "admin/rules.html", rooms.admin_rules_empty, OWNER, "/admin/rules"),
    Scene("admin-rules-preview", "admin/rules.html", rooms.admin_rules_preview, OWNER, "/admin/rules"),
    Scene("admin-rules-wrong", "admin/rules.html", rooms.admin_rules_wrong, OWNER, "/admin/rules"),
    Scene("admin-delivery", "admin/delivery.html", rooms.admin_delivery, OWNER, "/admin/delivery"),
    Scene("admin-delivery-wrong", "admin/delivery.html", rooms.admin_delivery_wrong, OWNER, "/admin/delivery"),
    Scene("admin-delivery-new-wrong", "admin/delivery.html", rooms.admin_delivery_new_wrong, OWNER, "/admin/delivery"),
    Scene("admin-models", "admin/models.html", rooms.models, OWNER, "/admin/models"),
    Scene("admin-model-card", "admin/model_card.html", rooms.model_card, OWNER, "/admin/models/20261120-031502-9f3a"),
    Scene("admin-models-refused", "admin/models.html", rooms.models_refused, OWNER, "/admin/models"),
    Scene("admin-models-running", "admin/models.html", rooms.models_running, OWNER, "/admin/models"),
    Scene("admin-models-empty", "admin/models.html", rooms.models_empty, OWNER, "/admin/models"),
)
ERRORS = tuple(
    Scene(
        f"error-{status}",
        "errors/error.html",
        pages.error(status, request_id="req-81f2", retry_after=30 if status in (429, 503) else None),
        BARE if status >= 500 else GUEST,
    )
    for status in (400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 503)
)

SCENES = SHOP + BUYING + ACCOUNT + OFFICE + ERRORS
