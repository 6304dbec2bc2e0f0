/** The settings of one's picks: each slider says in words where it stands, and what would change is shown at once. */

import { announce, post, toast, word } from "./net.js";
import { readPage, refreshPage } from "./refresh.js";

const WAIT_MS = 250;
let timer;
let request;

export function install() {
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-tune]");
    if (!form) return;
    if (event.target.type === "range") tell(event.target);
    form.dataset.dirty = "1";
    clearTimeout(timer);
    timer = setTimeout(() => tryOut(form), WAIT_MS);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-tune]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    "save" in button.dataset ? save(form, button) : tryOut(form, true);
  });
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

/** Show the two lists side by side; of several tries in a row only the last one is shown. */
async function tryOut(form, isAsked = false) {
  clearTimeout(timer);
  request?.abort();
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
  } catch (error) {
    if (error.name === "AbortError") return;
    toast(word("failed"));
  }
  box.classList.remove("is-waiting");
}

async function save(form, button) {
  clearTimeout(timer);
  request?.abort();
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
