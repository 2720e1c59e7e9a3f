// The composer's hands: a file chosen, dropped or pasted, and emoji, all by keyboard too. Without this script a file is still sent.
(() => {
  "use strict";

  const part = (id) => document.getElementById(id);
  const sizeWords = (bytes) =>
    bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;

  // --- the file ---
  const showChosen = () => {
    const input = part("desk-file-input");
    const chip = part("desk-chosen");
    if (!input || !chip) return;
    const file = input.files[0];
    chip.hidden = !file;
    if (!file) return;
    chip.querySelector(".desk-keep-name").textContent = file.name;
    chip.querySelector(".small").textContent = sizeWords(file.size);
  };
  const take = (files) => {
    const input = part("desk-file-input");
    if (!input || !files.length) return;
    const one = new DataTransfer();
    one.items.add(files[0]);
    input.files = one.files;
    showChosen();
    document.querySelector(".desk-write textarea").focus();
  };
  document.addEventListener("change", (event) => {
    if (event.target.id === "desk-file-input") showChosen();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#desk-chosen-remove")) return;
    part("desk-file-input").value = "";
    showChosen();
    document.querySelector(".desk-write textarea").focus();
  });
  const conversation = (target) => (part("desk-file-input") ? target.closest(".desk-conversation") : null);
  document.addEventListener("dragover", (event) => {
    const place = conversation(event.target);
    if (!place || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    place.classList.add("desk-dropping");
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const place = conversation(event.target);
      if (!place || place.contains(event.relatedTarget)) return;
      place.classList.remove("desk-dropping");
      if (name === "drop" && event.dataTransfer.files.length) {
        event.preventDefault();
        take(event.dataTransfer.files);
      }
    });
  }
  document.addEventListener("paste", (event) => {
    if (!event.target.closest(".desk-write") || !event.clipboardData.files.length) return;
    event.preventDefault();
    take(event.clipboardData.files);
  });

  // --- emoji ---
  const card = () => part("desk-emoji-card");
  const signs = () => [...card().querySelectorAll(".desk-emoji-sign:not([hidden])")];
  const close = (focusButton) => {
    const button = part("desk-emoji-open");
    if (!card() || card().hidden) return;
    card().hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (focusButton) button.focus();
  };
  const open = async () => {
    const button = part("desk-emoji-open");
    if (!card().firstElementChild) {
      const response = await fetch(button.dataset.url, { headers: { "HX-Request": "true" } });
      if (!response.ok) return;
      card().innerHTML = await response.text();
    }
    card().hidden = false;
    // Above its button and within the screen: the composer scrolls, and would cut it off.
    const place = button.getBoundingClientRect();
    card().style.bottom = `${Math.max(8, window.innerHeight - place.top + 6)}px`;
    card().style.left = `${Math.max(8, Math.min(place.left, window.innerWidth - card().offsetWidth - 8))}px`;
    button.setAttribute("aria-expanded", "true");
    signs()[0].tabIndex = 0;
    part("desk-emoji-search").focus();
  };
  const insert = (sign) => {
    const field = document.querySelector(".desk-write textarea");
    field.setRangeText(sign, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close(false);
    field.focus();
  };
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const filter = (wanted) => {
    for (const sign of card().querySelectorAll(".desk-emoji-sign")) sign.hidden = !plain(sign.dataset.name).includes(plain(wanted));
    for (const group of card().querySelectorAll(".desk-emoji-group")) {
      group.hidden = !group.querySelector(".desk-emoji-sign:not([hidden])");
    }
    const first = signs()[0];
    if (first) first.tabIndex = 0;
  };
  // Up and down go to the sign that is nearest in the next row, whatever the card's width.
  const below = (from, direction) => {
    const here = from.getBoundingClientRect();
    const rows = signs().filter((sign) => direction * (sign.getBoundingClientRect().top - here.top) > 4);
    if (!rows.length) return null;
    const tops = rows.map((sign) => sign.getBoundingClientRect().top);
    const top = direction > 0 ? Math.min(...tops) : Math.max(...tops);
    const row = rows.filter((sign) => Math.abs(sign.getBoundingClientRect().top - top) < 4);
    return row.sort((a, b) => Math.abs(a.getBoundingClientRect().left - here.left) - Math.abs(b.getBoundingClientRect().left - here.left))[0];
  };
  const step = (event) => {
    const all = signs();
    const at = all.indexOf(event.target);
    const moves = {
      ArrowRight: () => all[at + 1],
      ArrowLeft: () => all[at - 1],
      ArrowDown: () => (at < 0 ? all[0] : below(event.target, 1)),
      ArrowUp: () => (at < 0 ? null : below(event.target, -1) || part("desk-emoji-search")),
    };
    if (!moves[event.key] || (at < 0 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const next = moves[event.key]();
    if (!next) return;
    for (const sign of all) sign.tabIndex = sign === next ? 0 : -1;
    next.focus();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("#desk-emoji-open")) {
      if (card().hidden) open();
      else close(true);
      return;
    }
    const sign = event.target.closest(".desk-emoji-sign");
    if (sign) insert(sign.dataset.sign);
    else if (card() && !event.target.closest(".desk-emoji")) close(false);
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "desk-emoji-search") filter(event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    if (!card() || card().hidden || !event.target.closest(".desk-emoji")) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close(true);
    } else if (event.key === "Enter" && event.target.id === "desk-emoji-search") {
      event.preventDefault();
      if (signs()[0]) insert(signs()[0].dataset.sign);
    } else step(event);
  });
})();
