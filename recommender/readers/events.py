"""Known files of reviews, ratings, orders and clicks."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from recommender.data.validation import is_quantity
from recommender.readers import parsing
from recommender.readers.files import BareFile
from recommender.readers.parsing import Floats
from recommender.readers.schema import Layout
from recommender.readers.sheet import Sheet
from recommender.types import EVENT_KINDS

KIND_ALIASES = {
    "transaction": "purchase",
    "order": "purchase",
    "buy": "purchase",
    "bought": "purchase",
    "addtocart": "cart",
    "add_to_cart": "cart",
    "add-to-cart": "cart",
    "basket": "cart",
    "pageview": "view",
    "page_view": "view",
    "detail": "view",
    "favourite": "wishlist",
    "favorite": "wishlist",
    "rate": "rating",
    "review": "rating",
    "hide": "dismiss",
    "not_interested": "dismiss",
}  # fmt: skip
RETAIL_ZONE = "Europe/London"
RETAIL_TIMES = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M")
PRODUCT_CODE = re.compile(r"^\d{5}")
_MOVIELENS_BARE = ("user_id", "item_id", "rating", "timestamp")


def ratings(
    sheet: Sheet, user: str, item: str, stars: str, time: str, *, title: str | None = None, text: str | None = None
) -> pd.DataFrame:
    """Star ratings with the words that came with them."""
    columns: dict[str, pd.Series | Floats] = {
        "user_id": sheet.ids(user, "the user is missing"),
        "item_id": sheet.ids(item, "the item is missing"),
        "kind": sheet.same("rating"),
        "value": sheet.stars(stars),
        "timestamp": sheet.seconds(time),
    }
    if title is not None:
        columns["title"] = sheet.plain(title)
    if text is not None:
        columns["text"] = sheet.plain(text)
    return pd.DataFrame(columns, index=sheet.raw.index)


def _rating_file(*columns: str, title: str | None = None, text: str | None = None) -> Callable[[Sheet], pd.DataFrame]:
    user, item, stars, time = columns
    return lambda sheet: ratings(sheet, user, item, stars, time, title=title, text=text)


def _half_stars(sheet: Sheet) -> pd.DataFrame:
    stars = parsing.numbers(sheet.text("rating"))
    low = stars == 0.5
    if low.any():
        sheet.repairs["rating: half a star taken as one"] += int(low.sum())
        sheet.raw = sheet.raw.assign(rating=sheet.text("rating").where(~low, "1"))
    return ratings(sheet, "userId", "movieId", "rating", "timestamp")


def _hm_transactions(sheet: Sheet) -> pd.DataFrame:
    user, day = sheet.ids("customer_id", "the user is missing"), sheet.text("t_dat")
    return pd.DataFrame(
        {
            "user_id": user,
            "item_id": sheet.ids("article_id", "the item is missing"),
            "kind": sheet.same("purchase"),
            "value": 1.0,
            "timestamp": sheet.seconds("t_dat"),
            "order_id": user + ":" + day,
            "price": sheet.prices("price"),
        },
        index=sheet.raw.index,
    )


def retail_lines(sheet: Sheet) -> pd.DataFrame:
    """Invoice lines of Online Retail that sold a product; the columns of its second edition are renamed."""
    sheet.raw = sheet.raw.rename(columns={"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"})
    invoice, code = sheet.text("InvoiceNo"), sheet.text("StockCode")
    sheet.reject(invoice.str.startswith("C"), "InvoiceNo", "cancelled")
    sheet.reject(~code.str.match(PRODUCT_CODE), "StockCode", "not a product: the code does not begin with five digits")
    sheet.reject_unusable_ids("StockCode", code)
    quantity = parsing.numbers(sheet.text("Quantity"))
    sheet.reject(~is_quantity(quantity), "Quantity", "returned or corrected: the quantity is not above zero")
    price = parsing.numbers(sheet.text("UnitPrice"))
    sheet.reject(~(price > 0), "UnitPrice", "the price is not above zero")
    columns = {"order_id": invoice, "item_id": code, "value": quantity, "price": price}
    return pd.DataFrame(columns, index=sheet.raw.index)


def _online_retail(sheet: Sheet) -> pd.DataFrame:
    lines = retail_lines(sheet)
    user = sheet.text("CustomerID").str.replace(r"\.0$", "", regex=True)
    sheet.reject(user == "", "CustomerID", "the customer is not known")
    sheet.reject_unusable_ids("CustomerID", user)
    times = parsing.local_seconds(sheet.text("InvoiceDate"), RETAIL_ZONE, RETAIL_TIMES)
    return lines.assign(
        user_id=user,
        kind="purchase",
        timestamp=sheet.seconds("InvoiceDate", times),
        title=sheet.plain("Description"),
        currency="GBP",
    )


def _retailrocket(sheet: Sheet) -> pd.DataFrame:
    clicks = _clicks(sheet, "user_id", "item_id")
    return clicks.assign(timestamp=sheet.stand_in_times(clicks["user_id"], clicks["item_id"], clicks["kind"]))


def _retailrocket_original(sheet: Sheet) -> pd.DataFrame:
    return _clicks(sheet, "visitorid", "itemid").assign(timestamp=sheet.seconds("timestamp"))


def _clicks(sheet: Sheet, user: str, item: str) -> pd.DataFrame:
    columns = {
        "user_id": sheet.ids(user, "the user is missing"),
        "item_id": sheet.ids(item, "the item is missing"),
        "kind": kinds(sheet, "event"),
        "value": np.nan,
        "order_id": sheet.text("transactionid"),
    }
    return pd.DataFrame(columns, index=sheet.raw.index)


def kinds(sheet: Sheet, column: str) -> pd.Series:
    """Event kinds by their library names; rows of a kind that has none are rejected."""
    given = sheet.text(column).str.strip().str.lower()
    named = given.replace(KIND_ALIASES)
    sheet.reject(~named.isin(EVENT_KINDS), column, f"the kind is not one of {', '.join(EVENT_KINDS)}")
    return named


def _amazon(schema: str, *more: str) -> Layout:
    columns = ("reviewerID", "asin", "overall", "unixReviewTime")
    convert = _rating_file(*columns, title="summary", text="reviewText")
    return Layout(schema, "interactions", (*columns, *more), convert, "Times are whole days.")


EVENT_LAYOUTS = (
    _amazon("amazon-2014"),
    Layout(
        "amazon-2014",
        "interactions",
        ("user_id", "item_id", "rating", "timestamp", "summary", "review_text"),
        _rating_file("user_id", "item_id", "rating", "timestamp", title="summary", text="review_text"),
        "Times are whole days.",
    ),
    _amazon("amazon-2018", "verified"),
    Layout(
        "amazon-2023",
        "interactions",
        ("user_id", "item_id", "rating", "timestamp", "helpful_vote", "verified_purchase"),
        _rating_file("user_id", "item_id", "rating", "timestamp"),
    ),
    Layout(
        "amazon-2023",
        "interactions",
        ("user_id", "parent_asin", "rating", "timestamp", "verified_purchase"),
        _rating_file("user_id", "parent_asin", "rating", "timestamp", title="title", text="text"),
        "The item is the parent_asin: variants of a product are one item.",
    ),
    Layout(
        "fine-food",
        "interactions",
        ("Id", "ProductId", "UserId", "Score", "Time"),
        _rating_file("UserId", "ProductId", "Score", "Time", title="Summary", text="Text"),
        "Times are whole days.",
    ),
    Layout(
        "hm",
        "interactions",
        ("t_dat", "customer_id", "article_id", "price"),
        _hm_transactions,
        "One row is one piece; a customer's day is one order; prices are on the file's own scale.",
    ),
    Layout(
        "online-retail",
        "interactions",
        ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"),
        _online_retail,
        "Times are London wall-clock times.",
    ),
    Layout(
        "online-retail",
        "interactions",
        ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"),
        _online_retail,
        "Times are London wall-clock times.",
    ),
    Layout(
        "movielens",
        "interactions",
        _MOVIELENS_BARE,
        _rating_file(*_MOVIELENS_BARE),
        "u.data: tab separated, no names.",
        bare=BareFile(_MOVIELENS_BARE, "\t"),
        line=re.compile(r"^\d+\t\d+\t\d\t\d{9}\d?$"),
    ),
    Layout(
        "movielens",
        "interactions",
        _MOVIELENS_BARE,
        _rating_file(*_MOVIELENS_BARE),
        "ratings.dat of the 1M and 10M sets: separated by ::, no names.",
        bare=BareFile(_MOVIELENS_BARE, "::", "latin-1"),
        line=re.compile(r"^\d+::\d+::\d(\.\d)?::\d+$"),
    ),
    Layout(
        "movielens",
        "interactions",
        ("userId", "movieId", "rating", "timestamp"),
        _half_stars,
        "ratings.csv of the later sets; half a star counts as one.",
    ),
    Layout(
        "datafiniti",
        "interactions",
        ("user_id", "product_id", "rating", "date", "text"),
        _rating_file("user_id", "product_id", "rating", "date", title="title", text="text"),
    ),
    Layout(
        "retailrocket",
        "interactions",
        ("user_id", "item_id", "event"),
        _retailrocket,
        "The file has no times: one second per row from 2000-01-01 keeps its order, which is all views, then all "
        "carts, then all purchases. Splits by time ask for purchases after views and say nothing about sequences.",
    ),
    Layout(
        "retailrocket",
        "interactions",
        ("timestamp", "visitorid", "event", "itemid"),
        _retailrocket_original,
        "The original file, with times in milliseconds.",
    ),
)
