// What keeps an agent's place while a ticket refreshes itself: drafts, scroll, open menus, and the word when the line is down.
(() => {
  "use strict";

  // Drafts: what was typed and not sent survives a refresh of the composer, a reload and the wrong click. Per query and field.
  const draftKey = (field) => {
    const composer = document.getElementById("ticket-composer");
    return composer && field.dataset.draft ? `draft:${composer.dataset.query}:${field.dataset.draft}` : "";
  };
  const restoreDrafts = () => {
    for (const field of document.querySelectorAll("textarea[data-draft]")) {
      const key = draftKey(field);
      const draft = key && sessionStorage.getItem(key);
      if (draft && !field.value) field.value = draft;
    }
    // Where nothing can be written any more, what was typed is still shown.
    const kept = document.querySelector("[data-kept-draft]");
    const composer = document.getElementById("ticket-composer");
    const text = kept && composer && sessionStorage.getItem(`draft:${composer.dataset.query}:text`);
    if (text) {
      kept.querySelector(".desk-text").textContent = text;
      kept.hidden = false;
    }
  };
  document.addEventListener("input", (event) => {
    const key = event.target.matches("textarea[data-draft]") ? draftKey(event.target) : "";
    if (key) sessionStorage.setItem(key, event.target.value);
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    for (const field of event.target.querySelectorAll("textarea[data-draft]")) sessionStorage.removeItem(draftKey(field));
  });

  // The timeline stays at its end while one is there, and stays put while one reads further up. On a narrow screen it is the
  // page that scrolls, and its end is where one writes.
  const timeline = () => document.getElementById("ticket-timeline");
  const pageScrolls = window.matchMedia("(max-width: 63.99rem)");
  const belowComposer = () => document.getElementById("ticket-composer").getBoundingClientRect().bottom - window.innerHeight;
  // What the address names, and a form that came back with what is wrong, are looked at first.
  const somethingAbove = () => pageScrolls.matches && (window.location.hash || document.querySelector(".desk-conversation details[open]"));
  let atEnd = true;
  let lastTop = 0;
  const toEnd = () => {
    const box = timeline();
    if (!box || !atEnd) return;
    if (pageScrolls.matches) document.getElementById("ticket-composer").scrollIntoView({ block: "end" });
    else box.scrollTop = box.scrollHeight;
  };
  const followTimeline = () => {
    const box = timeline();
    if (!box) return;
    window.addEventListener("scroll", () => {
      if (pageScrolls.matches) atEnd = Math.abs(belowComposer()) < 48;
    });
    box.addEventListener("scroll", () => {
      // Word of a scroll comes a frame late: a picture that grew meanwhile is nobody's reading further up.
      if (box.scrollHeight - box.scrollTop - box.clientHeight < 48) atEnd = true;
      else if (box.scrollTop < lastTop) atEnd = false;
      lastTop = box.scrollTop;
    });
    // The composer below takes and gives back room.
    new ResizeObserver(toEnd).observe(box);
  };
  // A picture takes its room only when it is there.
  document.addEventListener("load", toEnd, true);
  document.addEventListener("htmx:afterSettle", () => {
    toEnd();
    restoreDrafts();
  });

  // A menu that is open when the ticket's actions change stays open, with what was typed or chosen in it.
  let kept = null;
  const sameForm = (fragment, form) =>
    [...fragment.querySelectorAll("form")].find((one) => one.getAttribute("action") === form.getAttribute("action"));
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const form = target.querySelector("details.desk-menu[open] form");
    const next = form && sameForm(fragment, form);
    if (!next) return;
    kept = { menu: next.closest("details") };
    for (const field of form.elements) {
      const same = [...next.elements].find((one) => one.name === field.name && (field.type !== "checkbox" || one.value === field.value));
      if (!same || !field.name || field.type === "hidden") continue;
      if (field.type === "checkbox") same.checked = field.checked;
      else same.value = field.value;
      if (field === document.activeElement) kept.field = same;
    }
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    // Only now: of menus of one name that are in the page together, the second one to be open is closed.
    if (kept) kept.menu.open = true;
    kept?.field?.focus({ preventScroll: true });
    kept = null;
  });

  // The list keeps its own scroll while it is replaced.
  let listScroll = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const rows = document.querySelector(".desk-rows");
    if (rows && event.detail.target.id === "conversations") listScroll = rows.scrollTop;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const rows = document.querySelector(".desk-rows");
    if (rows && event.detail.requestConfig.elt.id === "conversations") rows.scrollTop = listScroll;
  });

  // A list in another order is another list.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  // A page that no longer refreshes itself says so.
  const offline = (hidden) => {
    const box = document.getElementById("desk-offline");
    if (box) box.hidden = hidden;
  };
  document.addEventListener("htmx:sendError", () => offline(false));
  document.addEventListener("htmx:responseError", () => offline(false));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) offline(true);
  });

  // Menus close with Escape and by a click elsewhere; Ctrl + Enter sends a text.
  const menus = () => document.querySelectorAll("details.desk-menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of menus()) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    const form = event.target.closest("form.desk-write");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  const begin = () => {
    restoreDrafts();
    atEnd = !somethingAbove();
    toEnd();
    followTimeline();
    const problems = document.getElementById("composer-problems");
    if (problems) problems.focus();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
