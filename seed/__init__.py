"""The demo shop, generated: catalogue, pictures, shoppers and what they did. Nothing in it is real."""

from seed.model import (
    CURRENCY,
    EVENT_COLUMNS,
    EVENT_KINDS,
    DemoShop,
    OrderLine,
    SeedBrand,
    SeedCategory,
    SeedOrder,
    SeedProduct,
    SeedReview,
    SeedUser,
    SeedVariant,
)
from seed.pictures.spec import PictureSpec
from seed.shop import SIZES, generate

__all__ = [
    "CURRENCY",
    "EVENT_COLUMNS",
    "EVENT_KINDS",
    "SIZES",
    "DemoShop",
    "OrderLine",
    "PictureSpec",
    "SeedBrand",
    "SeedCategory",
    "SeedOrder",
    "SeedProduct",
    "SeedReview",
    "SeedUser",
    "SeedVariant",
    "generate",
]
