"""Look at the templates without a shop: render every scene, serve them on loopback, photograph and check them.

``python -m tests.templates.preview OUT [--serve] [--only NAME ...] [--axe]``
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask, Response
from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from seed.pictures import PictureSpec
from seed.pictures.drawing import draw_svg
from tests.chromium import chromium

from .gallery import SCENES, Scene
from .site import NONCE, make_app, render

WIDTHS = {375: 812, 1440: 900}
POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


KEEP_SECONDS = 3600
# The only rules of axe that look at colours; a page that was checked in full needs no others for its second theme.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


class QuietHandler(WSGIRequestHandler):
    """A server that keeps connections open and does not write a line for every request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


SPECS = {
    "shirt": PictureSpec("shirt", "overshirt", "moss", "sage", "plain", "cotton", "two-pockets"),
    "lamp": PictureSpec("lamp", "desk", "honey", "walnut", "plain", "brass", "brass"),
    "mug": PictureSpec("mug", "straight", "chalk", "denim", "stripe", "stoneware", "plain"),
    "knit": PictureSpec("knit", "rollneck", "oat", "sand", "plain", "lambswool", "rib"),
    "vase": PictureSpec("vase", "bulb", "clay", "rust", "plain", "terracotta", "plain"),
    "notebook": PictureSpec("notebook", "hardcover", "forest", "sage", "leaf", "cloth", "elastic"),
    "boot": PictureSpec("boot", "lace-up", "chestnut", "walnut", "plain", "leather", "welt"),
    "cushion": PictureSpec("cushion", "square", "moss", "oat", "check", "linen", "piping"),
    "bag": PictureSpec("bag", "tote", "mustard", "walnut", "plain", "canvas", "pocket"),
    "glasses": PictureSpec("glasses", "round", "chestnut", "walnut", "plain", "acetate", "clear"),
    "scarf": PictureSpec("scarf", "long", "sea", "fog", "wave", "merino", "fringe"),
    "chair": PictureSpec("chair", "spindle", "sand", "walnut", "plain", "ash", "plain"),
}


@cache
def drawing(name: str) -> str:
    """Return the drawing for a media name such as ``mug-2-640.webp``."""
    return draw_svg(SPECS[name.partition("-")[0]])


def serving_app() -> Flask:
    """Return the app of the tests with pages that can be opened: ``/scene/NAME``."""
    app = make_app()
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = KEEP_SECONDS
    by_name = {scene.name: scene for scene in SCENES}

    def show(name: str) -> Response:
        scene = by_name[name]
        return Response(render(app, scene.template, scene.page, scene.chrome, scene.path), mimetype="text/html")

    def media(name: str) -> Response:
        answer = Response(drawing(name), mimetype="image/svg+xml")
        answer.cache_control.max_age = KEEP_SECONDS
        return answer

    app.add_url_rule("/scene/<name>", "scene", show)
    app.add_url_rule("/media/<name>", "shop.media", media)

    app.add_url_rule("/favicon.ico", "favicon", lambda: ("", 204))

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the previews on a free loopback port for the time of the block."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def photograph(browser: Browser, address: str, scenes: list[Scene], folder: Path) -> list[str]:
    """Take every scene in both widths and themes; return what the console complained about."""
    complaints: list[str] = []
    for width, height in WIDTHS.items():
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            tab = context.new_page()
            tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            tab.on("pageerror", lambda error: complaints.append(str(error)))
            for scene in scenes:
                tab.goto(f"{address}/scene/{scene.name}", wait_until="load")
                tab.screenshot(path=folder / f"{scene.name}-{width}-{theme}.png", full_page=True)
            context.close()
    return complaints


def check(browser: Browser, address: str, scenes: list[Scene]) -> list[str]:
    """Run axe over every scene in both themes; return one line for every violation."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", bypass_csp=True)
    tab = context.new_page()
    lines: list[str] = []
    for scene in scenes:
        tab.emulate_media(color_scheme="light")
        tab.goto(f"{address}/scene/{scene.name}", wait_until="load")
        lines += [f"{scene.name} {line}" for line in violations(tab)]
    context.close()
    return lines


def violations(tab: Page) -> list[str]:
    """Run axe over the page as it is, and its rules on colours again in the dark; return a line for each violation."""
    tab.evaluate(AXE_SCRIPT)
    found = {"light": _axe(tab, {})}
    tab.emulate_media(color_scheme="dark")
    found["dark"] = _axe(tab, {"runOnly": COLOUR_RULES})
    return [f"{theme}: {_told(violation)}" for theme, rows in found.items() for violation in rows]


def _axe(tab: Page, options: dict[str, Any]) -> list[dict[str, Any]]:
    run = "options => axe.run(options).then(found => found.violations)"
    found: list[dict[str, Any]] = tab.evaluate(run, {"resultTypes": ["violations"], **options})
    return found


def _told(violation: dict[str, Any]) -> str:
    nodes = [f"{node['target']} {node.get('failureSummary', '')}" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {' | '.join(nodes)}"


def main() -> None:
    """Render, photograph and check the chosen scenes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--axe", action="store_true")
    parser.add_argument("--serve", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    scenes = [scene for scene in SCENES if not args.only or scene.name in args.only]
    with served(serving_app()) as address:
        if args.serve:
            print(f"{address}/scene/{scenes[0].name}")
            threading.Event().wait()
        with chromium() as browser:
            lines = check(browser, address, scenes) if args.axe else photograph(browser, address, scenes, args.out)
    print("\n".join(lines) or f"{len(scenes)} scenes, nothing to complain about")


if __name__ == "__main__":
    main()
