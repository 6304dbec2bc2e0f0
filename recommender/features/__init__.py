"""Vectors of items: from texts, pictures and attributes, and what can be told of items by them."""
