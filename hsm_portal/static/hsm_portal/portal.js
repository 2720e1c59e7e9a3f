// What Alpine and HTMX do not do by themselves. No inline scripts anywhere (Content-Security-Policy).
(() => {
  "use strict";

  // HTMX asks with the page's CSRF token, whatever element asks.
  document.addEventListener("htmx:configRequest", (event) => {
    const field = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (field && event.detail.verb !== "get") {
      event.detail.headers["X-CSRFToken"] = field.value;
    }
  });

  // A form that sends goes once: its button is dead from the first click on. The send key is the real guard.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter || form.querySelector("button[type=submit]");
    if (button) button.setAttribute("aria-busy", "true");
  });

  // The words in charts take the page's colour, in light and in dark. Unfold draws the charts after this, on `load`.
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.Chart) return;
    window.Chart.defaults.color = () => getComputedStyle(document.documentElement).getPropertyValue("--quiet").trim();
  });

  // Coming back with the browser's Back button must not find a dead form.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });
})();
