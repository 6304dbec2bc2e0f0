/** A row of tabs that is too long for the window begins where one is: at once, and the page itself stays where it is.

In every row that scrolls sideways what has the focus stands whole; a browser is content with a corner of it. */

const ROWS = ".admin-nav, .side-nav";
const SIDEWAYS = `:is(${ROWS}, .rail-track, .starter-list)`;
const RING = 8; // what shows the focus needs room around the thing

export function install() {
  for (const row of document.querySelectorAll(ROWS)) show(row, row.querySelector("[aria-current]"));
  document.addEventListener("focusin", ({ target }) => {
    const row = target.closest(SIDEWAYS);
    if (row && target.matches(":focus-visible")) bringIn(row, target.closest(`${SIDEWAYS} > li`) ?? target);
  });
}

function bringIn(row, item) {
  const around = row.getBoundingClientRect();
  const its = item.getBoundingClientRect();
  const before = its.left - around.left - RING;
  const after = its.right - around.right + RING;
  if (before < 0 || after > 0) row.scrollBy({ left: before < 0 ? before : after, behavior: "instant" });
}

function show(row, tab) {
  if (!tab) return;
  const around = row.getBoundingClientRect();
  const its = tab.getBoundingClientRect();
  row.scrollLeft += its.left + its.width / 2 - around.left - around.width / 2;
}
