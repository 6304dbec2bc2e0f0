/** A filter that was taken off leaves the focus at the next one, or at the heading when it was the last. */

const KEPT = "chip";

export function install() {
  const chips = [...document.querySelectorAll(".chips .chip.on")];
  for (const [at, chip] of chips.entries()) chip.addEventListener("click", (event) => remember(event, at));
  const kept = sessionStorage.getItem(KEPT);
  if (kept === null) return;
  sessionStorage.removeItem(KEPT);
  const { at, path } = JSON.parse(kept);
  if (path !== location.pathname) return;
  (chips[Math.min(at, chips.length - 1)] ?? heading())?.focus({ preventScroll: true });
}

function remember(event, at) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // it opens elsewhere
  const path = new URL(event.currentTarget.href).pathname;
  sessionStorage.setItem(KEPT, JSON.stringify({ at, path }));
}

function heading() {
  const found = document.querySelector("h1");
  if (found) found.tabIndex = -1;
  return found;
}
