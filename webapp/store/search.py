"""Finding products by words: one interface, SQLite FTS5 and PostgreSQL full text behind it.

A query is cut into plain words before it reaches a search engine, so nothing a visitor types is ever read as the
engine's own query language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    CTE,
    Float,
    Integer,
    Select,
    String,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    text,
    union_all,
    values,
)

from webapp.store.models import Brand, Category, Product, Variant
from webapp.store.tx import Tx

MAX_WORDS = 8
MAX_WORD_LENGTH = 40
MIN_TYPO_LENGTH = 4
NEAR_LIMIT = 60
TERMS_LIMIT = 4000
DOCUMENT_BATCH = 500
RRF_CONSTANT = 60.0
WORDS_COUNT = 2.0
CUT = 2  # counts up when words are cut in another way: indexes from before are then written anew
_WORD = re.compile(r"[^\W_]+")
# Chinese and Japanese leave no spaces between words: each character is one for the index, and a word a phrase of them.
_UNSPACED = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """What is known of a product in words."""

    product_id: int
    name: str
    brand: str
    category: str
    details: str
    sku: str


class SearchIndex(Protocol):
    """Full-text search in one kind of database."""

    def put(self, tx: Tx, documents: Sequence[SearchDocument]) -> None:
        """Add or replace documents."""

    def remove(self, tx: Tx, product_ids: Sequence[int]) -> None:
        """Take documents out."""

    def matches(self, words: Sequence[str]) -> Select[tuple[int, float]]:
        """Select (product_id, score) of products that hold every word; the last words may be unfinished."""

    def knows(self, tx: Tx, word: str) -> bool:
        """Whether some product holds a word that begins so."""

    def near_terms(self, tx: Tx, word: str) -> set[str]:
        """Return words of the index that might be meant by ``word``."""


def fold(raw: str) -> str:
    """Lower-case and take the accents off, as the index does with its own words."""
    decomposed = unicodedata.normalize("NFKD", raw.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def parse_words(query: str) -> list[str]:
    """Cut a query into at most eight plain folded words."""
    return [word[:MAX_WORD_LENGTH] for word in _WORD.findall(fold(query))][:MAX_WORDS]


def _indexed(raw: str) -> str:
    """Fold a text and put spaces between the characters that are words of their own, as both indexes keep it."""
    return _UNSPACED.sub(r" \g<0> ", fold(raw))


def _phrase(word: str) -> list[str]:
    """Cut a folded word as the index cuts it: one piece, or several that follow each other."""
    return _UNSPACED.sub(r" \g<0> ", word).split()


def _fts5(word: str) -> str:
    return f'"{" ".join(_phrase(word))}"*'


def index_for(tx: Tx) -> SearchIndex:
    """Return the search of the database at hand."""
    return SqliteIndex() if tx.is_sqlite else PostgresIndex()


class SqliteIndex:
    """FTS5: ranked by bm25 with the name far ahead, words of a typo found through trigrams."""

    _documents = table("product_search", column("rowid"))
    _score: Any = literal_column("-bm25(product_search, 10.0, 4.0, 4.0, 1.0, 8.0)").label("score")

    def put(self, tx: Tx, documents: Sequence[SearchDocument]) -> None:
        """Add or replace documents."""
        if not documents:
            return
        self.remove(tx, [document.product_id for document in documents])
        tx.execute(
            text(
                "INSERT INTO product_search (rowid, name, brand, category, details, sku)"
                " VALUES (:id, :name, :brand, :category, :details, :sku)"
            ),
            [
                {
                    "id": document.product_id,
                    "name": _indexed(document.name),
                    "brand": _indexed(document.brand),
                    "category": _indexed(document.category),
                    "details": _indexed(document.details),
                    "sku": _indexed(document.sku),
                }
                for document in documents
            ],
        )
        tx.execute(
            text("INSERT INTO product_trigrams (rowid, words) VALUES (:id, :words)"),
            [
                {"id": document.product_id, "words": fold(f"{document.name} {document.brand} {document.category}")}
                for document in documents
            ],
        )

    def remove(self, tx: Tx, product_ids: Sequence[int]) -> None:
        """Take documents out."""
        rows = [{"id": product_id} for product_id in product_ids]
        if rows:
            tx.execute(text("DELETE FROM product_search WHERE rowid = :id"), rows)
            tx.execute(text("DELETE FROM product_trigrams WHERE rowid = :id"), rows)

    def matches(self, words: Sequence[str]) -> Select[tuple[int, float]]:
        """Select (product_id, score) of products that hold every word or a longer one."""
        wanted = " AND ".join(_fts5(word) for word in words)
        condition = text("product_search MATCH :words").bindparams(bindparam("words", wanted, String, unique=False))
        return (
            select(literal_column("product_search.rowid").label("product_id"), self._score)
            .select_from(self._documents)
            .where(condition)
        )

    def knows(self, tx: Tx, word: str) -> bool:
        """Whether some product holds a word that begins so."""
        found = tx.row(
            text("SELECT 1 FROM product_search WHERE product_search MATCH :word LIMIT 1"), {"word": _fts5(word)}
        )
        return found is not None

    def near_terms(self, tx: Tx, word: str) -> set[str]:
        """Return index words with the same first letter and about the same length, and words that share trigrams."""
        same_start = tx.scalars(
            text(
                "SELECT term FROM product_terms WHERE term >= :first AND term < :next"
                " AND length(term) BETWEEN :low AND :high ORDER BY doc DESC LIMIT :limit"
            ),
            {
                "first": word[0],
                "next": chr(ord(word[0]) + 1),
                "low": len(word) - 2,
                "high": len(word) + 2,
                "limit": TERMS_LIMIT,
            },
        )
        found = set(same_start)
        trigrams = " OR ".join(f'"{word[at : at + 3]}"' for at in range(len(word) - 2))
        similar = tx.scalars(
            text("SELECT words FROM product_trigrams WHERE product_trigrams MATCH :grams ORDER BY rank LIMIT :limit"),
            {"grams": trigrams, "limit": NEAR_LIMIT},
        )
        for words in similar:
            found.update(parse_all(words))
        return found


class PostgresIndex:
    """tsvector with the plain dictionary; words folded by our own code, so both databases agree."""

    _documents = table("product_search", column("product_id"), column("document"), column("words"))

    def put(self, tx: Tx, documents: Sequence[SearchDocument]) -> None:
        """Add or replace documents."""
        if not documents:
            return
        tx.execute(
            text(
                "INSERT INTO product_search (product_id, words, document) VALUES (:id, :words,"
                " setweight(to_tsvector('simple', :name), 'A') || setweight(to_tsvector('simple', :shelf), 'B')"
                " || setweight(to_tsvector('simple', :details), 'D'))"
                " ON CONFLICT (product_id) DO UPDATE SET words = excluded.words, document = excluded.document"
            ),
            [
                {
                    "id": document.product_id,
                    "words": fold(f"{document.name} {document.brand} {document.category}"),
                    "name": _indexed(f"{document.name} {document.sku}"),
                    "shelf": _indexed(f"{document.brand} {document.category}"),
                    "details": _indexed(document.details),
                }
                for document in documents
            ],
        )
        terms = {term for document in documents for term in parse_all(_all_words(document))}
        tx.execute(
            text("INSERT INTO product_search_terms (term) VALUES (:term) ON CONFLICT DO NOTHING"),
            [{"term": term} for term in sorted(terms)],
        )

    def remove(self, tx: Tx, product_ids: Sequence[int]) -> None:
        """Take documents out."""
        if product_ids:
            tx.execute(text("DELETE FROM product_search WHERE product_id = ANY(:ids)"), {"ids": list(product_ids)})

    def matches(self, words: Sequence[str]) -> Select[tuple[int, float]]:
        """Select (product_id, score) of products that hold every word or a longer one."""
        query = func.to_tsquery("simple", " & ".join(f"({' <-> '.join(_phrase(word))}:*)" for word in words))
        document = self._documents.c.document
        score = func.ts_rank(document, query).label("score")
        return select(self._documents.c.product_id.label("product_id"), score).where(document.op("@@")(query))

    def knows(self, tx: Tx, word: str) -> bool:
        """Whether some product holds a word that begins so."""
        return tx.row(self.matches([word]).limit(1)) is not None

    def near_terms(self, tx: Tx, word: str) -> set[str]:
        """Return index words of about the same length with the same first or last letter, and similar ones.

        Similar words need the extension pg_trgm; a server without it finds fewer of them.
        """
        found = tx.scalars(
            text(
                "SELECT term FROM product_search_terms WHERE length(term) BETWEEN :low AND :high"
                " AND (term LIKE :first OR term LIKE :last) ORDER BY abs(length(term) - :n), term LIMIT :limit"
            ),
            {
                "low": len(word) - 2,
                "high": len(word) + 2,
                "first": f"{word[0]}%",
                "last": f"%{word[-1]}",
                "n": len(word),
                "limit": TERMS_LIMIT,
            },
        )
        return {*found, *self._similar(tx, word)}

    def _similar(self, tx: Tx, word: str) -> Sequence[str]:
        if tx.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")) is None:
            return ()
        return tx.scalars(
            text(
                "SELECT term FROM product_search_terms WHERE term % :word"
                " ORDER BY similarity(term, :word) DESC, term LIMIT :limit"
            ),
            {"word": word, "limit": NEAR_LIMIT},
        )


def _all_words(document: SearchDocument) -> str:
    return f"{document.name} {document.brand} {document.category} {document.details}"


def parse_all(raw: str) -> list[str]:
    """Cut a text into folded words, however many."""
    return _WORD.findall(fold(raw))


def edit_distance(left: str, right: str, *, most: int) -> int:
    """Count insertions, deletions, replacements and swaps of neighbours between two words, up to ``most + 1``."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b))
            if before and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return most + 1
        before, previous = previous, current
    return previous[-1]


