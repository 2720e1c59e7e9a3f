// Canned answers by "/", and the keys that an agent's day is made of: Alt with an arrow or a letter, so that no typing is taken.
(() => {
  "use strict";

  // --- canned answers ---
  const box = () => document.getElementById("desk-canned");
  const field = () => document.querySelector('textarea[data-draft="text"]');
  let answers = null;
  let answersOf = "";
  let found = [];
  let chosen = 0;

  const load = async (url) => {
    if (answersOf === url) return;
    answersOf = url;
    answers = [];
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (response.ok) answers = (await response.json()).answers;
  };
  const typed = (area) => /(^|\s)\/([\w-]*)$/.exec(area.value.slice(0, area.selectionStart));
  const close = () => {
    const list = box();
    if (list) list.hidden = true;
    const area = field();
    if (area) area.removeAttribute("aria-activedescendant");
  };
  const isOpen = () => Boolean(box() && !box().hidden);
  const draw = () => {
    const list = box();
    list.replaceChildren(
      ...found.map((answer, place) => {
        const item = document.createElement("li");
        item.id = `canned-${place}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(place === chosen));
        const shortcut = document.createElement("strong");
        shortcut.textContent = `/${answer.shortcut}`;
        const text = document.createElement("span");
        text.textContent = answer.text;
        item.append(shortcut, text);
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          use(answer);
        });
        return item;
      }),
    );
    list.hidden = found.length === 0;
    if (found.length) {
      field().setAttribute("aria-activedescendant", `canned-${chosen}`);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    } else close();
  };
  const use = (answer) => {
    const area = field();
    const match = typed(area);
    if (match) {
      const from = area.selectionStart - match[2].length - 1;
      area.setRangeText(answer.text, from, area.selectionStart, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    close();
    area.focus();
  };
  document.addEventListener("input", async (event) => {
    if (event.target !== field() || !box()) return;
    const match = typed(event.target);
    if (!match) return close();
    await load(box().dataset.url);
    const wanted = match[2].toLowerCase();
    found = answers.filter((answer) => answer.shortcut.toLowerCase().startsWith(wanted)).slice(0, 20);
    chosen = 0;
    draw();
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.target !== field() || !isOpen()) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) chosen = (chosen + step + found.length) % found.length;
      else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") use(found[chosen]);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
      if (step) draw();
    },
    true,
  );

  // --- keys ---
  const go = (step) => {
    const rows = [...document.querySelectorAll(".desk-row")];
    const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[here < 0 ? 0 : here + step];
    if (next) next.click();
  };
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") go(event.key === "ArrowDown" ? 1 : -1);
    else if (event.code === "KeyC" && field()) {
      field().focus();
      field().setRangeText("/", field().selectionStart, field().selectionEnd, "end");
      field().dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      const target = document.querySelector(`[data-key="${event.code.replace("Key", "").toLowerCase()}"]`);
      if (!target) return;
      target.click();
      const menu = target.closest("details");
      const first = menu && menu.querySelector("input:not([type=hidden]), select, textarea");
      if (first) first.focus();
    }
    event.preventDefault();
  });
})();
