/** Hearts, "not interested", "leave this out" and what else the page's one hidden form sends. */

import { announce, focusOn, post, settings, showCount, toast, word } from "./net.js";
import { refreshPage } from "./refresh.js";
import { cardOf, close } from "./why.js";

const CAN_BE_UNDONE = new Set(["dismiss", "own", "gift"]);

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
    if (answer.message) await tell(answer.message);
    else refreshPage();
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
  if (button.getAttribute("aria-busy") === "true") return;
  const card = cardOf(button);
  const kind = button.dataset.signal;
  button.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await post(button.formAction, data);
  } catch (error) {
    button.removeAttribute("aria-busy");
    close();
    toast(error.message);
    return;
  }
  close();
  if (kind === "tune") delete document.querySelector("[data-tune]").dataset.dirty;
  if (card) await leave(card, String(answer.product_id));
  const isKeptOut = CAN_BE_UNDONE.has(kind) && answer.product_id;
  await tell(answer.message ?? word("changed"), isKeptOut ? undo(answer.product_id) : undefined);
}

/** Show what happened and, when what rests on it has changed, say that as well. */
async function tell(message, action) {
  toast(message, action);
  const changed = await refreshPage();
  if (changed) announce([message, word("changed"), action?.label].filter(Boolean).join(" "));
}

/** Close the menu; a card that is turned down goes now, unless its place is about to be filled by another one. */
async function leave(card, turnedDown) {
  const menu = card.querySelector("[data-more]");
  if (menu) menu.open = false;
  menu?.querySelector("summary").focus({ preventScroll: true });
  if (turnedDown !== card.dataset.card || card.closest("[data-rails], [data-part]")) return;
  const item = card.closest("li") ?? card;
  const neighbour = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  focusOn(neighbour?.querySelector(".card-link"));
}

/** Where the focus goes after the button that had it is gone: to the card that is back, or to the first rail. */
function find(productId) {
  return document.querySelector(`[data-card="${productId}"] .card-link`) ?? document.querySelector("[data-rail] h2");
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
        await tell(word("undone"));
        if (document.activeElement === document.body) focusOn(find(productId));
      } catch (error) {
        toast(error.message);
      }
    },
  };
}
