"""From plain rows to what the templates are given. Addresses are built here, nothing is read or written."""
