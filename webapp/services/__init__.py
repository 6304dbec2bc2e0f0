"""Use cases: each opens short transactions, calls the store and returns plain values for a page or JSON."""
