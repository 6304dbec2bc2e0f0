"""Tables and every SQL statement of the shop. Functions take a transaction and never commit."""
