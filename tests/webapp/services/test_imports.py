"""Imports: idempotent, resumable, honest about every row left out."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event, select

from tests.conftest import NOW
from tests.factories import make_product
from webapp.actors import Actor
from webapp.extensions import db
from webapp.recs import UnreadableFileError
from webapp.services.upkeep import imports, pieces
from webapp.services.upkeep.import_rows import Options, Report
from webapp.store import catalogue as store
from webapp.store import interactions, products, search, taste, users
from webapp.store.models import ImportRun, ProductAttribute
from webapp.store.tx import WRITING, read_unit, unit_of_work

CATALOGUE = [
    {"sku": "L1", "title": "Oslo lamp", "category": "Home > Lamps", "brand": "Fjord", "price": "49.00"},
    {"sku": "L2", "title": "Bergen lamp", "category": "Home > Lamps", "brand": "Fjord", "price": ""},
    {"sku": "M1", "title": "Tall mug", "category": "Table > Mugs", "brand": "", "price": "9.50"},
]
CATALOGUE_MAP = "item_id=sku,title=title,category=category,brand=brand,price=price"
EVENTS = [
    {"who": "A", "what": "L1", "stars": "5", "when": "1700000000"},
    {"who": "A", "what": "M1", "stars": "3", "when": "1700000100"},
    {"who": "B", "what": "L1", "stars": "4", "when": "1700000200"},
]
EVENT_MAP = "user_id=who,item_id=what,value=stars,timestamp=when,kind:=rating"


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def silent(_stage: str, _done: float) -> None:
    """Show nothing."""


def take_catalogue(path: Path, folder: Path, **options: object) -> Report:
    chosen = Options(**{"mapping": CATALOGUE_MAP} | options)
    return imports.import_catalogue(path, chosen, folder=folder, now=NOW, progress=silent)


def take_events(path: Path, folder: Path, **options: object) -> Report:
    chosen = Options(mapping=EVENT_MAP, **options)
    return imports.import_interactions(path, chosen, folder=folder, now=NOW, progress=silent)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.n_added, report.n_updated, report.n_unchanged, report.n_rejected


@pytest.fixture
def catalogue(tmp_path: Path, app: Flask) -> Path:
    return write(tmp_path / "catalogue.csv", CATALOGUE)


def test_products_come_in_with_shelf_maker_price_and_words(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    report = take_catalogue(catalogue, tmp_path)
    assert counts(report) == (3, 0, 0, 0)
    assert report.n_without_price == 1
    with read_unit() as tx:
        lamp = next(iter(products.cards(tx, search.suggest(tx, ["oslo"], limit=1)).values()))
        tree = {row.name: row.parent_id for row in products.categories(tx)}
        plain = next(iter(products.cards(tx, search.suggest(tx, ["bergen"], limit=1)).values()))
    assert (lamp.price_cents, lamp.brand, lamp.category, lamp.available) == (4900, "Fjord", "Lamps", 100)
    assert plain.price_cents == 999
    assert tree["Home"] is None
    assert tree["Lamps"] is not None


def test_the_same_file_again_changes_nothing(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    take_catalogue(catalogue, tmp_path)
    assert counts(take_catalogue(catalogue, tmp_path)) == (0, 0, 3, 0)


def test_a_changed_row_changes_its_product_only(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    take_catalogue(catalogue, tmp_path)
    changed = [CATALOGUE[0] | {"price": "59.00", "title": "Nordic lantern"}, *CATALOGUE[1:]]
    assert counts(take_catalogue(write(tmp_path / "new.csv", changed), tmp_path)) == (0, 1, 2, 0)
    with read_unit() as tx:
        ids = search.suggest(tx, ["lantern"], limit=5)
        assert [row.price_cents for row in products.variants_of(tx, ids)] == [5900]
        assert search.suggest(tx, ["oslo"], limit=5) == []


def test_a_list_of_prices_is_written_at_once_and_leaves_the_index_of_words_alone(
    app: Flask, catalogue: Path, tmp_path: Path
) -> None:
    """A thousand new prices took three statements each and all words anew; as long the shop could not sell."""
    take_catalogue(catalogue, tmp_path)
    prices = write(tmp_path / "prices.csv", [{"sku": sku, "price": "7.00"} for sku in ("L1", "L2", "M1")])
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        report = take_catalogue(prices, tmp_path, mapping="item_id=sku,price=price")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert counts(report) == (0, 3, 0, 0)
    writing = [statement for statement in told if not statement.startswith(("SELECT", "BEGIN"))]
    changes = [re.split(r" SET | [(]", statement)[0] for statement in writing]
    assert changes == ["INSERT INTO import_runs", "UPDATE variants", "UPDATE products", *["UPDATE import_runs"] * 2]


@pytest.mark.parametrize(
    ("row", "names", "price"),
    [
        ({"sku": "L1", "price": "59.00"}, "item_id=sku,price=price", 5900),
        ({"sku": "L1", "title": "Oslo lamp"}, "item_id=sku,title=title", 4900),
        ({"sku": "L1", "title": "", "category": "", "brand": "", "price": ""}, CATALOGUE_MAP, 4900),
    ],
    ids=["a list of prices", "a list of names", "empty cells"],
)
def test_what_a_file_does_not_say_of_a_known_product_stays(
    app: Flask, catalogue: Path, tmp_path: Path, row: dict[str, str], names: str, price: int
) -> None:
    """A list of new prices took name, words, shelf and maker of each product; one of names set the price to 9.99."""
    take_catalogue(catalogue, tmp_path)
    options = Options(mapping=names)
    report = imports.import_catalogue(
        write(tmp_path / "part.csv", [row]), options, folder=tmp_path, now=NOW, progress=silent
    )
    with read_unit() as tx:
        lamp = next(iter(products.cards(tx, [store.by_refs(tx, ["L1"])["L1"]]).values()))
    assert (lamp.name, lamp.category, lamp.brand, lamp.price_cents) == ("Oslo lamp", "Lamps", "Fjord", price)
    assert report.n_without_price == 0


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_a_price_that_is_no_amount_is_told(app: Flask, tmp_path: Path, is_dry_run: bool) -> None:
    """It was sold at the default price, and the report spoke of a row without a price."""
    rows = [CATALOGUE[0] | {"price": "on request"}, *CATALOGUE[1:]]
    report = take_catalogue(write(tmp_path / "asked.csv", rows), tmp_path, is_dry_run=is_dry_run)
    assert report.n_without_price == 2
    assert report.repairs == {"price: not an amount, price left empty": 1}


def test_a_product_known_by_its_number_keeps_its_picture_and_what_it_can_be_filtered_by(
    app: Flask, tmp_path: Path
) -> None:
    """A new price in the file took all attributes of the product away but the colours of that file."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "media").mkdir()
    for name, height in (("old.png", 500), ("new.png", 300)):
        Image.new("RGB", (300, height), (200, 30, 30)).save(tmp_path / "pictures" / name)
    row = CATALOGUE[0] | {"image": "old.png", "colours": "red"}
    names = CATALOGUE_MAP + ",image=image,colours=colours"
    chosen = Options(mapping=names, pictures=tmp_path / "pictures")

    def take(file: str, **changed: str) -> tuple[list[tuple[str, str]], int | None]:
        path = write(tmp_path / file, [row | changed])
        imports.import_catalogue(path, chosen, folder=tmp_path, now=NOW, progress=silent)
        with read_unit() as tx:
            card = products.best_sellers(tx, limit=1)[0]
            found = tx.rows(select(ProductAttribute.name, ProductAttribute.value))
            return sorted((name, value) for name, value in found), card.picture and card.picture.height

    assert take("first.csv") == ([("Colour", "red")], 400)
    with unit_of_work() as tx:
        lamp = store.by_refs(tx, ["L1"])["L1"]
        store.set_attributes(tx, [(lamp, "Colour", "red"), (lamp, "Size", "tall")])
    known = ([("Colour", "red"), ("Size", "tall")], 400)
    assert take("dearer.csv", price="59.00", colours="blue", image="new.png") == known