def mend(tx: Tx, words: Sequence[str]) -> list[str] | None:
    """Replace words nobody knows by the nearest known ones; None when there is nothing to replace or no way to."""
    index, mended, changed = index_for(tx), [], False
    for word in words:
        if len(word) < MIN_TYPO_LENGTH or index.knows(tx, word):
            mended.append(word)
            continue
        nearest = next((term for term in _nearest(word, index.near_terms(tx, word)) if index.knows(tx, term)), None)
        if nearest is None:
            return None
        mended.append(nearest)
        changed = True
    return mended if changed else None


def _nearest(word: str, terms: Iterable[str]) -> list[str]:
    """Return the words that can be meant, likeliest first."""
    most, letters = 1 if len(word) <= 5 else 2, set(word)
    # Each letter that only one of two words has is a mistake of its own: most terms need no closer look.
    likely = [term for term in terms if max(len(letters - set(term)), len(set(term) - letters)) <= most]
    ranked = sorted((edit_distance(word, term, most=most), abs(len(term) - len(word)), term) for term in likely)
    return [term for distance, _length, term in ranked if distance <= most]


def found(tx: Tx, words: Sequence[str], near: Sequence[int] = ()) -> Select[tuple[int, float, int]]:
    """Select (product_id, score, held) of what holds every word together with what is near in meaning.

    ``held`` is 1 for what holds the words and 0 for what is only near.

    Two lists are joined by reciprocal rank fusion (Cormack, Clarke, Buettcher 2009). Words count twice, so that every
    product that holds them stands before those that are only near, unless more than ``RRF_CONSTANT`` hold them.

    Parameters
    ----------
    words : sequence of str
    near : sequence of int
        Products near in meaning, the nearest first, each once.
    """
    if not near:
        hits = _hits(tx, words)
        return select(hits.c.product_id, hits.c.score, literal(1).label("held"))
    parts: list[Select[Any]] = [_near_parts(near)]
    if words:
        hits = _hits(tx, words)
        place = func.rank().over(order_by=hits.c.score.desc())
        part = (WORDS_COUNT / (RRF_CONSTANT + place)).label("part")
        parts.append(select(hits.c.product_id, part, literal(1).label("held")))
    both = union_all(*parts).subquery("both")
    score, held = func.sum(both.c.part).label("score"), func.max(both.c.held).label("held")
    return select(both.c.product_id, score, held).group_by(both.c.product_id)


