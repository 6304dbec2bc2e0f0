/** One press on a star rates; the rails change without a reload. */

import { announce, eventId, post, settings, toast, word } from "./net.js";
import { refreshPage } from "./refresh.js";

export function install() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-rate]");
    if (!form || !event.submitter) return;
    event.preventDefault();
    rate(form, Number(event.submitter.value));
  });
}

async function rate(form, stars) {
  const before = Number(form.querySelector('[aria-pressed="true"]')?.value ?? 0);
  paint(form, stars);
  try {
    await post(settings.urls.feedback, {
      product_id: Number(form.dataset.rate),
      rating: stars,
      event_id: eventId(),
      ...(form.dataset.request && { request_id: form.dataset.request }),
    });
  } catch (error) {
    paint(form, before);
    toast(error.message);
    return;
  }
  const thanks = word("rated", { stars, name: form.dataset.name });
  const said = form.querySelector("[data-said]");
  if (said) said.textContent = thanks;
  const changed = await refreshPage();
  announce(changed ? `${thanks} ${word("changed")}` : thanks);
}

function paint(form, stars) {
  for (const button of form.querySelectorAll(".rate-star")) {
    const value = Number(button.value);
    button.classList.toggle("is-on", value <= stars);
    button.setAttribute("aria-pressed", String(value === stars));
  }
}
