/** What every module needs: settings of the page, requests with the CSRF token, one live region, toasts. */

export const settings = JSON.parse(document.getElementById("settings").textContent);

const token = document.querySelector('meta[name="csrf-token"]').content;
const live = document.getElementById("live");
const toasts = document.getElementById("toasts");
const TOAST_MS = 10_000;

/** A translated sentence with its {places} filled. */
export function word(key, values = {}) {
  return settings.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** An id no other event has; `randomUUID` is missing where the page is not served securely. */
export function eventId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Send a form or JSON and return the JSON answer; throws an Error whose message can be shown. */
export async function post(url, body, { keepalive = false } = {}) {
  const isForm = body instanceof FormData;
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  if (!isForm) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers,
      body: isForm ? body : JSON.stringify(body),
      keepalive,
      credentials: "same-origin",
    });
  } catch {
    throw new Error(word("failed"));
  }
  if (response.redirected) {
    location.assign(response.url);
    return new Promise(() => {});
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail || answer.title || word("failed"));
  return answer;
}

/** Give the focus; who goes by keys sees where it is, for others the page stays where they have it. */
export function focusOn(element) {
  element?.focus({ preventScroll: true });
  if (!element?.matches(":focus-visible")) return;
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Say something to a screen reader; the same sentence twice is said twice. */
export function announce(text) {
  live.textContent = "";
  setTimeout(() => (live.textContent = text), 60);
}

/** Show a message for ten seconds, longer while it is looked at; `action` is {label, run} or {label, href}. */
export function toast(text, action) {
  const box = document.createElement("div");
  box.className = "toast";
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  if (action) box.append(control(action, box));
  toasts.replaceChildren(box);
  let timer = setTimeout(() => box.remove(), TOAST_MS);
  for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) {
    box.addEventListener(name, () => {
      clearTimeout(timer);
      timer = setTimeout(() => box.remove(), TOAST_MS);
    });
  }
  announce(action ? `${text} ${action.label}` : text);
}

const ABOVE = "dialog[open], [data-more][open], :popover-open"; // these have the keys first
let origin;

/** A message is the end of the page: the next Tab goes to what it offers, one more goes on from where one was. */
document.addEventListener("keydown", (event) => {
  const box = toasts.firstElementChild;
  if (!box || event.defaultPrevented || document.querySelector(ABOVE)) return;
  const isThere = box.contains(document.activeElement);
  if (event.key === "Escape") leave(box, isThere);
  else if (event.key === "Tab" && isThere && origin?.isConnected) {
    origin.focus({ preventScroll: true });
    if (event.shiftKey) event.preventDefault();
  } else if (event.key === "Tab" && !event.shiftKey && !isThere) goTo(box, event);
});

function goTo(box, event) {
  const offer = box.querySelector(".link");
  if (!offer || box.dataset.visited) return;
  event.preventDefault();
  box.dataset.visited = "1";
  origin = document.activeElement;
  offer.focus();
}

function leave(box, isThere) {
  box.remove();
  if (isThere) focusOn(origin);
}

function control(action, box) {
  const element = document.createElement(action.href ? "a" : "button");
  element.className = "link";
  element.textContent = action.label;
  if (action.href) element.href = action.href;
  else {
    element.type = "button";
    element.addEventListener("click", () => {
      box.remove();
      action.run();
    });
  }
  return element;
}

/** Write a count into every bubble that shows it, and keep it for the pages of this tab that Back brings again. */
export function showCount(name, count) {
  for (const bubble of document.querySelectorAll(`[data-n-${name}]`)) {
    bubble.textContent = count;
    bubble.dataset.count = count;
  }
  try {
    sessionStorage.setItem(`n-${name}`, count);
  } catch {
    return; // a browser that keeps nothing
  }
}

/** The count this tab has seen last, or null. */
export function knownCount(name) {
  try {
    return sessionStorage.getItem(`n-${name}`);
  } catch {
    return null;
  }
}
