/** Small helps for forms: steppers, send on change, words on wrong fields, one press is one order. */

import { word } from "./net.js";

export function install() {
  for (const box of document.querySelectorAll("[data-quantity]")) addSteppers(box);
  for (const form of document.querySelectorAll("[data-auto], [data-sort]")) sendOnChange(form);
  for (const form of document.querySelectorAll("[data-filters]")) filterOnChange(form);
  for (const form of document.querySelectorAll("[data-check]")) checkFields(form);
  for (const form of document.querySelectorAll("[data-once]")) once(form);
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  for (const link of document.querySelectorAll("[data-thumb]")) link.addEventListener("click", showPicture);
  document.getElementById("error-summary")?.focus();
  if (document.querySelector("#error-summary ~ form:not([action]), form:not([action]) #error-summary")) askAnew();
}

/** Let Back ask for a refused page anew: what answers a form is kept by no browser where it is somebody's own. */
function askAnew() {
  history.replaceState(history.state, "", location.href);
}

function addSteppers(box) {
  const input = box.querySelector("input");
  const step = (way, label, text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", `${label}: ${input.labels[0].textContent.trim()}`);
    button.addEventListener("click", () => {
      way > 0 ? input.stepUp() : input.stepDown();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return button;
  };
  box.prepend(step(-1, word("fewer"), "−"));
  box.append(step(1, word("more"), "+"));
}

function sendOnChange(form) {
  for (const button of form.querySelectorAll("[data-auto-go], [data-sort-go]")) button.hidden = true;
  let timer;
  form.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(() => form.requestSubmit(), 400);
  });
}

/** On a wide page a tick filters at once; in the phone's drawer the button does. */
function filterOnChange(form) {
  const send = () => form.matches(":popover-open") || form.requestSubmit();
  form.addEventListener("change", (event) => event.target.type !== "number" && send());
  // Of a range both ends can be written before it is sent.
  form.addEventListener("focusout", ({ target, relatedTarget }) => {
    const range = target.type === "number" && target.closest("fieldset");
    if (range && !range.contains(relatedTarget) && isChanged(range)) send();
  });
  form.addEventListener("formdata", ({ formData }) => {
    for (const { type, name, value } of form.elements) if (type === "number" && !value) formData.delete(name);
  });
}

function isChanged(range) {
  return [...range.elements].some((input) => input.value !== input.defaultValue);
}

function checkFields(form) {
  form.addEventListener("focusout", (event) => {
    // A line that appears between press and release would move the button away from under the pointer.
    if (event.relatedTarget?.form === form && event.relatedTarget.type === "submit") return;
    if (event.target.matches(".input") && event.target.value) mark(event.target);
  });
  form.addEventListener("input", (event) => {
    if (event.target.getAttribute("aria-invalid") && event.target.validity.valid) mark(event.target);
  });
  form.addEventListener("submit", (event) => {
    const wrong = [...form.elements].filter((field) => field.willValidate && !mark(field) && field.offsetParent);
    if (!wrong.length) return;
    event.preventDefault();
    wrong[0].focus();
  });
}

/** The sentence of the shop, because a browser speaks its own language; its own for what is seldom wrong. */
function sentence({ validity, type, minLength, validationMessage }) {
  if (validity.valueMissing) return word("missing");
  if (validity.typeMismatch && type === "email") return word("no_email");
  if (validity.tooShort) return word("too_short", { n: minLength });
  return validationMessage;
}

/** Put a sentence under a field that is wrong, take it away when it is right. */
function mark(field) {
  const isRight = field.validity.valid;
  const id = `${field.id}-error`;
  if (!field.closest(".field")) return isRight;
  document.getElementById(id)?.remove();
  if (isRight) {
    field.removeAttribute("aria-invalid");
    return true;
  }
  const line = document.createElement("p");
  line.className = "error-text";
  line.id = id;
  line.textContent = sentence(field);
  field.after(line);
  field.setAttribute("aria-invalid", "true");
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((name) => name && name !== id);
  field.setAttribute("aria-describedby", [id, ...others].join(" "));
  return false;
}

function once(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}

function showPicture(event) {
  const picture = document.querySelector(event.currentTarget.getAttribute("href"));
  event.preventDefault();
  picture.parentElement.scrollTo({ left: picture.offsetLeft - picture.parentElement.offsetLeft });
}
