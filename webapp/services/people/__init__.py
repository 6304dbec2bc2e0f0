"""Members: their account and its pages, links that work once, keys of programs, what becomes of their data."""
