/** "Why this?" opens as a dialog; without scripts the same words unfold in the menu of the card. */

const dialog = document.getElementById("why");
const body = document.getElementById("why-body");
let asked = null;

export function install() {
  document.addEventListener("click", (event) => {
    const summary = event.target.closest?.("[data-why] > summary");
    if (!summary) return;
    event.preventDefault();
    open(summary.parentElement);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => asked?.querySelector("[data-more] > summary")?.focus({ preventScroll: true }));
}

function open(fold) {
  asked = fold.closest("[data-card]");
  document.getElementById("why-name").textContent = fold.dataset.why;
  const words = fold.querySelector("[data-why-body]").cloneNode(true);
  // In a rail only one card can be reached with Tab; in the dialog everything can.
  for (const element of words.querySelectorAll("[tabindex]")) element.removeAttribute("tabindex");
  body.replaceChildren(words);
  fold.closest("[data-more]").open = false;
  dialog.showModal();
}

/** The card that a button speaks of, also when the button stands in the dialog. */
export function cardOf(button) {
  return dialog.contains(button) ? asked : button.closest("[data-card]");
}

export function close() {
  if (dialog.open) dialog.close();
}