def ids_found(tx: Tx, words: Sequence[str], near: Sequence[int] = ()) -> Select[tuple[int]]:
    """Select the product_id of all that :func:`found` gives, without an order: where most match, scores cost most."""
    parts = [select(_near_parts(near).subquery().c.product_id)] if near else []
    if words:
        parts.append(select(_held_ids(tx, words).c.product_id))
    return parts[0] if len(parts) == 1 else select(union_all(*parts).subquery().c.product_id)


def _hits(tx: Tx, words: Sequence[str]) -> CTE:
    """Look the words up once: a join may otherwise ask the index of words for one product after the other."""
    return index_for(tx).matches(words).cte("hits").prefix_with("MATERIALIZED")


def _held_ids(tx: Tx, words: Sequence[str]) -> CTE:
    """The same without the scores."""
    matches = index_for(tx).matches(words)
    return matches.with_only_columns(matches.selected_columns[0]).cte("held").prefix_with("MATERIALIZED")


def _near_parts(near: Sequence[int]) -> Select[Any]:
    rows = values(column("product_id", Integer), column("part", Float), name="near")
    listed = rows.data([(product_id, 1.0 / (RRF_CONSTANT + place)) for place, product_id in enumerate(near, 1)])
    return select(*listed.cte().c, literal(0).label("held"))


