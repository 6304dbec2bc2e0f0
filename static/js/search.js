/** Suggestions while typing: arrows choose or show them again, Enter opens, Escape closes and then clears, "/" comes here.

A past search has a cross, and the Delete key, that forgets it. */

import { announce, post, settings, toast, word } from "./net.js";
import { refreshPage } from "./refresh.js";

const WAIT_MS = 150;
const LEAST = 2;
const [NONE, LAST] = [-1, -2];

export function install() {
  const form = document.querySelector("[data-search]");
  if (form) new Combobox(form);
}

class Combobox {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input");
    this.list = document.createElement("div");
    this.list.id = "suggestions";
    this.list.className = "suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.input.placeholder);
    this.list.hidden = true;
    form.append(this.list);
    this.at = NONE;
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-controls", "suggestions"],
      ["aria-expanded", "false"],
    ]) {
      this.input.setAttribute(name, value);
    }
    this.input.addEventListener("input", () => this.wait());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("click", () => this.input.value.trim() || this.ask(""));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => this.onPress(event));
    document.addEventListener("keydown", (event) => this.onSlash(event));
  }

  get options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  wait() {
    clearTimeout(this.timer);
    this.request?.abort();
    if (this.input.value.trim().length < LEAST) return this.close();
    this.timer = setTimeout(() => this.ask(this.input.value.trim()), WAIT_MS);
  }

  async ask(query, at = NONE) {
    clearTimeout(this.timer);
    this.request?.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    try {
      const url = `${settings.urls.suggest}?${new URLSearchParams({ q: query })}`;
      const response = await fetch(url, { headers: { Accept: "application/json" }, signal });
      if (response.ok) this.show((await response.json()).groups ?? [], at);
    } catch {
      if (!signal.aborted) this.close(); // offline: the form still searches
    }
  }

  show(groups, at) {
    const full = groups.filter((group) => group.items.length);
    if (!full.length || document.activeElement !== this.input) return this.close();
    let number = 0;
    this.list.replaceChildren(...full.map((group, i) => this.group(group, i, () => number++)));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.choose(at === LAST ? number - 1 : at);
    announce(word("found", { count: number }));
  }

  group(group, index, next) {
    const box = document.createElement("div");
    const title = document.createElement("p");
    title.className = "group";
    title.id = `suggestions-${index}`;
    title.textContent = group.label;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", title.id);
    box.append(title, ...group.items.map((item) => option(item, next())));
    return box;
  }

  onKey(event) {
    const count = this.options.length;
    if (event.key === "Escape") {
      event.preventDefault();
      if (this.list.hidden) this.input.value = "";
      this.close();
    } else if (!this.list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const way = event.key === "ArrowDown" ? 1 : -1;
      this.choose(((this.at + 1 + way + count + 1) % (count + 1)) - 1);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.open(event);
    } else if (event.key === "Delete" && this.options[this.at]?.dataset.search) {
      event.preventDefault();
      this.forget(this.options[this.at]);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      location.assign(this.options[this.at].dataset.url);
    }
  }

  open({ key, altKey }) {
    const query = this.input.value.trim();
    const at = key === "ArrowDown" ? 0 : LAST;
    if (!query || query.length >= LEAST) this.ask(query, altKey ? NONE : at);
  }

  onPress(event) {
    const chosen = event.target.closest("[data-url]");
    event.preventDefault();
    if (event.target.closest(".forget")) return this.forget(chosen);
    if (chosen) location.assign(chosen.dataset.url);
  }

  async forget(row) {
    const data = new FormData();
    data.set("search_id", row.dataset.search);
    try {
      const answer = await post(settings.urls.forget, data);
      const box = row.parentElement;
      row.remove();
      if (!box.querySelector('[role="option"]')) box.remove();
      if (this.options.length) this.choose(NONE);
      else this.close();
      announce(answer.message);
      refreshPage();
    } catch (error) {
      toast(error.message);
    }
  }

  onSlash(event) {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }

  choose(at) {
    this.at = at;
    this.options.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", this.options[at].id);
    this.options[at].scrollIntoView({ block: "nearest" });
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.choose(NONE);
  }
}

function option(item, number) {
  const row = document.createElement("div");
  row.setAttribute("role", "option");
  row.id = `suggestion-${number}`;
  row.dataset.url = item.url;
  if (item.image_url) {
    const image = document.createElement("img");
    image.src = item.image_url;
    image.alt = "";
    row.append(image);
  }
  row.append(span(item.label, ""));
  if (item.detail) row.append(span(item.detail, "detail"));
  if (item.search_id) {
    row.dataset.search = item.search_id;
    row.append(span(`, ${word("forget_search")}`, "hush"));
    const cross = span("×", "forget");
    cross.title = word("forget_search");
    cross.setAttribute("aria-hidden", "true");
    row.append(cross);
  }
  return row;
}

function span(text, name) {
  const element = document.createElement("span");
  element.textContent = text;
  element.className = name;
  return element;
}
