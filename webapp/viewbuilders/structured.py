"""What a page tells machines of itself (JSON-LD); it is built from what the page shows, so both say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, url_for

from webapp import viewmodels as vm
from webapp.formatting import amount
from webapp.viewbuilders.links import absolute

CONTEXT = "https://schema.org"


def product(
    name: str,
    *,
    url: str,
    description: str,
    brand: str,
    variant: vm.Variant,
    stars: vm.Rating | None,
) -> dict[str, Any]:
    """Describe a product: the variant that is chosen, its price, whether it can be bought, and all stars."""
    image = absolute(variant.picture.src) if variant.picture else ""
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Product",
        "name": name,
        "sku": variant.sku,
        "url": absolute(url),
        "offers": {
            "@type": "Offer",
            "price": amount(variant.price.cents, variant.price.currency),
            "priceCurrency": variant.price.currency,
            "availability": f"{CONTEXT}/{'InStock' if variant.stock > 0 else 'OutOfStock'}",
            "itemCondition": f"{CONTEXT}/NewCondition",
            "url": absolute(url),
        },
    }
    found |= {"description": description} if description else {}
    found |= {"brand": {"@type": "Brand", "name": brand}} if brand else {}
    found |= {"image": image} if image else {}
    if stars:
        found["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": f"{stars.average:.1f}",
            "ratingCount": stars.count,
        }
    return found


def crumbs(trail: Sequence[vm.Crumb], url: str) -> dict[str, Any]:
    """Describe the way to a page; ``url`` is the page's own."""
    items = [
        {"@type": "ListItem", "position": at, "name": step.label, "item": absolute(step.url or url)}
        for at, step in enumerate(trail, 1)
    ]
    return {"@context": CONTEXT, "@type": "BreadcrumbList", "itemListElement": items}


def organization() -> dict[str, Any]:
    """Describe who runs the shop; the address is the one on invoices."""
    config = current_app.config
    home = absolute(url_for("shop.home"))
    found: dict[str, Any] = {"@context": CONTEXT, "@type": "Organization", "name": config["SHOP_NAME"], "url": home}
    found["logo"] = absolute(url_for("static", filename="img/mark.svg"))
    if config["SELLER"]:
        found |= {"legalName": config["SELLER"][0], "address": ", ".join(config["SELLER"][1:])}
    if config["SELLER_TAX_ID"]:
        found["vatID"] = config["SELLER_TAX_ID"]
    return {key: value for key, value in found.items() if value}


def site() -> dict[str, Any]:
    """Describe the shop as a site with a search."""
    home = absolute(url_for("shop.home"))
    target = absolute(url_for("shop.search")) + "?q={query}"
    search = {"@type": "SearchAction", "target": target, "query-input": "required name=query"}
    name = current_app.config["SHOP_NAME"]
    return {"@context": CONTEXT, "@type": "WebSite", "name": name, "url": home, "potentialAction": search}
