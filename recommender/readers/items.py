"""Known files that describe products."""

from __future__ import annotations

import re

import pandas as pd

from recommender.readers import derived, parsing
from recommender.readers.events import ratings, retail_lines
from recommender.readers.files import BareFile
from recommender.readers.parsing import Floats
from recommender.readers.schema import Layout
from recommender.readers.sheet import Sheet

GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
_U_ITEM = ("movie_id", "title", "release_date", "video_release_date", "url", *GENRES)
_MYNTRA = ("product_id", "gender", "masterCategory", "subCategory", "articleType", "baseColour", "productDisplayName")
_MYNTRA_BRAND = re.compile(r"^(.+?)\s+(?:Men|Women|Unisex|Boys|Girls|Kids)\b")
_CATEGORY_COMMA = re.compile(r",(?! )")


def _rows(sheet: Sheet, item: str, **columns: pd.Series | Floats | list[str]) -> pd.DataFrame:
    """Catalogue rows; unnamed columns are "" and the price NaN."""
    ids = sheet.ids(item, "the item is missing")
    return pd.DataFrame({"item_id": ids, **columns}, index=sheet.raw.index)


def _amazon_2014_meta(sheet: Sheet) -> pd.DataFrame:
    first_paths = [_first_path(value) for value in sheet.raw["categories"]] if sheet.has("categories") else None
    return _rows(
        sheet,
        "asin",
        title=sheet.plain("title"),
        description=sheet.plain("description"),
        category=sheet.same("") if first_paths is None else [parsing.category_path(path) for path in first_paths],
        brand=sheet.plain("brand"),
        price=sheet.prices("price"),
        currency=sheet.same("USD"),
        image=sheet.text("imUrl"),
    )


def _first_path(value: object) -> list[str]:
    """The first of several category paths."""
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)):
        return [str(level) for level in value[0]]
    return [str(level) for level in value] if isinstance(value, (list, tuple)) else []


def _amazon_2018_meta(sheet: Sheet) -> pd.DataFrame:
    words = zip(sheet.lists("description"), sheet.lists("feature"), strict=True)
    described = pd.Series([" ".join([*text, *points]) for text, points in words], index=sheet.raw.index, dtype=str)
    large, small = sheet.lists("imageURLHighRes"), sheet.lists("imageURL")
    return _rows(
        sheet,
        "asin",
        title=sheet.plain("title"),
        description=parsing.plain_text(described),
        category=[parsing.category_path(levels) for levels in sheet.lists("category")],
        brand=sheet.plain("brand"),
        price=sheet.prices("price"),
        currency=sheet.same("USD"),
        image=[next(iter([*big, *little]), "") for big, little in zip(large, small, strict=True)],
    )


def _amazon_2023_sample(sheet: Sheet) -> pd.DataFrame:
    paths = (
        department + ";" + path
        for department, path in zip(_departments(sheet), sheet.text("category_path"), strict=True)
    )
    described = sheet.plain("description") + " " + sheet.plain("features")
    return _rows(
        sheet,
        "item_id",
        title=sheet.plain("title"),
        description=described.str.strip(),
        category=[parsing.category_path(filter(None, path.split(";"))) for path in paths],
        brand=sheet.plain("brand_or_store"),
        price=sheet.prices("price"),
        currency=sheet.same("USD"),
        image=sheet.text("image_url"),
    )


def _departments(sheet: Sheet) -> pd.Series:
    """Some departments are in capitals in the file."""
    names = sheet.text("category")
    return names.where(names != names.str.upper(), names.str.title())


def _amazon_2023_meta(sheet: Sheet) -> pd.DataFrame:
    words = zip(sheet.lists("description"), sheet.lists("features"), strict=True)
    described = pd.Series([" ".join([*text, *points]) for text, points in words], index=sheet.raw.index, dtype=str)
    levels = zip(sheet.text("main_category"), sheet.lists("categories"), strict=True)
    return _rows(
        sheet,
        "parent_asin",
        title=sheet.plain("title"),
        description=parsing.plain_text(described),
        category=[parsing.category_path(filter(None, [main, *path])) for main, path in levels],
        brand=sheet.plain("store"),
        price=sheet.prices("price"),
        currency=sheet.same("USD"),
        image=[_first_image(value) for value in sheet.raw["images"]] if sheet.has("images") else sheet.same(""),
        rating=parsing.numbers(sheet.text("average_rating")),
    )


