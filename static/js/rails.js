/** Buttons and arrow keys for the rails. Tab enters a rail at one card, arrows move along, Tab leaves. */

import { word } from "./net.js";

const sprite = document.querySelector("use")?.getAttribute("href").split("#")[0] ?? "";

export function install(root = document) {
  for (const rail of root.querySelectorAll(".rail")) {
    const track = rail.querySelector(".rail-track");
    addButtons(rail, track);
    rove(track);
  }
}

function addButtons(rail, track) {
  const name = rail.querySelector("h2").textContent.trim();
  const back = makeButton("left", word("previous", { rail: name }));
  const on = makeButton("right", word("next", { rail: name }));
  const step = (way) => track.scrollBy({ left: way * track.clientWidth * 0.9, behavior: motion() });
  back.addEventListener("click", () => step(-1));
  on.addEventListener("click", () => step(1));
  const update = () => {
    const room = track.scrollWidth - track.clientWidth;
    back.hidden = on.hidden = room < 8;
    back.disabled = track.scrollLeft < 4;
    on.disabled = track.scrollLeft > room - 4;
  };
  track.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(track);
  rail.querySelector(".rail-controls").append(back, on);
}

function makeButton(icon, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "round-button";
  button.setAttribute("aria-label", label);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${icon}`);
  svg.append(use);
  button.append(svg);
  return button;
}

function motion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

function rove(track) {
  const items = [...track.children];
  const choose = (chosen) => {
    for (const item of items) {
      for (const element of item.querySelectorAll("a, button, summary")) {
        if (item === chosen) element.removeAttribute("tabindex");
        else element.tabIndex = -1;
      }
    }
  };
  choose(items[0]);
  track.addEventListener("focusin", (event) => choose(event.target.closest(".rail-track > li")));
  track.addEventListener("keydown", (event) => {
    const goal = target(event.key, items, items.indexOf(event.target.closest(".rail-track > li")));
    if (!goal || event.target.closest(".more-panel")) return;
    event.preventDefault();
    choose(goal);
    goal.querySelector(".card-link").focus();
  });
}

function target(key, items, at) {
  return { ArrowRight: items[at + 1], ArrowLeft: items[at - 1], Home: items[0], End: items.at(-1) }[key];
}
