"""Search: whole words, beginnings, typing errors, accents - and nothing a visitor types is read as commands."""

import pytest

from tests.factories import make_product
from webapp.store import catalogue, search
from webapp.store.tx import Tx

pytestmark = pytest.mark.both_databases


@pytest.fixture
def shelves(tx: Tx) -> dict[str, int]:
    """Four products with telling names."""
    return {
        "scarf": make_product(tx, name="Juniper wool scarf", brand="Fjord & Field", category="Accessories > Scarves"),
        "lamp": make_product(tx, name="Oslo table lamp", category="Home > Lamps"),
        "cafe": make_product(tx, name="Café mug", category="Table > Mugs", description="Holds a café au lait."),
        "shirt": make_product(tx, name="Alder overshirt, moss", category="Clothing > Shirts"),
    }


def find(tx: Tx, query: str) -> list[int]:
    words = search.parse_words(query)
    found = search.suggest(tx, words, limit=10)
    if not found and (mended := search.mend(tx, words)):
        found = search.suggest(tx, mended, limit=10)
    return found


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("scarf", "scarf"),
        ("SCARF", "scarf"),
        ("wool scar", "scarf"),
        ("jun", "scarf"),
        ("lamp table", "lamp"),
        ("lmap", "lamp"),
        ("scraf", "scarf"),
        ("junper", "scarf"),
        ("overshrit moss", "shirt"),
        ("cafe", "cafe"),
        ("café", "cafe"),
        ("fjord", "scarf"),
        ("scarves", "scarf"),
    ],
)
def test_the_right_thing_is_found(tx: Tx, shelves: dict[str, int], query: str, name: str) -> None:
    assert find(tx, query)[:1] == [shelves[name]]


def test_every_word_must_fit(tx: Tx, shelves: dict[str, int]) -> None:
    assert find(tx, "wool lamp") == []


def test_a_word_in_the_name_counts_more_than_one_in_the_description(tx: Tx) -> None:
    far = make_product(tx, name="Reading stand", description="Made for a lantern.", category="Home > Stands")
    near = make_product(tx, name="Lantern", description="Gives light.", category="Home > Lights")
    assert find(tx, "lantern") == [near, far]


def test_hidden_products_are_not_found(tx: Tx) -> None:
    make_product(tx, name="Secret lantern", is_visible=False)
    assert find(tx, "lantern") == []


def test_a_renamed_product_is_found_by_its_new_name_only(tx: Tx) -> None:
    lamp = make_product(tx, name="Old beacon")
    catalogue.change_product(tx, lamp, name="New lighthouse")
    search.reindex(tx, [lamp])
    assert find(tx, "lighthouse") == [lamp]
    assert find(tx, "beacon") == []


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("wool scraf", ["wool", "scarf"]),
        ("ovresihrt", ["overshirt"]),
        ("wuniper", ["juniper"]),
        ("cafee", ["cafe"]),
        ("scarf", None),
        ("zzzzzz", None),
    ],
)
def test_did_you_mean(tx: Tx, shelves: dict[str, int], query: str, meant: list[str] | None) -> None:
    assert search.mend(tx, search.parse_words(query)) == meant


def test_nobody_means_a_word_that_no_product_holds_any_more(tx: Tx) -> None:
    lamp = make_product(tx, name="Old beacon")
    catalogue.change_product(tx, lamp, name="New lighthouse")
    search.reindex(tx, [lamp])
    assert search.mend(tx, ["baecon"]) is None


def test_suggestions_begin_with_what_was_typed_and_best_sellers_first(tx: Tx) -> None:
    few = make_product(tx, name="Lantern small", popularity=1.0)
    many = make_product(tx, name="Lantern large", popularity=9.0)
    assert search.suggest(tx, search.parse_words("lant"), limit=5) == [many, few]


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "*",
        "NEAR(a b)",
        "a^b",
        "a:b",
        "-",
        "AND",
        "OR NOT",
        '" OR 1=1 --',
        "(((",
        "\x00",
        "😀",
        "ß" * 300,
        "a" * 5000,
    ],
)
def test_s23_no_query_is_read_as_commands(tx: Tx, shelves: dict[str, int], query: str) -> None:
    find(tx, query)


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [("lamp", "lamp", 0), ("lmap", "lamp", 1), ("lamp", "lamps", 1), ("scraf", "scarf", 1), ("abc", "xyz", 3)],
)
def test_swapped_neighbours_are_one_mistake(left: str, right: str, distance: int) -> None:
    assert search.edit_distance(left, right, most=3) == distance


@pytest.fixture
def scripts(tx: Tx) -> dict[str, int]:
    """Products with names in other scripts, and a German one."""
    names = ("緑茶", "茶碗", "茶 set", "がくや", "녹차", "Straße lampe", "USB充電器")
    return {name: make_product(tx, name=name) for name in names}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("茶", {"緑茶", "茶碗", "茶 set"}),
        ("碗", {"茶碗"}),
        ("緑茶", {"緑茶"}),
        ("茶緑", set()),
        ("がく", {"がくや"}),
        ("녹", {"녹차"}),
        ("녹차", {"녹차"}),
        ("Straße", {"Straße lampe"}),
        ("strasse", {"Straße lampe"}),
        ("充電器", {"USB充電器"}),
        ("usb充電", {"USB充電器"}),
        ("usb", {"USB充電器"}),
    ],
)
def test_words_of_other_scripts_are_found_also_within_longer_ones(
    tx: Tx, scripts: dict[str, int], query: str, names: set[str]
) -> None:
    assert set(find(tx, query)) == {scripts[name] for name in names}


def test_a_letter_with_space_around_it_finds_no_longer_word_by_its_middle(tx: Tx, shelves: dict[str, int]) -> None:
    assert find(tx, "o") == [shelves["lamp"], shelves["shirt"]]
