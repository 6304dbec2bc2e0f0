"""When a page is there, and whether it jumps: Chromium on a slow phone, every visit with an empty cache.

The throttling is that of Lighthouse's mobile profile "slow 4G": 150 ms for a round trip, 1.6 Mbit/s, a processor four
times slower. What is read is what Lighthouse reads: the browser's own entries for the largest contentful paint and for
layout shifts (web.dev/articles/lcp and /cls).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import machine
from bench.options import Options
from bench.shop import DEMO, prepared, serving
from bench.tables import Budget, Report, Table
from deploy.environment import browser_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VISITS, QUICK_VISITS = 7, 2
ROUND_TRIP_MS, DOWN_BITS, UP_BITS, SLOWER = 150, 1_638_400, 675_000, 4
PHONE = {"width": 375, "height": 812}
SETTLED_SECONDS = 1.0
WANTED_LCP_MS, WANTED_CLS = 1_500.0, 0.01
COLUMNS = ("page", "LCP p50 ms", "LCP worst ms", "first paint p50 ms", "CLS worst", "requests", "KB")
WATCH = """
window.seen = { lcp: 0, cls: 0 };
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.seen.lcp = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
const jumped = (entry) => { if (!entry.hadRecentInput) window.seen.cls += entry.value; };
new PerformanceObserver((list) => list.getEntries().forEach(jumped))
  .observe({ type: "layout-shift", buffered: true });
"""
READ = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const bytes = [page, ...files].reduce((sum, entry) => sum + entry.transferSize, 0);
  return { ...window.seen, fcp: paint ? paint.startTime : 0, requests: files.length + 1, bytes };
}"""
FIRST_LINK = """(start) => [...document.links].map((a) => new URL(a.href).pathname).find((p) => p.startsWith(start))"""


@dataclass(frozen=True)
class Visit:
    """One load of a page: milliseconds, the sum of shifts, requests and bytes sent."""

    lcp: float
    cls: float
    fcp: float
    requests: int
    bytes: int


def run(options: Options) -> Report:
    """Visit home, a category and a product of the demo shop."""
    if find_spec("playwright") is None or browser_path() is None:
        return Report(skipped="Playwright or Chromium is not installed: make test installs them")
    from playwright.sync_api import sync_playwright

    shop = prepared(DEMO, options, size="small" if options.quick else "demo")
    with machine.LoadMeter() as load, serving(shop) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        address = f"http://127.0.0.1:{server.port}"
        found = {
            name: [_visit(browser, address + path) for _ in range(QUICK_VISITS if options.quick else VISITS)]
            for name, path in _pages(browser, address)
        }
        browser.close()
    notes = (
        f"{shop.title}; Chromium at {PHONE['width']} pixels, {ROUND_TRIP_MS} ms a round trip, "
        f"{DOWN_BITS / 1e6:.1f} Mbit/s, a processor {SLOWER} times slower; nothing cached. {load.sentence}",
    )
    table = Table("Pages on a slow phone", COLUMNS, tuple(_row(name, visits) for name, visits in found.items()), notes)
    return Report((table,), tuple(_budgets(found)))


def _pages(browser: Browser, address: str) -> list[tuple[str, str]]:
    """Names and paths; the category and the product are the first that the home page links."""
    page = browser.new_page()
    page.goto(address)
    paths = [("home", "/")]
    paths += [(name, page.evaluate(FIRST_LINK, start)) for name, start in (("category", "/c/"), ("product", "/p/"))]
    page.close()
    return paths


def _visit(browser: Browser, url: str) -> Visit:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": DOWN_BITS / 8,
            "uploadThroughput": UP_BITS / 8,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="load")
    time.sleep(SETTLED_SECONDS)
    seen: dict[str, Any] = page.evaluate(READ)
    context.close()
    return Visit(seen["lcp"], seen["cls"], seen["fcp"], seen["requests"], seen["bytes"])


def _row(name: str, visits: Sequence[Visit]) -> tuple[str, float, float, float, float, int, float]:
    lcp = [visit.lcp for visit in visits]
    fcp = float(np.median([visit.fcp for visit in visits]))
    worst = max(visit.cls for visit in visits)
    return name, float(np.median(lcp)), max(lcp), fcp, worst, visits[0].requests, visits[0].bytes / 1024


def _budgets(found: dict[str, list[Visit]]) -> Iterator[Budget]:
    for name, visits in found.items():
        lcp = float(np.median([visit.lcp for visit in visits]))
        yield Budget(f"largest contentful paint, {name}, median", lcp, WANTED_LCP_MS, "ms")
        yield Budget(f"layout shift, {name}, worst", max(visit.cls for visit in visits), WANTED_CLS, "CLS")
