"""What an import does with the rows of a file: products added and changed, events and people added."""

from __future__ import annotations

import hashlib
import math
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from webapp.formatting import major_units
from webapp.money import MAX_CENTS
from webapp.services.upkeep import media
from webapp.services.upkeep.housekeeping import count_popularity
from webapp.services.upkeep.pieces import write_in_pieces
from webapp.store import catalogue, imports, interactions, search, taste
from webapp.store.models import Product as ProductTable
from webapp.store.models import Variant
from webapp.store.tx import Tx, read_unit

Batch = list[tuple[int, dict[str, Any]]]
LONGEST = {"title": 300, "brand": 200, "category": 600, "family": 120, "description": 20_000}
# Of products and people; cut off, two of them would be one.
LONGEST_NAME = 200
WORDS = frozenset({"name", "description", "category_id", "brand_id"})  # what the index of the search holds
LONGEST_SKU = 120
REPEATED = "the number occurs again further down; the last row counts"
MAX_PICTURE_BYTES = 30_000_000


@dataclass(frozen=True)
class Options:
    """What an import is told.

    Attributes
    ----------
    mapping : str or None
        Name of a known schema or a column map; None to go by the columns.
    price_cents, stock : int
        For products of which the file says no price, and for every new product's stock.
    pictures : Path or None
        Folder or zip file of picture files named as in the file's ``image`` column.
    """

    mapping: str | None = None
    is_dry_run: bool = False
    price_cents: int = 999
    stock: int = 100
    currency: str = "EUR"
    pictures: Path | None = None
    rejects: Path | None = None


@dataclass
class Report:
    """What an import did, or would do."""

    kind: str
    mapping: str = ""
    n_rows: int = 0
    n_added: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_rejected: int = 0
    n_without_price: int = 0
    skipped_rows: int = 0
    rejects: Path | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)

    def reject(self, reason: str) -> None:
        """Count a row left out."""
        self.n_rejected += 1
        kind = reason.partition(" (")[0]
        self.reasons[kind] = self.reasons.get(kind, 0) + 1


class Writer(ABC):
    """Writes batches of one kind; ``rejected`` gathers the rows it leaves out."""

    def __init__(self) -> None:
        self.rejected: list[tuple[int, str]] = []

    def leave_out(self, row: int, reason: str, report: Report) -> None:
        """Note a row that cannot be used."""
        self.rejected.append((row, reason))
        report.reject(reason)

    @abstractmethod
    def look(self, tx: Tx, batch: Batch, report: Report) -> None:
        """Count what a batch would do."""

    @abstractmethod
    def write(self, tx: Tx, batch: Batch, report: Report) -> None:
        """Write a batch."""

    @abstractmethod
    def finish(self) -> None:
        """Do what is due once, at the end; doing it again changes nothing."""


