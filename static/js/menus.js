/** Menus of cards and drawers: one open at a time, Escape closes, focus goes back; it closes behind who leaves. */

export function install() {
  document.addEventListener("toggle", onToggle, true);
  document.addEventListener("keydown", onEscape);
  document.addEventListener("focusout", ({ relatedTarget: next }) => next && closeMenus(next.closest("[data-more]")));
  document.addEventListener("pointerdown", (event) => closeMenus(event.target.closest("[data-more]")));
  for (const box of document.querySelectorAll("[popover]")) {
    box.addEventListener("focusout", (event) => leaveWithFocus(box, event.relatedTarget));
  }
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("[data-more][open]")) if (menu !== except) menu.open = false;
}

function onToggle(event) {
  if (event.target.matches?.("[data-more][open]")) closeMenus(event.target);
}

function onEscape(event) {
  const menu = event.key === "Escape" && document.querySelector("[data-more][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

/** A drawer covers what is behind it: when focus leaves for there, the drawer gives way. */
function leaveWithFocus(box, next) {
  if (next && !box.contains(next) && box.matches(":popover-open")) box.hidePopover();
}
