/** Tell the shop which picks were really seen, which were opened, and how long a product was looked at. */

import { eventId, post, settings } from "./net.js";

const SEEN_MS = 1000;
const SEND_MS = 4000;
const LEAST_DWELL_S = 3;
const queue = [];
const known = new Set();
const timers = new Map();
let sending;

const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) entry.isIntersecting ? arm(entry.target) : disarm(entry.target);
  },
  { threshold: 0.5 },
);

export function install() {
  watch(document);
  document.addEventListener("click", onClick, true);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
  const product = document.querySelector("[data-product]");
  if (product) measureDwell(Number(product.dataset.product));
}

/** Watch the cards of a part of the page. */
export function watch(root) {
  for (const card of root.querySelectorAll("[data-rail] [data-card]")) observer.observe(card);
}

function arm(card) {
  timers.set(
    card,
    setTimeout(() => {
      observer.unobserve(card);
      const key = `${card.closest("[data-rail]")?.dataset.rail}:${card.dataset.card}`;
      if (!known.has(key)) note("impression", card);
      known.add(key);
    }, SEEN_MS),
  );
}

function disarm(card) {
  clearTimeout(timers.get(card));
  timers.delete(card);
}

function onClick(event) {
  const card = event.target.closest?.("a.card-link, a[data-opens]")?.closest("[data-card]");
  if (!card) return;
  note("click", card);
  flush();
}

function note(kind, card) {
  push({
    event: kind,
    product_id: Number(card.dataset.card),
    rail: card.closest("[data-rail]")?.dataset.rail,
    ...(card.dataset.rank && { rank: Number(card.dataset.rank) }),
    ...(card.dataset.request && { request_id: card.dataset.request }),
  });
}

function push(event) {
  queue.push({ ...event, event_id: eventId() }); // the shop says when: clocks of visitors are wrong by hours
  sending ??= setTimeout(flush, SEND_MS);
}

function flush() {
  clearTimeout(sending);
  sending = undefined;
  if (!queue.length) return;
  // Losing a count is better than showing an error about it.
  post(settings.urls.events, { events: queue.splice(0) }, { keepalive: true }).catch(() => {});
}

function measureDwell(productId) {
  let since = performance.now();
  let total = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      since = performance.now();
      return;
    }
    total += (performance.now() - since) / 1000;
    if (total < LEAST_DWELL_S) return;
    push({ event: "dwell", product_id: productId, value: Math.round(total) });
    total = 0;
    flush();
  });
}
