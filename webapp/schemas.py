"""JSON bodies and query strings of the API as pydantic models; what does not fit is named field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from flask import request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    ValidationError,
    field_validator,
    model_validator,
)

from webapp.errors import BadRequest, InvalidInput
from webapp.numbers import MAX_ID, is_quantity
from webapp.web import refuse_what_goes_on

Model = TypeVar("Model", bound=BaseModel)
MAX_BATCH = 1000
EventKind = Literal["view", "click", "cart", "wishlist", "purchase", "rating", "dismiss"]
TraceKind = Literal["impression", "dwell"]
Space = Literal["text", "image", "attributes", "behaviour", "combined"]
RequestId = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]


def _plain_id(value: Any) -> Any:
    """Accept a whole number where a name is expected; JSON clients send both."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _no_flag(value: Any) -> Any:
    """Refuse true and false where a number is expected; Python takes them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("write a number")
    return value


def _list(value: Any) -> Any:
    """Read ``1,2,3`` as a list."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


# Limits stand before what is done to a value first: behind it pydantic would describe and tell them in its own words.
UserId = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_plain_id)]
ProductId = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_no_flag)]
Stars = Annotated[int, Field(ge=1, le=5), BeforeValidator(_no_flag)]
Place = Annotated[int, Field(ge=0, le=10_000), BeforeValidator(_no_flag)]
Amount = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False), BeforeValidator(_no_flag)]
Seconds = Annotated[float, Field(ge=0, le=4e9, allow_inf_nan=False), BeforeValidator(_no_flag)]


class Checked(BaseModel):
    """Whatever is text can be stored: no database takes a NUL character or half a surrogate pair."""

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        if isinstance(value, str) and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)):
            raise ValueError("write text without NUL characters and halves of surrogate pairs")
        return value


class Schema(Checked):
    """A body or query of which every field is known; others are refused in bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(Checked):
    """A query string; parameters of others are let pass."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class RecommendationsQuery(Query):
    """Whom to recommend to, how many, and where they will be shown."""

    user_id: UserId | None = Field(None, description="Whom to recommend to; without it the caller.")
    k: int = Field(10, ge=1, le=100, description="How many.")
    context: Literal["home", "product", "cart", "search"] = Field("home", description="Where they will be shown.")
    product_id: Annotated[list[ProductId], BeforeValidator(_list), Field(max_length=50)] = Field(
        default_factory=list, description="The product or cart looked at; several with commas between."
    )
    strategy: Annotated[str, Field(max_length=40)] | None = Field(None, description="A strategy of the live model.")
    exclude: Annotated[list[ProductId], BeforeValidator(_list), Field(max_length=500)] = Field(
        default_factory=list, description="Products not to show, commas between."
    )


class SimilarQuery(Query):
    """How many alternatives, and alike in what."""

    k: int = Field(10, ge=1, le=100, description="How many.")
    space: Space = Field("combined", description="Alike in what.")


class ProductsQuery(Query):
    """A page of the catalogue."""

    page: int = Field(1, ge=1, le=100_000, description="Page, from 1.")
    per_page: int = Field(24, ge=1, le=100, description="Products on a page.")
    category: Annotated[str, Field(max_length=120)] | None = Field(None, description="Slug of a category.")
    sort: Literal["popular", "price", "price-desc", "rating", "newest"] = Field("popular", description="Order.")


class SearchQuery(Query):
    """A search."""

    q: str = Field(min_length=1, max_length=200, description="What to look for.")
    page: int = Field(1, ge=1, le=1000, description="Page, from 1.")
    per_page: int = Field(24, ge=1, le=100, description="Products on a page.")


class Feedback(Schema):
    """Stars or an event of one person about one product; exactly one of ``rating`` and ``event``."""

    user_id: UserId | None = Field(None, description="Who; without it the caller.")
    product_id: ProductId = Field(description="About which product.")
    rating: Stars | None = Field(None, description="Stars, 1 to 5.")
    event: EventKind | None = Field(None, description="What happened.")
    event_id: Annotated[str, Field(min_length=1, max_length=80)] | None = Field(
        None, description="Name of this event; sent again it changes nothing."
    )
    request_id: RequestId = Field("", description="The recommendation that led to it.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Feedback:
        if (self.rating is None) == (self.event is None or self.event == "rating"):
            raise ValueError("send either rating (1 to 5) or event")
        return self

    @property
    def kind(self) -> str:
        """The event's kind."""
        return "rating" if self.rating is not None else str(self.event)


class EventItem(Schema):
    """One event of a batch."""

    user_id: UserId | None = Field(None, description="Who; without it the caller.")
    product_id: ProductId = Field(description="About which product.")
    event: EventKind | TraceKind = Field(description="What happened.")
    value: Amount | None = Field(None, description="Stars, pieces or seconds.")
    at: Seconds | None = Field(None, description="UTC seconds; without it now.")
    event_id: Annotated[str, Field(min_length=1, max_length=80)] | None = Field(
        None, description="Name of this event; sent again it changes nothing."
    )
    request_id: RequestId = Field("", description="The recommendation that led to it.")
    rail: Annotated[str, Field(max_length=40)] = Field("", description="The row it stood in.")
    rank: Place | None = Field(None, description="Its place in the row.")

    @model_validator(mode="after")
    def _value_fits_the_kind(self) -> EventItem:
        if self.event == "rating" and (self.value is None or self.value not in {1, 2, 3, 4, 5}):
            raise ValueError("a rating needs a value from 1 to 5")
        if self.event == "purchase" and self.value is not None and not is_quantity(self.value):
            raise ValueError("the value of a purchase is a number of pieces above 0")
        return self


class EventBatch(Schema):
    """Up to 1,000 events; each is judged by itself."""

    # Described, but not checked here: one that does not fit must not stop the batch.
    events: list[SkipValidation[EventItem]] = Field(min_length=1, max_length=MAX_BATCH, description="The events.")


def errors_of(problem: ValidationError) -> dict[str, str]:
    """Return one sentence per field."""
    found: dict[str, str] = {}
    for entry in problem.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in entry["loc"]) or "body"
        found.setdefault(name, str(entry["msg"]).removeprefix("Value error, "))
    return found


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Check values against a model.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as problem:
        raise InvalidInput(errors_of(problem)) from None


def parse_query(model: type[Model]) -> Model:
    """Check the query string of the present request."""
    return validated(model, request.args.to_dict())


def parse_body(model: type[Model]) -> Model:
    """Check the JSON body of the present request.

    Raises
    ------
    BadRequest
        If it is no JSON object.
    InvalidInput
        Naming every field that cannot be used.
    RequestEntityTooLarge
        If it is larger than MAX_BODY_KB.
    """
    request.get_data()
    refuse_what_goes_on()
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # lists in lists in lists
        body = None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object, with Content-Type: application/json.")
    return validated(model, body)
