/** Hearts, "not interested", "I own it", "leave this out": the buttons of the page's one hidden form. */

import { post, settings, showCount, toast, word } from "./net.js";
import { refreshRails } from "./refresh.js";

export function install() {
  document.getElementById("act").addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    const act = "wish" in button.dataset ? wish : "signal" in button.dataset ? signal : null;
    if (!act) return;
    event.preventDefault();
    act(button, new FormData(event.target, button));
  });
}

async function wish(button, data) {
  const isWished = data.get("wished") === "1";
  show(button, isWished);
  try {
    const answer = await post(button.formAction, data);
    if ("n_wishlist" in answer) showCount("wishlist", answer.n_wishlist);
    if (answer.message) toast(answer.message);
    refreshRails();
  } catch (error) {
    show(button, !isWished);
    toast(error.message);
  }
}

function show(button, isWished) {
  button.setAttribute("aria-pressed", String(isWished));
  button.value = isWished ? "0" : "1";
}

async function signal(button, data) {
  const card = button.closest("[data-card]");
  const kind = button.dataset.signal;
  try {
    const answer = await post(button.formAction, data);
    toast(answer.message ?? word("changed"), kind === "forget" ? undefined : undo(card.dataset.card));
  } catch (error) {
    toast(error.message);
    return;
  }
  await leave(card, kind);
  refreshRails();
}

/** Close the menu; a card outside the rails goes now, one inside goes when its rail comes back. */
async function leave(card, kind) {
  card.querySelector("details")?.removeAttribute("open");
  if (kind === "forget" || card.closest("[data-rails]")) return;
  const item = card.closest("li") ?? card;
  const neighbour = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  neighbour?.querySelector(".card-link")?.focus({ preventScroll: true });
}

function undo(productId) {
  return {
    label: word("undo"),
    run: async () => {
      const data = new FormData();
      data.set("product_id", productId);
      data.set("kind", "undo");
      try {
        await post(settings.urls.signal, data);
        toast(word("undone"));
        refreshRails();
      } catch (error) {
        toast(error.message);
      }
    },
  };
}
