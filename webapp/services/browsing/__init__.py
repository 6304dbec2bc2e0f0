"""What visitors look at: the home page, shelves, searches, products, reviews, and lists for search engines."""
