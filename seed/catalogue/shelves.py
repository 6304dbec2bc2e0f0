"""Departments and shelves of the demo shop."""

from __future__ import annotations

from seed.model import SeedCategory

DEPARTMENTS: dict[str, tuple[str, str]] = {
    "clothing": ("Clothing", "Things to wear, cut to be worn often and mended once."),
    "shoes": ("Shoes", "For pavements, puddles and long ways home."),
    "accessories": ("Accessories", "What you reach for on the way out of the door."),
    "home": ("Home", "Light, somewhere to sit, and something green."),
    "table": ("Table & care", "Small daily things: the first cup, the last candle."),
}

SHELVES: dict[str, tuple[str, str, str]] = {
    "tees": ("clothing", "T-shirts", "Plain, striped and printed, in cotton that keeps its shape."),
    "shirts": ("clothing", "Shirts", "Classic, camp and band collars, and overshirts for the days between."),
    "knitwear": ("clothing", "Knitwear", "Jumpers, cardigans and vests in wool, alpaca and cotton."),
    "dresses": ("clothing", "Dresses", "Easy shapes that go from breakfast to a late supper."),
    "trousers": ("clothing", "Trousers", "Straight, wide, tapered and short."),
    "coats": ("clothing", "Coats & jackets", "Against wind, drizzle and the first frost."),
    "sneakers": ("shoes", "Sneakers", "Low, high and made for running to the tram."),
    "boots": ("shoes", "Boots", "Leather for years, rubber for rain."),
    "socks": ("shoes", "Socks", "Short ones, long ones, warm ones, always in pairs."),
    "bags": ("accessories", "Bags", "Totes, satchels and shoulder bags."),
    "backpacks": ("accessories", "Backpacks", "For work, for school and for three days away."),
    "hats-scarves": ("accessories", "Hats & scarves", "Beanies, brims, and something for the neck."),
    "watches-glasses": ("accessories", "Watches & glasses", "Small, exact things to wear every day."),
    "lamps": ("home", "Lamps", "Warm light for reading, eating and doing nothing."),
    "chairs": ("home", "Chairs", "From the kitchen stool to the chair nobody wants to leave."),
    "textiles": ("home", "Cushions & blankets", "Soft things for sofas, beds and cold knees."),
    "plants": ("home", "Vases & plants", "Something green, and something to put it in."),
    "mugs": ("table", "Mugs & teapots", "Thrown, glazed and good to hold."),
    "tea-coffee": ("table", "Tea & coffee", "Leaves and beans in small batches."),
    "candles-soap": ("table", "Candles & soap", "For the bath, the basin and the evening."),
    "notebooks": ("table", "Notebooks", "Good paper, bound to lie flat."),
}

SHELF_KEYS = tuple(SHELVES)


def categories() -> list[SeedCategory]:
    """Return the five departments and, after each, its shelves, in the order a menu shows them."""
    rows = []
    for position, (key, (name, text)) in enumerate(DEPARTMENTS.items()):
        rows.append(SeedCategory(key, name, None, text, position))
        own = [(shelf, words) for shelf, words in SHELVES.items() if words[0] == key]
        rows += [SeedCategory(shelf, words[1], key, words[2], place) for place, (shelf, words) in enumerate(own)]
    return rows
