/** The settings of one's picks: each slider says in words where it stands, and what would change is shown at once. */

import { announce, post, toast, word } from "./net.js";
import { readPage, refreshPage } from "./refresh.js";

const WAIT_MS = 250;
let timer;
let request;
let isFinding = false;

export function install() {
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-tune]");
    if (!form || event.target.type === "search") return;
    if (event.target.type === "range") tell(event.target);
    form.dataset.dirty = "1";
    stopTrying(); // what is on its way knows nothing of this
    timer = setTimeout(() => tryOut(form), WAIT_MS);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-tune]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    if ("save" in button.dataset) save(form, button);
    else if ("find" in button.dataset && !isOnSetting(form)) find(form);
    else tryOut(form, true);
  });
}

/** Whether Enter was pressed on a slider or a brand: that presses the form's first button, whichever it is. */
function isOnSetting(form) {
  return form.contains(document.activeElement) && document.activeElement.matches("[type=range], [type=checkbox]");
}

function tell(slider) {
  const words = slider.dataset.words.split("|");
  const said = words[Math.round(slider.value / slider.step)];
  slider.setAttribute("aria-valuetext", said);
  document.getElementById(`word-${slider.name}`).textContent = said;
}

/** What the form says; shelves left as they are say nothing, and of a thousand of them a server takes no form. */
function said(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value === "same") data.delete(name);
  return data;
}

function stopTrying() {
  clearTimeout(timer);
  request?.abort();
}

/** Show the two lists side by side; of several tries in a row only the last one is shown. */
async function tryOut(form, isAsked = false) {
  stopTrying();
  request = new AbortController();
  const box = document.getElementById("preview");
  const data = said(form);
  data.delete("csrf_token");
  data.set("preview", "1");
  box.classList.add("is-waiting");
  try {
    const page = await readPage(`${form.action}?${new URLSearchParams(data)}`, request.signal);
    const shown = page.getElementById("preview");
    box.replaceChildren(...[...shown.childNodes].map((node) => document.importNode(node, true)));
    announce(box.querySelector("[data-summary]")?.textContent ?? "");
    if (isAsked) box.focus();
    if (isFinding) listFound(form, page);
  } catch (error) {
    if (error.name === "AbortError") return;
    toast(word("failed"));
  }
  isFinding = false;
  box.classList.remove("is-waiting");
}

/** Look for the shelves that are called so; a try that comes between lists them. */
function find(form) {
  isFinding = true;
  tryOut(form);
}

/** List the shelves that were found, with what is set and not saved yet; whoever went on to a slider stays there. */
function listFound(form, page) {
  const old = form.querySelector(".tune-categories");
  const typed = document.getElementById("tune-find").value;
  const { activeElement: active } = document;
  const isHere = old.contains(active) || active === document.body;
  old.replaceWith(document.importNode(page.querySelector(".tune-categories"), true));
  const search = document.getElementById("tune-find");
  search.value = typed;
  if (isHere) (document.getElementById(active.id) ?? search).focus();
  announce(document.getElementById("tune-found").textContent);
}

async function save(form, button) {
  stopTrying();
  isFinding = false;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await post(button.formAction, said(form));
    toast(answer.message);
    delete form.dataset.dirty;
    const changed = await refreshPage();
    if (changed) announce(`${answer.message} ${word("changed")}`);
  } catch (error) {
    toast(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}
