"""A visitor's window on the shop that writes down everything that goes wrong in it."""

from __future__ import annotations

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

HEIGHTS = {375: 812, 1440: 900}
# A page that is left drops what it was still loading; that is no fault.
LEFT_BEHIND = "net::ERR_ABORTED"
TELL_REFUSALS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by the policy: ${event.effectiveDirective} ${event.blockedURI}`));
"""
# Goes down the page as a reader does, waits for every picture that comes into view, and returns those without one.
LOOK_THROUGH = """
async () => {
  const isInView = (image) => {
    const box = image.getBoundingClientRect();
    const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return isInside && image.checkVisibility();
  };
  const arrived = (image) => image.complete || new Promise((done) => {
    for (const event of ["load", "error"]) image.addEventListener(event, done, { once: true });
    setTimeout(done, 15000);
  });
  const seen = new Set();
  for (let top = 0; ; top += innerHeight / 2) {
    scrollTo({ top, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const inView = [...document.images].filter(isInView);
    await Promise.all(inView.map(arrived));
    inView.forEach((image) => seen.add(image));
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) break;
  }
  scrollTo({ top: 0, behavior: "instant" });
  return [...seen].filter((image) => image.isConnected && !image.naturalWidth).map((image) => image.currentSrc);
}
"""
# Without scripts nothing is put off until it is needed, so every picture is there when the page is loaded.
LOOK_AT_ONCE = "[...document.images].filter((image) => !image.naturalWidth).map((image) => image.currentSrc)"


class Window:
    """One visitor's browser; ``complaints`` holds what a page, the network or the policy complained about."""

    def __init__(self, browser: Browser, address: str, width: int, *, scripts: bool = True) -> None:
        self.scripts = scripts
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": HEIGHTS[width]},
            has_touch=width < 768,
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        self.context.add_init_script(TELL_REFUSALS)
        self.complaints: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("console", self._on_console)
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console of {self.page.url}: {message.text}")

    def _on_failed(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self.complaints.append(f"no answer: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"status {response.status}: {response.request.method} {response.url}")

    def look_through(self) -> None:
        """Read the page from top to bottom; a picture that does not appear is complained about."""
        self.page.wait_for_load_state("load")
        broken: list[str] = self.page.evaluate(LOOK_THROUGH if self.scripts else LOOK_AT_ONCE)
        self.complaints += [f"no picture on {self.page.url}: {source}" for source in broken]

    def forgive(self, word: str) -> None:
        """Forget complaints that were asked for, such as those about a page that is not there."""
        self.complaints = [complaint for complaint in self.complaints if word not in complaint]

    def close(self) -> None:
        """Close the window."""
        self.context.close()
