"""The products as the library's catalogue: whatever the shop holds, the library takes."""

from flask import Flask

from recommender import ItemCatalogue
from tests.factories import make_product
from webapp.store import catalogue
from webapp.store.tx import unit_of_work


def test_the_longest_labels_that_the_shop_keeps_are_short_enough_for_a_catalogue(app: Flask) -> None:
    """One product too colourful would else end every training."""
    with unit_of_work() as tx:
        path = catalogue.put_category_path(tx, " > ".join(letter * 200 for letter in "abc"), {})
        lamp = make_product(tx, brand="b" * 200, family="f" * 120, category_id=path)
        catalogue.set_attributes(tx, [(lamp, "Colour", f"{number:03}{'c' * 200}") for number in range(40)])
        items = ItemCatalogue.from_frame(catalogue.item_frame(tx))
    assert [len(items.fields[name][0]) for name in ("category", "brand", "family")] == [600, 200, 120]
    assert items.fields["colours"][0].count("|") == 15