class CatalogueWriter(Writer):
    """Adds and updates products."""

    def __init__(self, options: Options, folder: Path, now: datetime) -> None:
        super().__init__()
        self.options, self.now, self.stamp = options, now, now
        self.media = folder / "media"
        self.categories: dict[str, int] = {}
        self.brands: dict[str, int] = {}
        self.currency: str | None = None
        self.archive = _archive(options.pictures)

    def _usable(self, tx: Tx, batch: Batch, report: Report) -> dict[str, dict[str, Any]]:
        """Return the rows that can be used by ``item_id``; the last of a repeated one counts."""
        if self.currency is None:
            self.currency = catalogue.only_currency(tx)
        found: dict[str, tuple[int, dict[str, Any]]] = {}
        for number, row in batch:
            why = self._why_not(row)
            if why:
                self.leave_out(number, why, report)
                continue
            ref = str(row["item_id"])
            if ref in found:
                self.leave_out(found[ref][0], f"{REPEATED} ({ref})", report)
            found[ref] = (number, row)
        return {ref: row for ref, (_number, row) in found.items()}

    def _why_not(self, row: Mapping[str, Any]) -> str:
        """Return why the shop cannot take a row, or ""."""
        if len(str(row["item_id"])) > LONGEST_NAME:
            return f"an item_id longer than {LONGEST_NAME} characters"
        given = str(row.get("currency") or "")
        self.currency = self.currency or given or self.options.currency
        if given and given != self.currency:
            return f"priced in {given}, the shop in {self.currency}"
        if self._cents(row, self.currency) >= MAX_CENTS:
            return f"a price above what the shop can hold ({row['price']})"
        return ""

    def _cents(self, row: Mapping[str, Any], currency: str) -> int:
        if _is_missing(row.get("price")):
            return self.options.price_cents
        return max(0, round(float(row.get("price") or 0) * round(1 / major_units(1, currency))))

    def look(self, tx: Tx, batch: Batch, report: Report) -> None:
        """Count what a batch would do; a known product counts as updated."""
        rows = self._usable(tx, batch, report)
        known = catalogue.by_refs(tx, rows)
        report.n_updated += len(known)
        report.n_added += len(rows) - len(known)
        report.n_without_price += _without_price(rows, known)

    def write(self, tx: Tx, batch: Batch, report: Report) -> None:
        """Add new products, change those that differ."""
        rows = self._usable(tx, batch, report)
        known = catalogue.by_refs(tx, rows)
        catalogue.lock_variants(tx, known.values())
        before = catalogue.snapshot(tx, list(known.values()))
        values = {ref: self._values(tx, ref, row) for ref, row in rows.items()}
        self.stamp = catalogue.stamp(tx, self.now)
        new = [ref for ref in rows if ref not in known]
        ids = dict(zip(new, catalogue.add_rows(tx, ProductTable, [self._new(values[ref]) for ref in new]), strict=True))
        skus = _free_skus(tx, new)
        catalogue.add_rows(tx, Variant, [self._variant(ids[ref], skus[ref], values[ref]) for ref in new])
        told = {product_id: _told(rows[ref], values[ref]) for ref, product_id in known.items()}
        news = {product_id: _news(before[product_id], told[product_id]) for product_id in told}
        changes = {product_id: said for product_id, said in news.items() if said}
        catalogue.change_many(tx, changes, at=self.stamp)
        # Those of a product known by its number are the owner's: one column of a file would take the place of them all.
        self._attributes(tx, ids, rows)
        for ref, product_id in ids.items():
            self._picture(tx, product_id, rows[ref])
        in_new_words = [product_id for product_id, said in changes.items() if said.keys() & WORDS]
        search.reindex(tx, [*ids.values(), *in_new_words])
        report.n_added += len(new)
        report.n_updated += len(changes)
        report.n_unchanged += len(known) - len(changes)
        report.n_without_price += _without_price(rows, known)

    def _values(self, tx: Tx, ref: str, row: Mapping[str, Any]) -> dict[str, Any]:
        title = str(row.get("title") or "").strip() or f"Article {ref}"
        currency = self.currency or self.options.currency
        return {
            "name": title[: LONGEST["title"]],
            "description": str(row.get("description") or "")[: LONGEST["description"]],
            "category_id": catalogue.put_category_path(
                tx, str(row.get("category") or "")[: LONGEST["category"]], self.categories
            ),
            "brand_id": catalogue.put_brand(tx, str(row.get("brand") or "")[: LONGEST["brand"]], self.brands),
            "price_cents": self._cents(row, currency),
            "currency": currency,
            "external_ref": ref,
            "family": str(row.get("family") or "")[: LONGEST["family"]],
        }

    def _new(self, values: Mapping[str, Any]) -> dict[str, Any]:
        fixed: dict[str, Any] = {
            "old_price_cents": None,
            "attributes": {},
            "is_visible": True,
            "rating_count": 0,
            "rating_sum": 0,
            "sold_count": 0,
            "popularity": 0.0,
            "version": 1,
            "created_at": self.now,
            "updated_at": self.stamp,
        }
        return {**values, **fixed, "slug": catalogue.slugify(str(values["name"]))}

    def _variant(self, product_id: int, sku: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "product_id": product_id,
            "sku": sku,
            "name": "",
            "options": {},
            "picture_stem": "",
            "price_cents": values["price_cents"],
            "stock": self.options.stock,
            "reserved": 0,
            "position": 0,
            "is_active": True,
        }

    def _attributes(self, tx: Tx, ids: Mapping[str, int], rows: Mapping[str, Mapping[str, Any]]) -> None:
        catalogue.set_attributes(
            tx,
            [
                (product_id, "Colour", colour.strip())
                for ref, product_id in ids.items()
                for colour in str(rows[ref].get("colours") or "").split("|")
                if colour.strip()
            ],
        )

    def _picture(self, tx: Tx, product_id: int, row: Mapping[str, Any]) -> None:
        """Keep the picture of a row if its file is at hand; an address on somebody's server is never opened."""
        name = str(row.get("image") or "")
        if not name or "://" in name or self.archive is None:
            return
        found = self.archive(name)
        kept = media.keep_picture(self.media, found) if found is not None else None
        if kept is not None:
            alt = str(row.get("title") or "")[:300]
            catalogue.set_pictures(tx, product_id, [kept | {"position": 0, "alt": alt}])

    def finish(self) -> None:
        """Nothing is left to do: search and prices went with each batch."""


def _archive(pictures: Path | None) -> Callable[[str], bytes | None] | None:
    """Return a way from a picture's name to its bytes, in a folder or in a zip file; no name leads outside."""
    if pictures is None or not pictures.exists():
        return None
    if pictures.is_dir():
        return partial(_from_folder, pictures.resolve())
    bundle = zipfile.ZipFile(pictures)
    members = {member.partition("/")[2]: member for member in bundle.namelist()}
    return partial(_from_zip, bundle, members | {member: member for member in bundle.namelist()})


