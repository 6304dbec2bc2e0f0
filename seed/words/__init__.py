"""The words of the demo shop: phrase books and the grammar that joins them."""
