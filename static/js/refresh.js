/** Fetch the rails of the page again after a signal and put them in place, keeping scroll and focus. */

const FRESH_MS = 2600;
const hooks = [];
let latest = 0;

/** Call the function for every part of the page that is put in later, too. */
export function onNewContent(hook) {
  hooks.push(hook);
}

export async function refreshRails() {
  const turn = ++latest;
  const jobs = [...document.querySelectorAll("[data-rails]")].map((box) => refreshBox(box, () => turn === latest));
  const changed = await Promise.all(jobs);
  return changed.some(Boolean);
}

async function refreshBox(box, isCurrent) {
  try {
    const response = await fetch(box.dataset.rails, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!response.ok || !isCurrent()) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const rails = [...page.querySelectorAll("[data-rail]")];
    if (!rails.length) return false;
    swap(box, rails);
    return true;
  } catch {
    return false; // the old rails stay: they are still true
  }
}

function swap(box, rails) {
  const before = new Map([...box.querySelectorAll("[data-rail]")].map((rail) => [rail.dataset.rail, remember(rail)]));
  const focus = focusPlace(box);
  box.replaceChildren(...rails.map((rail) => document.importNode(rail, true)));
  for (const rail of box.querySelectorAll("[data-rail]")) restore(rail, before.get(rail.dataset.rail));
  for (const hook of hooks) hook(box);
  if (focus) refocus(box, focus);
}

function remember(rail) {
  return { left: rail.querySelector(".rail-track")?.scrollLeft ?? 0, ids: new Set(cardIds(rail)) };
}

function cardIds(rail) {
  return [...rail.querySelectorAll("[data-card]")].map((card) => card.dataset.card);
}

function restore(rail, old) {
  if (!old) return;
  rail.querySelector(".rail-track").scrollLeft = old.left;
  for (const card of rail.querySelectorAll("[data-card]")) {
    if (old.ids.has(card.dataset.card)) continue;
    card.classList.add("is-fresh");
    setTimeout(() => card.classList.remove("is-fresh"), FRESH_MS);
  }
}

function focusPlace(box) {
  const active = document.activeElement;
  if (!box.contains(active)) return null;
  return { rail: active.closest("[data-rail]")?.dataset.rail, card: active.closest("[data-card]")?.dataset.card };
}

function refocus(box, { rail, card }) {
  const home = box.querySelector(`[data-rail="${rail}"]`) ?? box.querySelector("[data-rail]");
  const link = card && home.querySelector(`[data-card="${card}"] .card-link`);
  (link ?? home.querySelector("h2")).focus({ preventScroll: true });
}