def _from_folder(root: Path, name: str) -> bytes | None:
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file() or path.stat().st_size > MAX_PICTURE_BYTES:
        return None
    return path.read_bytes()


def _from_zip(bundle: zipfile.ZipFile, members: Mapping[str, str], name: str) -> bytes | None:
    member = members.get(name)
    if member is None or bundle.getinfo(member).file_size > MAX_PICTURE_BYTES:
        return None
    try:
        return bundle.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):  # damaged, odd or encrypted
        return None


def _free_skus(tx: Tx, refs: Sequence[str]) -> dict[str, str]:
    """Return an article number for each new product: its own, or one made of it that is short enough and not taken."""
    taken = catalogue.taken_skus(tx, refs)
    return {ref: ref if len(ref) <= LONGEST_SKU and ref not in taken else _made_sku(ref) for ref in refs}


def _made_sku(ref: str) -> str:
    return f"{ref[: LONGEST_SKU - 17]}-{hashlib.sha256(ref.encode()).hexdigest()[:16]}"


def _told(row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says of a product: an empty cell and a column that the file lacks say nothing."""
    said = {
        "name": bool(str(row.get("title") or "").strip()),
        "description": bool(row.get("description")),
        "category_id": bool(row.get("category")),
        "brand_id": bool(row.get("brand")),
        "price_cents": not _is_missing(row.get("price")),
    }
    return {name: values[name] for name, is_said in said.items() if is_said}


def _news(before: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says that a product does not have yet."""
    return {name: value for name, value in told.items() if before[name] != value}


def _without_price(rows: Mapping[str, Mapping[str, Any]], known: Container[str]) -> int:
    """How many new products are given the default price."""
    return sum(ref not in known and _is_missing(row.get("price")) for ref, row in rows.items())


def _is_missing(price: Any) -> bool:
    return price is None or (isinstance(price, float) and math.isnan(price))


class EventWriter(Writer):
    """Adds events, people and ratings."""

    def __init__(self, options: Options, now: datetime) -> None:
        super().__init__()
        self.options, self.now = options, now
        self.people: dict[str, int] = {}
        self.products: dict[str, int] = {}

    def _resolve(self, tx: Tx, batch: Batch, report: Report) -> list[tuple[int, dict[str, Any]]]:
        """Keep the events of products the shop has, by people it can name."""
        unknown = {str(row["item_id"]) for _number, row in batch} - self.products.keys()
        self.products |= catalogue.by_refs(tx, unknown)
        kept = []
        for number, row in batch:
            if len(str(row["user_id"])) > LONGEST_NAME:
                self.leave_out(number, f"a user_id longer than {LONGEST_NAME} characters", report)
            elif str(row["item_id"]) in self.products:
                kept.append((number, row))
            else:
                self.leave_out(number, f"no such product (item_id={row['item_id']!r})", report)
        return kept

    def look(self, tx: Tx, batch: Batch, report: Report) -> None:
        """Count what a batch would do; events that are there already are not told apart."""
        report.n_added += len(self._resolve(tx, batch, report))

    def write(self, tx: Tx, batch: Batch, report: Report) -> None:
        """Add events that are not there yet."""
        rows = self._resolve(tx, batch, report)
        refs = {str(row["user_id"]) for _number, row in rows}
        self.people |= imports.people(tx, refs - self.people.keys(), now=self.now)
        added = interactions.add_many(tx, [self._row(row) for _number, row in rows])
        report.n_added += added
        report.n_unchanged += len(rows) - added

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        value = row.get("value")
        user, item = str(row["user_id"]), str(row["item_id"])
        order = str(row.get("order_id") or "")[:80]
        mark = f"{user}|{item}|{row['kind']}|{row['timestamp']}|{order}"
        return {
            "user_id": self.people[user],
            "guest_id": None,
            "product_id": self.products[item],
            "kind": row["kind"],
            "value": None if _is_missing(value) else float(value or 0),
            "at": datetime.fromtimestamp(int(row["timestamp"]), UTC),
            "event_uid": f"import-{hashlib.sha256(mark.encode()).hexdigest()[:40]}",
            "order_ref": order or None,
            "request_id": None,
            "context": "",
        }

    def finish(self) -> None:
        """Keep stars and refusals, count popularity anew, and give products the age their events prove.

        All of it is looked for in all events of the shop, which goes on selling meanwhile.
        """
        with read_unit() as tx:
            stars, refusals = taste.stars_only_told(tx), taste.dismissals_only_told(tx)
            first_seen = catalogue.newer_than_their_events(tx)
        write_in_pieces(stars, taste.adopt_stars)
        write_in_pieces(refusals, taste.adopt_dismissals)
        write_in_pieces(first_seen, catalogue.backdate)
        count_popularity(now=self.now)
