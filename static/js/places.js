/** A page that answers a filter, an order, a number or a choice with itself leaves the focus where it was.

What stays has `data-stays` and an id, and may have a sentence to say in `data-tells`. Where it is gone, where
something went wrong, and on every other page with news, the focus is at the news. */

import { announce, focusOn } from "./net.js";

const KEPT = "place";
const CONTROLS = "a, button, input, select, summary";

export function install() {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  addEventListener("pagehide", remember);
  if (document.getElementById("error-summary")) return;
  const news = document.querySelector("[data-news]");
  const place = JSON.parse(kept ?? "{}");
  const isSame = place.path === location.pathname;
  const box = isSame && document.getElementById(place.box);
  if (box && !news?.matches(".warning, .error")) stay(box, place, news);
  else if (news) news.focus();
  else if (isSame) document.querySelector("[data-gone]")?.focus();
}

/** Only now is it known where the focus went last: a field is sent when one goes on to the next. */
function remember() {
  const control = document.activeElement;
  const box = control.closest("[data-stays]");
  if (!box) return;
  const { id, name, value, type } = control;
  const place = { path: location.pathname, box: box.id, id, at: controls(box).indexOf(control) };
  if (type === "checkbox") place.tick = { name, value };
  place.isKeyed = control.matches(":focus-visible");
  sessionStorage.setItem(KEPT, JSON.stringify(place));
}

function stay(box, place, news) {
  const control = find(box, place);
  const fold = control?.closest("details:not([open])");
  if (fold && !control.matches("summary")) fold.open = true;
  const shown = control?.checkVisibility() ? control : opener(box);
  if (place.isKeyed) focusOn(shown);
  else shown?.focus({ preventScroll: true });
  announce([news?.innerText, box.dataset.tells].filter(Boolean).join(" "));
}

/** A drawer that is closed again is where it is opened. */
function opener(box) {
  return document.querySelector(`[popovertarget="${box.id}"]:not([popovertargetaction])`);
}

/** A tick has another number when other things are counted; what it stands for is the same. */
function find(box, { tick, id, at }) {
  const all = controls(box);
  if (tick) return all.find((one) => one.name === tick.name && one.value === tick.value) ?? all[0];
  return (id && document.getElementById(id)) || all[Math.min(at, all.length - 1)];
}

function controls(box) {
  return [...box.querySelectorAll(CONTROLS)].filter((one) => one.type !== "hidden");
}
