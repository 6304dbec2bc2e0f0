/** A row of tabs that is too long for the window begins where one is: at once, and the page itself stays where it is. */

const ROWS = ".admin-nav, .side-nav";

export function install() {
  for (const row of document.querySelectorAll(ROWS)) show(row, row.querySelector("[aria-current]"));
}

function show(row, tab) {
  if (!tab) return;
  const around = row.getBoundingClientRect();
  const its = tab.getBoundingClientRect();
  row.scrollLeft += its.left + its.width / 2 - around.left - around.width / 2;
}