def has_hits(tx: Tx, words: Sequence[str]) -> bool:
    """Whether a visible product holds every word."""
    hits = _held_ids(tx, words)
    visible = select(Product.id).join(hits, hits.c.product_id == Product.id).where(Product.is_visible)
    return tx.row(visible.limit(1)) is not None


def suggest(tx: Tx, words: Sequence[str], *, limit: int) -> list[int]:
    """Return the best visible products for an unfinished query."""
    if not words:
        return []
    hits = _hits(tx, words)
    statement = (
        select(Product.id)
        .join(hits, hits.c.product_id == Product.id)
        .where(Product.is_visible)
        .order_by(hits.c.score.desc(), Product.popularity.desc(), Product.id)
        .limit(limit)
    )
    return list(tx.scalars(statement))


def reindex(tx: Tx, product_ids: Sequence[int] | None = None) -> int:
    """Write the documents of some products, or of all, as the tables have them now."""
    index, n = index_for(tx), 0
    for batch in read_documents(tx, product_ids):
        index.put(tx, batch)
        n += len(batch)
    return n


def missing(tx: Tx) -> list[int]:
    """Return the products that the index does not hold, all of them after it was made anew."""
    held = "SELECT id FROM product_search_docsize" if tx.is_sqlite else "SELECT product_id FROM product_search"
    return list(tx.scalars(text(f"SELECT id FROM products WHERE id NOT IN ({held}) ORDER BY id")))  # noqa: S608 - ours


def all_ids(tx: Tx) -> list[int]:
    """Return all products."""
    return list(tx.scalars(select(Product.id).order_by(Product.id)))


def read_documents(tx: Tx, product_ids: Sequence[int] | None = None) -> Iterator[list[SearchDocument]]:
    """Read the words of products, ``DOCUMENT_BATCH`` at a time."""
    wanted = sorted(product_ids) if product_ids is not None else all_ids(tx)
    for start in range(0, len(wanted), DOCUMENT_BATCH):
        ids = wanted[start : start + DOCUMENT_BATCH]
        skus: dict[int, list[str]] = {}
        for product_id, sku in tx.rows(select(Variant.product_id, Variant.sku).where(Variant.product_id.in_(ids))):
            skus.setdefault(product_id, []).append(sku)
        rows = tx.rows(
            select(Product.id, Product.name, Brand.name, Category.path, Product.description, Product.attributes)
            .outerjoin(Brand, Brand.id == Product.brand_id)
            .outerjoin(Category, Category.id == Product.category_id)
            .where(Product.id.in_(ids))
        )
        yield [
            SearchDocument(
                row[0],
                row[1],
                row[2] or "",
                (row[3] or "").replace(">", " "),
                " ".join((row[4], *map(str, (row[5] or {}).values()))),
                " ".join(skus.get(row[0], ())),
            )
            for row in rows
        ]