def _first_image(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else {}
    return str(first.get("hi_res") or first.get("large") or "") if isinstance(first, dict) else ""


def _fashion_2020(sheet: Sheet) -> pd.DataFrame:
    pictures = next((c for c in ("large", "medium", "image_urls__small", "image") if sheet.has(c)), None)
    path = sheet.text("parent___child_category__all")
    category = [parsing.category_path(part.strip() for part in text.strip("/").split("/")) for text in path]
    dollars = sheet.text("product_url").str.contains("amazon.com/", regex=False)
    return _rows(
        sheet,
        "uniq_id",
        title=sheet.plain("product_name"),
        description=sheet.plain("meta_keywords"),
        category=category,
        brand=sheet.plain("brand"),
        price=sheet.prices("sales_price"),
        currency=sheet.same("INR").where(~dollars, "USD"),
        image=sheet.text(pictures).str.split("|", n=1).str[0],
        colours=_colours(sheet.plain("colour")),
        rating=parsing.numbers(sheet.text("rating")),
        weight_grams=parsing.grams(sheet.text("weight")),
    )


def _colours(text: pd.Series) -> pd.Series:
    """Lower-case colours joined by ``|``."""
    return text.str.lower().str.replace(r"\s*[|,/]\s*", "|", regex=True).str.strip("| ")


def _hm_articles(sheet: Sheet) -> pd.DataFrame:
    ids = sheet.text("article_id")
    groups = (sheet.plain(c) for c in ("index_group_name", "product_group_name", "product_type_name"))
    return _rows(
        sheet,
        "article_id",
        title=sheet.plain("prod_name"),
        description=sheet.plain("detail_desc"),
        category=[parsing.category_path(filter(None, levels)) for levels in zip(*groups, strict=True)],
        brand=sheet.same("H&M"),
        image=ids.str.slice(0, 3) + "/" + ids + ".jpg",
        colours=_colours(sheet.plain("colour_group_name")),
        family=sheet.text("product_code"),
    )


def _retail_products(sheet: Sheet) -> pd.DataFrame:
    lines = retail_lines(sheet)
    names = sheet.plain("Description")
    is_note = ~names.str.contains(r"[A-Z]{2}", regex=True)
    sheet.reject(is_note, "Description", "a note or nothing instead of a product name in capitals")
    return lines.assign(title=names)[["item_id", "title", "price"]]


def _u_item(sheet: Sheet) -> pd.DataFrame:
    flags = (sheet.raw[list(GENRES)] == "1").to_numpy()
    genres = [[name for name, is_set in zip(GENRES[1:], row[1:], strict=True) if is_set] for row in flags]
    return _films(sheet, "movie_id", "title", genres)


def _genre_list(sheet: Sheet) -> pd.DataFrame:
    genres = [[name for name in text.split("|") if name != "(no genres listed)"] for text in sheet.text("genres")]
    return _films(sheet, "movieId", "title", genres)


def _films(sheet: Sheet, item: str, title: str, genres: list[list[str]]) -> pd.DataFrame:
    """A film has no order among its genres: the first one is its category, all of them are in the description."""
    return _rows(
        sheet,
        item,
        title=sheet.plain(title),
        description=[", ".join(names) for names in genres],
        category=[names[0] if names else "" for names in genres],
    )


def _datafiniti(sheet: Sheet) -> pd.DataFrame:
    """The categories have no fixed order, so only the first one is a category and the others are text."""
    levels = [[part.strip() for part in _CATEGORY_COMMA.split(text)] for text in sheet.plain("categories")]
    return _rows(
        sheet,
        "product_id",
        title=sheet.plain("name"),
        description=["; ".join(names[1:]) for names in levels],
        category=[names[0] for names in levels],
        brand=sheet.plain("brand"),
    )


def _myntra(sheet: Sheet) -> pd.DataFrame:
    """No price; the brand is what stands before the word for whom it is, or the first word of the name."""
    names = sheet.plain("productDisplayName")
    brands = names.str.extract(_MYNTRA_BRAND, expand=False).fillna(names.str.split(n=1).str[0]).fillna("")
    known = {c: sheet.plain(c).replace("NA", "") for c in (*_MYNTRA, "season", "year", "usage")}
    about = zip(*(known[c] for c in ("usage", "articleType", "gender", "baseColour", "season", "year")), strict=True)
    levels = zip(*(known[c] for c in ("masterCategory", "subCategory", "articleType")), strict=True)
    return _rows(
        sheet,
        "product_id",
        title=names,
        description=[", ".join(filter(None, words)) for words in about],
        category=[parsing.category_path(filter(None, path)) for path in levels],
        brand=brands,
        image=sheet.text("image"),
        colours=_colours(known["baseColour"]),
    )


def _reviewed(sheet: Sheet) -> pd.DataFrame:
    return ratings(sheet, "user_id", "item_id", "rating", "timestamp", title="summary", text="review_text")


def _reviewed_original(sheet: Sheet) -> pd.DataFrame:
    return ratings(sheet, "reviewerID", "asin", "overall", "unixReviewTime", title="summary", text="reviewText")


def _clicked(sheet: Sheet) -> pd.DataFrame:
    return _rows(sheet, "item_id")


_RETAIL_NOTE = "One row per product code: the most frequent name in capitals, the median price, five digits as family."
_REVIEW_NOTE = "Worked out of reviews: the summaries joined are the description, their most telling words the title."

ITEM_LAYOUTS = (
    Layout("amazon-2014", "catalogue", ("asin", "title", "imUrl"), _amazon_2014_meta),
    Layout(
        "amazon-2014",
        "catalogue",
        ("user_id", "item_id", "rating", "timestamp", "summary", "review_text"),
        _reviewed,
        _REVIEW_NOTE,
        derive=derived.items_from_reviews,
    ),
    Layout(
        "amazon-2014",
        "catalogue",
        ("reviewerID", "asin", "overall", "unixReviewTime"),
        _reviewed_original,
        _REVIEW_NOTE,
        derive=derived.items_from_reviews,
    ),
    Layout("amazon-2018", "catalogue", ("asin", "title", "brand", "category", "feature"), _amazon_2018_meta),
    Layout(
        "amazon-2023",
        "catalogue",
        ("item_id", "parent_asin", "title", "brand_or_store", "category", "category_path"),
        _amazon_2023_sample,
    ),
    Layout("amazon-2023", "catalogue", ("parent_asin", "title", "main_category", "store"), _amazon_2023_meta),
    Layout(
        "amazon-fashion-2020",
        "catalogue",
        ("uniq_id", "product_name", "brand", "sales_price"),
        _fashion_2020,
        "Prices are rupees unless the product's address is amazon.com.",
    ),
    Layout(
        "hm",
        "catalogue",
        ("article_id", "product_code", "prod_name", "product_type_name"),
        _hm_articles,
        "Pictures are looked for as <first three digits>/<article_id>.jpg; the articles have no price.",
    ),
    Layout(
        "online-retail",
        "catalogue",
        ("InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice"),
        _retail_products,
        _RETAIL_NOTE,
        derive=derived.items_from_invoices,
    ),
    Layout(
        "online-retail",
        "catalogue",
        ("Invoice", "StockCode", "Description", "Quantity", "Price"),
        _retail_products,
        _RETAIL_NOTE,
        derive=derived.items_from_invoices,
    ),
    Layout(
        "movielens",
        "catalogue",
        _U_ITEM,
        _u_item,
        "u.item: Latin-1, separated by |, no names.",
        bare=BareFile(_U_ITEM, "|", "latin-1"),
        line=re.compile(r"^\d+\|[^|]*\|[^|]*\|[^|]*\|[^|]*(\|[01]){19}$"),
    ),
    Layout(
        "movielens",
        "catalogue",
        ("movieId", "title", "genres"),
        _genre_list,
        "movies.dat of the 1M and 10M sets: separated by ::, no names.",
        bare=BareFile(("movieId", "title", "genres"), "::", "latin-1"),
        line=re.compile(r"^\d+::.+ \(\d{4}\)::.*$"),
    ),
    Layout("movielens", "catalogue", ("movieId", "title", "genres"), _genre_list, "movies.csv of the later sets."),
    Layout("datafiniti", "catalogue", ("product_id", "name", "brand", "categories"), _datafiniti),
    Layout("myntra", "catalogue", _MYNTRA, _myntra, "No price, no users, no ratings."),
    Layout(
        "retailrocket",
        "catalogue",
        ("user_id", "item_id", "event"),
        _clicked,
        "Nothing is known of the items but their ids.",
        derive=derived.items_from_clicks,
    ),
)
