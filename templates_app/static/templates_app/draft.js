// The form of a template: counts characters, writes variables where the caret is, and keeps names in WhatsApp's letters.
(() => {
  "use strict";

  const PLACE = /\{\{\s*(\w+)\s*\}\}/g;
  const NAME_LIMIT = 512;

  function count(field) {
    for (const counter of document.querySelectorAll(`[data-counts="${field.id}"]`)) {
      // As the server counts: by character, not by UTF-16 unit.
      const length = Array.from(field.value.replaceAll("\r\n", "\n").trim()).length;
      counter.textContent = `${length} / ${counter.dataset.limit}`;
      counter.classList.toggle("text-stopped", length > Number(counter.dataset.limit));
    }
  }

  function typed(field) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The first number that the text does not use yet; in a text with names, a name to be written over.
  function nextVariable(text) {
    const names = [...text.matchAll(PLACE)].map((match) => match[1]);
    if (names.some((name) => !/^\d+$/.test(name))) return "name";
    let number = 1;
    while (names.includes(String(number))) number += 1;
    return String(number);
  }

  function insert(field, before, after = "") {
    const { selectionStart: start, selectionEnd: end, value } = field;
    const chosen = value.slice(start, end);
    field.setRangeText(before + chosen + after, start, end, "end");
    if (after && !chosen) field.setSelectionRange(start + before.length, start + before.length);
    field.focus();
    typed(field);
  }

  function insertVariable(field) {
    const start = field.selectionStart;
    const name = nextVariable(field.value);
    const spaced = start > 0 && /\S/.test(field.value[start - 1]) ? " " : "";
    field.setSelectionRange(field.selectionEnd, field.selectionEnd);
    insert(field, `${spaced}{{${name}}}`);
  }

  function appendVariable(field) {
    if (/\{\{/.test(field.value)) return field.focus();
    field.value = `${field.value.trim()}{{1}}`;
    field.focus();
    typed(field);
  }

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches("[data-snake]")) {
      const plain = field.value.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
      const fit = plain.replace(/[\s-]+/g, "_").replace(/[^a-z0-9_]/g, "").slice(0, NAME_LIMIT);
      if (fit !== field.value) {
        const caret = field.selectionStart - (field.value.length - fit.length);
        field.value = fit;
        field.setSelectionRange(caret, caret);
      }
    }
    if (field.id) count(field);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-insert-variable], button[data-append-variable], button[data-wrap]");
    if (!button) return;
    const { insertVariable: body, appendVariable: address, wrap, into } = button.dataset;
    if (body) insertVariable(document.getElementById(body));
    else if (address) appendVariable(document.getElementById(address));
    else insert(document.getElementById(into), wrap, wrap);
  });

  // A link in the list of what is still to do leads into its field.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".todo a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  });
})();
