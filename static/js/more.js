/** "Show more" adds the next page of a list below this one; the address and the numbers of the pages follow. */

import { announce, focusOn, word } from "./net.js";
import { readPage, tellNewContent } from "./refresh.js";

export function install() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-more]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") !== "true") addPage(link);
  });
}

async function addPage(link) {
  link.setAttribute("aria-busy", "true");
  try {
    const page = await readPage(link.href);
    const items = newItems(page);
    grid(document).append(...items);
    document.querySelector("[data-pages]").replaceChildren(...copies(page.querySelector("[data-pages]").childNodes));
    history.replaceState(history.state, "", link.href);
    for (const item of items) tellNewContent(item);
    focusOn(items[0]?.querySelector(".card-link"));
    announce(word("added", { count: items.length }));
  } catch {
    location.assign(link.href); // the page itself says what is wrong
  }
}

/** What stands in a later page of the list and, as the order may have changed meanwhile, not in this one. */
function newItems(page) {
  const here = new Set(cards(document).map((card) => card.dataset.card));
  const fresh = cards(page).filter((card) => !here.has(card.dataset.card));
  return copies(fresh.map((card) => card.closest("li")));
}

function grid(page) {
  return page.querySelector("[data-grows]");
}

function cards(page) {
  return [...grid(page).querySelectorAll("[data-card]")];
}

function copies(nodes) {
  return [...nodes].map((node) => document.importNode(node, true));
}
