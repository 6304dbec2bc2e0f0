/** After a signal, fetch what rests on it again and put it in place, keeping scroll, focus and what is unfolded. */

const FRESH_MS = 2600;
const CONTROLS = "a, button, input, select, summary";
const hooks = [];
let latest = 0;

/** Call the function for every part of the page that is put in later, too. */
export function onNewContent(hook) {
  hooks.push(hook);
}

/** Say that a part of the page was put in later. */
export function tellNewContent(part) {
  for (const hook of hooks) hook(part);
}

/** Read a page of the shop; throws when it cannot be had. */
export async function readPage(url, signal) {
  const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin", signal });
  if (!response.ok) throw new Error(response.statusText);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Renew the rails and parts of the page; true when other products are shown than before. */
export async function refreshPage() {
  const turn = ++latest;
  const isCurrent = () => turn === latest;
  const before = shown();
  const jobs = [...document.querySelectorAll("[data-rails]")].map((box) => refreshRails(box, isCurrent));
  await Promise.all([...jobs, refreshParts(isCurrent)]);
  return shown() !== before;
}

/** Get the rails that a page leaves for after it is there. */
export function fillLater() {
  for (const box of document.querySelectorAll("[data-rails][data-later]")) refreshRails(box, () => true);
}

function shown() {
  return [...document.querySelectorAll("[data-rail]")].map((rail) => `${rail.dataset.rail}:${cardIds(rail)}`).join();
}

async function refreshRails(box, isCurrent) {
  try {
    const page = await readPage(box.dataset.rails);
    const rails = [...page.querySelectorAll("[data-rail]")];
    if (isCurrent() && rails.length) swap(box, rails);
  } catch {
    return; // the old rails stay: they are still true
  }
}

/** Renew the parts of a page that says which it has; settings that are being tried are left as they are. */
async function refreshParts(isCurrent) {
  const parts = [...document.querySelectorAll("[data-part]")];
  if (!parts.length) return;
  try {
    const page = await readPage(location.pathname);
    if (!isCurrent()) return;
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (fresh && !part.querySelector("[data-dirty]")) swap(part, [...fresh.childNodes]);
    }
  } catch {
    return;
  }
}

function swap(box, nodes) {
  const before = new Map([...box.querySelectorAll("[data-rail]")].map((rail) => [rail.dataset.rail, remember(rail)]));
  const unfolded = [...box.querySelectorAll("details[id]")].map((fold) => [fold.id, fold.open]);
  const focus = focusPlace(box);
  box.replaceChildren(...nodes.map((node) => document.importNode(node, true)));
  for (const rail of box.querySelectorAll("[data-rail]")) restore(rail, before.get(rail.dataset.rail));
  for (const [id, open] of unfolded) {
    const fold = document.getElementById(id);
    if (fold) fold.open = open;
  }
  tellNewContent(box);
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
  rail.querySelector(".rail-track")?.scrollTo({ left: old.left, behavior: "instant" });
  for (const card of rail.querySelectorAll("[data-card]")) {
    if (old.ids.has(card.dataset.card)) continue;
    card.classList.add("is-fresh");
    setTimeout(() => card.classList.remove("is-fresh"), FRESH_MS);
  }
}

/** Where the focus is: on a card of a rail, or at which place among the controls around it. */
function focusPlace(box) {
  const active = document.activeElement;
  if (!box.contains(active) || active === box) return null;
  const around = active.closest("[id]:not(input, select, summary, h1, h2)") ?? box;
  return {
    rail: active.closest("[data-rail]")?.dataset.rail,
    card: active.closest("[data-card]")?.dataset.card,
    around: around.id,
    place: [...around.querySelectorAll(CONTROLS)].indexOf(active),
  };
}

function refocus(box, { rail, card, around, place }) {
  if (rail) {
    const home = box.querySelector(`[data-rail="${rail}"]`) ?? box.querySelector("[data-rail]") ?? box;
    const link = card && home.querySelector(`[data-card="${card}"] .card-link`);
    (link ?? home.querySelector("h2") ?? home.querySelector(".card-link") ?? heading(box))?.focus({
      preventScroll: true,
    });
    return;
  }
  const controls = [...(document.getElementById(around)?.querySelectorAll(CONTROLS) ?? [])];
  (controls[Math.min(place, controls.length - 1)] ?? heading(box))?.focus({ preventScroll: true });
}

function heading(box) {
  return box.querySelector("h1, h2") ?? document.querySelector("h1");
}
