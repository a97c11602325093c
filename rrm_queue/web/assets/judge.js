"use strict";
// Keys for the verdicts, and the match is given back when the page is left without one.
(() => {
  const form = document.querySelector("form.verdict");
  if (!form) return;
  let voted = false;

  document.addEventListener("submit", (event) => {
    if (voted) event.preventDefault();
    voted = true;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.key.length > 1) return;
    const buttons = Array.from(document.querySelectorAll("[data-press]"));
    const button = buttons.find((one) => one.dataset.press.includes(event.key.toLowerCase()));
    if (!button) return;
    event.preventDefault();
    if (!voted) button.form.requestSubmit(button);
  });

  addEventListener("pagehide", () => {
    if (voted) return;
    const lease = new URLSearchParams({ lease: form.elements.lease.value });
    navigator.sendBeacon(form.dataset.leave, lease);
  });
  // A page that comes out of the browser's memory shows a match that was given back.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
