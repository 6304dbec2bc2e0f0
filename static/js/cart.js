/** Put things into the cart without leaving the page. */

import { post, settings, showCount, toast, word } from "./net.js";

export function install() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-add-to-cart]");
    if (!form) return;
    event.preventDefault();
    add(form, event.submitter);
  });
}

async function add(form, button) {
  if (button?.getAttribute("aria-busy") === "true") return;
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await post(form.action, new FormData(form));
    if ("n_cart" in answer) showCount("cart", answer.n_cart);
    toast(answer.message, { label: word("to_cart"), href: settings.urls.cart });
  } catch (error) {
    toast(error.message);
  } finally {
    button?.removeAttribute("aria-busy");
  }
}
