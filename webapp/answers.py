"""What the API answers, as models: the same that the description is made from."""

from __future__ import annotations

from pydantic import BaseModel, Field

from webapp import viewmodels as vm
from webapp.formatting import major_units
from webapp.services.picks.recommending import Recommended
from webapp.viewbuilders.links import absolute, product_url


class ReasonOut(BaseModel):
    """Why a product is shown: a kind, the product it names, and the share of the score."""

    kind: str
    product_id: int | None = None
    product_name: str | None = None
    share: float = 0.0


class ProductOut(BaseModel):
    """A product."""

    product_id: int
    name: str
    url: str
    image_url: str | None
    price: float
    currency: str
    brand: str
    rating: float | None
    n_ratings: int
    in_stock: bool


class RecommendedOut(ProductOut):
    """A product with its place and why it has it."""

    score: float
    rank: int
    reasons: list[ReasonOut]
    source: str


class RecommendationsOut(BaseModel):
    """Recommendations for one person."""

    user_id: str | None
    request_id: str
    strategy: str
    model_version: str | None
    cold_start: bool
    took_ms: float
    items: list[RecommendedOut]


class SimilarOut(BaseModel):
    """Alternatives to a product."""

    product_id: int
    space: str
    model_version: str | None
    items: list[RecommendedOut]


class FeedbackOut(BaseModel):
    """What became of a feedback."""

    status: str
    product_id: int
    recommendations_changed: bool


class EventVerdictOut(BaseModel):
    """What became of one event of a batch."""

    index: int
    status: str
    reason: str = ""


class EventsOut(BaseModel):
    """What became of a batch."""

    recorded: int
    repeated: int
    refused: int
    results: list[EventVerdictOut] = Field(description="One per event, in the order sent.")


class ProductsOut(BaseModel):
    """A page of products."""

    total: int
    page: int
    per_page: int
    items: list[ProductOut]


class SearchOut(ProductsOut):
    """A page of a search; ``understood_as`` when a word was taken for another."""

    query: str
    understood_as: str | None = None


class PhotoSearchOut(BaseModel):
    """What looks like a photo, the likest first."""

    model_version: str | None
    items: list[RecommendedOut]


class SessionOut(BaseModel):
    """Who the browser is, and the token its unsafe requests need."""

    user_id: str | None
    is_signed_in: bool
    csrf_token: str


def product_out(card: vm.Card) -> ProductOut:
    """Build a product."""
    return ProductOut.model_validate(_values(card))


def _values(card: vm.Card) -> dict[str, object]:
    return {
        "product_id": card.product_id,
        "name": card.name,
        "url": absolute(product_url(card.product_id, card.slug)),
        "image_url": absolute(card.picture.src) if card.picture else None,
        "price": float(major_units(card.price.cents, card.price.currency)),
        "currency": card.price.currency,
        "brand": card.brand,
        "rating": round(card.rating.average, 2) if card.rating else None,
        "n_ratings": card.rating.count if card.rating else 0,
        "in_stock": card.in_stock,
    }


def recommended_out(found: Recommended) -> list[RecommendedOut]:
    """Build recommended products."""
    return [
        RecommendedOut.model_validate(
            _values(card)
            | {
                "score": score,
                "rank": rank,
                "source": card.source,
                "reasons": [
                    ReasonOut(
                        kind=reason.kind,
                        product_id=reason.product_id,
                        product_name=reason.product_name or None,
                        share=round(reason.share, 4),
                    )
                    for reason in card.reasons
                ],
            }
        )
        for rank, (card, score) in enumerate(found.cards, 1)
    ]
