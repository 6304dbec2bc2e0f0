/** A page that Back brings again shows how much is in the cart and saved by now, not what was when it was left. */

import { knownCount, showCount } from "./net.js";

const NAMES = ["cart", "wishlist"];

export function install() {
  addEventListener("pageshow", (event) => {
    const cameBack = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    for (const name of NAMES) {
      const shown = document.querySelector(`[data-n-${name}]`)?.textContent;
      if (shown !== undefined) showCount(name, cameBack ? (knownCount(name) ?? shown) : shown);
    }
  });
}