def test_attributes_of_a_product_are_told_all_at_once(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp, mug = (make_product(tx, attributes={"Size": "tall", "Colour": "red"}) for _ in range(2))
        store.set_attributes(tx, [(lamp, "Colour", "blue"), (lamp, "Colour", "green")])
    with read_unit() as tx:
        found = tx.rows(select(ProductAttribute.product_id, ProductAttribute.name, ProductAttribute.value))
        assert sorted(map(tuple, found)) == [
            (lamp, "Colour", "blue"),
            (lamp, "Colour", "green"),
            (mug, "Colour", "red"),
            (mug, "Size", "tall"),
        ]


@pytest.mark.both_databases
def test_what_is_taken_in_is_newer_than_what_was_saved_while_the_file_was_read(
    app: Flask, catalogue: Path, tmp_path: Path
) -> None:
    """Whoever reads on from the newest change, as the live model does, finds the rows of the import."""
    take_catalogue(catalogue, tmp_path)
    saved = NOW + timedelta(minutes=5)
    with unit_of_work() as tx:
        [mug] = store.by_refs(tx, ["M1"]).values()
        store.change_product(tx, mug, description="Saved in the office.", updated_at=saved)
    changed = [CATALOGUE[0] | {"price": "59.00"}, CATALOGUE[1], {**CATALOGUE[1], "sku": "L3"}]
    take_catalogue(write(tmp_path / "new.csv", changed), tmp_path)
    with read_unit() as tx:
        assert set(store.changed_since(tx, saved)[0]) == set(store.by_refs(tx, ["L1", "L3"]).values())


def test_a_dry_run_writes_nothing(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    assert counts(take_catalogue(catalogue, tmp_path, is_dry_run=True)) == (3, 0, 0, 0)
    with read_unit() as tx:
        assert products.count(tx) == 0


@pytest.mark.both_databases
def test_events_make_people_stars_and_popularity(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    take_catalogue(catalogue, tmp_path)
    report = take_events(write(tmp_path / "events.csv", EVENTS), tmp_path)
    assert counts(report) == (3, 0, 0, 0)
    with read_unit() as tx:
        anna = users.known_as(tx, "A")
        assert anna is not None
        lamp = products.cards(tx, search.suggest(tx, ["oslo"], limit=1))
        assert sorted(taste.stars_by(tx, anna).values()) == [3, 5]
    found = next(iter(lamp.values()))
    assert (found.rating_count, found.rating_sum) == (2, 9)
    assert counts(take_events(tmp_path / "events.csv", tmp_path)) == (0, 0, 3, 0)


@pytest.mark.both_databases
def test_what_was_dismissed_in_a_history_is_kept_out(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    """Unless it was rated later."""
    take_catalogue(catalogue, tmp_path)
    told = [("L1", "dismiss", "", 0), ("M1", "dismiss", "", 0), ("M1", "rating", "4", 10), ("L2", "rating", "1", 20)]
    rows = [
        {"who": "A", "what": item, "kind": kind, "stars": stars, "when": str(1_700_000_000 + after)}
        for item, kind, stars, after in [*told, ("L1", "dismiss", "", 30)]
    ]
    chosen = Options(mapping="user_id=who,item_id=what,value=stars,timestamp=when,kind=kind")
    for _time in range(2):
        path = write(tmp_path / "events.csv", rows)
        imports.import_interactions(path, chosen, folder=tmp_path, now=NOW, progress=silent)
    with read_unit() as tx:
        anna = users.known_as(tx, "A")
        assert anna is not None
        kept_out = taste.kept_out_and_moments(tx, anna, limit=1)[0]
        best = products.best_sellers(tx, limit=10, actor=anna)
    assert {row.name for row in best if row.is_excluded} == {"Oslo lamp"}
    assert [(why, at.timestamp()) for why, at in kept_out.values()] == [("dismiss", 1_700_000_030)]


@pytest.mark.both_databases
def test_a_product_is_as_old_as_its_first_event(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    take_catalogue(catalogue, tmp_path)
    take_events(write(tmp_path / "events.csv", EVENTS), tmp_path)
    with read_unit() as tx:
        born = {row.name: row.created_at.timestamp() for row in products.newest(tx, limit=10, actor=Actor())}
    assert born == {"Bergen lamp": NOW.timestamp(), "Oslo lamp": 1_700_000_000, "Tall mug": 1_700_000_100}


def test_a_new_guest_may_rate_five_products_where_there_are_no_shelves(app: Flask, tmp_path: Path) -> None:
    rows = [{"sku": f"T{n}", "title": f"Thing {n}", "price": "5.00"} for n in range(8)]
    mapping = Options(mapping="item_id=sku,title=title,price=price")
    path = write(tmp_path / "things.csv", rows)
    imports.import_catalogue(path, mapping, folder=tmp_path, now=NOW, progress=silent)
    page = app.test_client().get("/").get_data(as_text=True)
    assert len(set(re.findall(r'action="(/p/\d+[^"]*/rate)', page))) == 5


def test_every_row_left_out_is_written_down_with_its_reason(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    take_catalogue(catalogue, tmp_path)
    bad = [
        *EVENTS,
        {"who": "C", "what": "NO-SUCH", "stars": "4", "when": "1700000300"},
        {"who": "C", "what": "L1", "stars": "9", "when": "1700000300"},
        {"who": "", "what": "L1", "stars": "4", "when": "1700000300"},
    ]
    report = take_events(write(tmp_path / "bad.csv", bad), tmp_path, rejects=tmp_path / "rejects.csv")
    assert report.n_added == 3
    assert report.n_rejected == 3
    with (tmp_path / "rejects.csv").open(encoding="utf-8") as found:
        rows = {int(row["row"]): row["reason"] for row in csv.DictReader(found)}
    assert set(rows) == {4, 5, 6}
    assert "no such product" in rows[4]
    assert all(rows.values())


def test_r19_a_killed_import_goes_on_where_it_stopped(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies in the third part; the second run skips what was committed and ends like an unbroken one."""
    rows = [CATALOGUE[0] | {"sku": f"L{n}", "title": f"Lamp {n}"} for n in range(50)]
    path = write(tmp_path / "many.csv", rows)
    whole = imports.read_parts

    def in_parts(kind, path, mapping, progress=None):
        for part in whole(kind, path, mapping, progress):
            for start in range(0, 50, 10):
                yield type(part)(part.frame.iloc[start : start + 10], [], 10, part.mapping)

    monkeypatch.setattr(imports, "read_parts", in_parts)
    written: list[int] = []
    really = imports.CatalogueWriter.write

    def write_until_killed(self, tx, batch, report):
        really(self, tx, batch, report)
        written.append(len(batch))
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(imports.CatalogueWriter, "write", write_until_killed)
    with pytest.raises(KeyboardInterrupt):
        take_catalogue(path, tmp_path)
    with read_unit() as tx:
        assert products.count(tx) == 20
    monkeypatch.setattr(imports.CatalogueWriter, "write", really)
    report = take_catalogue(path, tmp_path)
    assert (report.skipped_rows, report.n_added) == (20, 30)
    with read_unit() as tx:
        assert products.count(tx) == 50


@pytest.fixture
def killed_in_the_middle(app: Flask, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history of 45 events of which each ninth is of no known product; its import was killed after 30."""
    take_catalogue(catalogue, tmp_path)
    rows = [
        {"who": f"P{n}", "what": "none" if n % 9 == 0 else "L1", "stars": "4", "when": str(1_700_000_000 + n)}
        for n in range(1, 46)
    ]
    path = write(tmp_path / "history.csv", rows)
    monkeypatch.setattr(imports, "BATCH", 10)
    really = imports.EventWriter.write

    def write_until_killed(self, tx, batch, report):
        really(self, tx, batch, report)
        if batch[-1][0] > 30:
            raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(imports.EventWriter, "write", write_until_killed)
        with pytest.raises(KeyboardInterrupt):
            take_events(path, tmp_path)
    return path


def test_a_shop_that_sells_waits_for_a_thousand_rows_of_an_import_at_most(killed_in_the_middle: Path) -> None:
    """Each part of 200,000 rows was one transaction, for which every cart waited up to a minute."""
    with read_unit() as tx:
        assert interactions.count(tx) == 27


def test_an_import_tells_how_much_of_its_file_is_written(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading is the shorter part: its hundred per cent was all that was told while the shop was written to."""
    path = write(tmp_path / "five.csv", [CATALOGUE[0] | {"sku": f"N{n}"} for n in range(5)])
    monkeypatch.setattr(imports, "BATCH", 2)
    told: list[tuple[str, float]] = []
    options = Options(mapping=CATALOGUE_MAP)
    imports.import_catalogue(path, options, folder=tmp_path, now=NOW, progress=lambda *how_far: told.append(how_far))
    written = [("writing", 0.4), ("writing", 0.8), ("writing", 1.0)]
    assert told == [("reading", 1.0), *written, ("finishing", 0.0), ("finishing", 1.0)]


def test_an_import_lets_others_write_between_its_transactions(
    catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for SQLite looks every tenth of a second, and an import that goes on at once is always there first."""
    rests: list[float] = []

    def rest(seconds: float) -> None:
        with unit_of_work() as tx:
            rests.append(seconds)
            users.add_many(tx, [{"external_ref": f"in rest {len(rests)}", "created_at": NOW}])

    monkeypatch.setattr(pieces.time, "sleep", rest)
    monkeypatch.setattr(pieces, "GIVE_WAY_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(imports, "BATCH", 2)
    assert take_catalogue(catalogue, tmp_path).n_added == 3
    assert len(rests) == 2
    assert min(rests) > 0.1


def test_going_through_all_events_of_the_shop_keeps_nobody_waiting(catalogue: Path, tmp_path: Path) -> None:
    """For what each batch added, and for stars, refusals, ages and popularity in the end: ten seconds in a big shop."""
    begun, while_locked = "", []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal begun
        begun = statement if statement.startswith("BEGIN") else begun
        if begun == WRITING and "FROM interactions" in statement:
            while_locked.append(statement)

    take_catalogue(catalogue, tmp_path)
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        take_events(write(tmp_path / "events.csv", EVENTS), tmp_path)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert begun == WRITING
    assert while_locked == []


def test_the_counts_of_a_killed_import_go_on_where_they_stopped(killed_in_the_middle: Path, tmp_path: Path) -> None:
    report = take_events(killed_in_the_middle, tmp_path)
    assert (report.skipped_rows, report.n_rows, counts(report)) == (30, 15, (13, 0, 0, 2))
    with read_unit() as tx:
        run = tx.row(select(ImportRun.position, ImportRun.n_added, ImportRun.n_rejected).order_by(ImportRun.id.desc()))
        assert interactions.count(tx) == 40
    assert tuple(run) == (45, 40, 5)
    assert report.rejects is not None
    left_out = csv.DictReader(report.rejects.read_text(encoding="utf-8").splitlines())
    assert [int(row["row"]) for row in left_out] == [9, 18, 27, 36, 45]


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_a_file_that_cannot_be_read_is_one_sentence(app: Flask, tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFileError):
        imports.import_catalogue(path, Options(), folder=tmp_path, now=NOW, progress=silent)
    with read_unit() as tx:
        assert interactions.count(tx) == 0


def test_pictures_are_taken_from_a_folder_and_never_from_outside_it(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "media").mkdir()
    Image.new("RGB", (300, 500), (200, 30, 30)).save(tmp_path / "pictures" / "lamp.png")
    Image.new("RGB", (300, 500)).save(tmp_path / "secret.png")
    (tmp_path / "pictures" / "fake.png").write_text("no picture", encoding="utf-8")
    names = ("lamp.png", "../secret.png", "fake.png", "https://elsewhere.example/x.png", "")
    rows = [CATALOGUE[0] | {"sku": f"L{n}", "image": name} for n, name in enumerate(names)]
    path = write(tmp_path / "with-pictures.csv", rows)
    chosen = Options(mapping=CATALOGUE_MAP + ",image=image", pictures=tmp_path / "pictures")
    imports.import_catalogue(path, chosen, folder=tmp_path, now=NOW, progress=silent)
    with read_unit() as tx:
        cards = sorted(products.best_sellers(tx, limit=9), key=lambda row: row.product_id)
    assert [row.picture is not None for row in cards] == [True, False, False, False, False]
    assert [path.name[-8:] for path in (tmp_path / "media").glob("*.webp")] == ["320.webp"]
    assert cards[0].picture is not None
    assert (cards[0].picture.width, cards[0].picture.height) == (320, 400)


def reasons(path: Path) -> dict[int, str]:
    """What a reject file says of which row."""
    with path.open(encoding="utf-8") as found:
        return {int(row["row"]): row["reason"] for row in csv.DictReader(found)}


def test_of_a_number_that_stands_twice_the_earlier_row_is_written_down(app: Flask, tmp_path: Path) -> None:
    """It went without a word: three rows read, two added, none left out."""
    rows = [CATALOGUE[0], CATALOGUE[2], CATALOGUE[0] | {"price": "55.00"}]
    for options in ({"is_dry_run": True}, {}):
        report = take_catalogue(write(tmp_path / "twice.csv", rows), tmp_path, rejects=tmp_path / "r.csv", **options)
        assert (report.n_rows, counts(report)) == (3, (2, 0, 0, 1))
        assert reasons(tmp_path / "r.csv") == {1: "the number occurs again further down; the last row counts (L1)"}
    with read_unit() as tx:
        assert [row.price_cents for row in products.variants_of(tx, [store.by_refs(tx, ["L1"])["L1"]])] == [5500]


def test_long_numbers_that_begin_alike_are_two_products(app: Flask, tmp_path: Path) -> None:
    """A variant keeps 120 characters of it; the second one ended the import with an error of the database."""
    rows = [CATALOGUE[0] | {"sku": "L" * 150 + end} for end in "ab"]
    path = write(tmp_path / "long.csv", rows)
    assert counts(take_catalogue(path, tmp_path)) == (2, 0, 0, 0)
    assert counts(take_catalogue(path, tmp_path)) == (0, 0, 2, 0)


def test_a_number_that_a_variant_of_the_shop_has_already_can_come_in(app: Flask, tmp_path: Path) -> None:
    """Products made in the shop have article numbers as well, and those are not what an import knows a product by."""
    with unit_of_work() as tx:
        [made] = products.variants_of(tx, [make_product(tx)])
    path = write(tmp_path / "same.csv", [CATALOGUE[0] | {"sku": made.sku}])
    assert counts(take_catalogue(path, tmp_path)) == (1, 0, 0, 0)


def test_names_too_long_to_keep_are_left_out_and_never_made_one(app: Flask, catalogue: Path, tmp_path: Path) -> None:
    endless = ["x" * 250 + end for end in "ab"]
    rows = [CATALOGUE[0] | {"sku": sku} for sku in [*endless, "L1"]]
    report = take_catalogue(write(tmp_path / "endless.csv", rows), tmp_path, rejects=tmp_path / "r.csv")
    assert counts(report) == (1, 0, 0, 2)
    assert set(reasons(tmp_path / "r.csv").values()) == {"an item_id longer than 200 characters"}
    events = [EVENTS[0] | {"who": who} for who in [*endless, "A"]]
    report = take_events(write(tmp_path / "people.csv", events), tmp_path, rejects=tmp_path / "r.csv")
    assert counts(report) == (1, 0, 0, 2)
    assert set(reasons(tmp_path / "r.csv").values()) == {"a user_id longer than 200 characters"}


def test_a_price_that_the_shop_cannot_hold_leaves_its_row_out(app: Flask, tmp_path: Path) -> None:
    """PostgreSQL refused the whole import, and the office could not save a product that came in with one."""
    rows = [CATALOGUE[0] | {"price": "10000000.00"}, CATALOGUE[2] | {"price": "9999999.99"}]
    report = take_catalogue(write(tmp_path / "dear.csv", rows), tmp_path, rejects=tmp_path / "r.csv")
    assert counts(report) == (1, 0, 0, 1)
    assert reasons(tmp_path / "r.csv") == {1: "a price above what the shop can hold (10000000.0)"}
