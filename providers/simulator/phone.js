"use strict";

const words = JSON.parse(document.body.dataset.words);
const REFRESH_MS = 1500;
const part = (id) => document.getElementById(id);
let chosen = null;
let shownConversation = "";
let shownList = "";

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function notice(text) {
  part("notice").textContent = text;
  part("notice").hidden = !text;
}

async function read(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  return response.ok ? response.json() : null;
}

async function tell(path, order) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(order),
  });
  const result = await response.json();
  notice(response.ok ? "" : `${words.not_sent} ${result.error}`);
  await refresh();
  return response.ok;
}

const clock = (at) => new Date(at * 1000).toLocaleTimeString(words.lang, { hour: "2-digit", minute: "2-digit" });
const shownKey = (key) => (key.includes(".") ? key : `+${key}`);

function listRow(item) {
  const row = make("button", "row");
  row.type = "button";
  row.append(make("strong", "", item.name), make("span", "", clock(item.last_at)));
  row.append(make("span", "last", `${shownKey(item.customer)} · ${item.business}`), make("span", "last", item.last));
  const current = chosen && chosen.customer === item.customer && chosen.phone_number_id === item.phone_number_id;
  row.setAttribute("aria-current", current ? "true" : "false");
  row.addEventListener("click", () => {
    chosen = { phone_number_id: item.phone_number_id, customer: item.customer };
    shownConversation = shownList = "";
    part("phone").classList.add("open");
    refresh();
  });
  const entry = make("li");
  entry.append(row);
  return entry;
}

function showList(items) {
  const fresh = JSON.stringify([items, chosen]);
  if (fresh === shownList) return;
  shownList = fresh;
  const focused = part("conversations").contains(document.activeElement);
  part("conversations").replaceChildren(...items.map(listRow));
  part("empty").hidden = items.length > 0;
  if (focused) part("conversations").querySelector("[aria-current=true]")?.focus();
}

function tapped(entry, button) {
  return tell("/control/inbound", {
    phone_number_id: chosen.phone_number_id,
    from: chosen.customer,
    type: "button",
    text: button.text,
    payload: button.payload,
    context: entry.id,
  });
}

function buttonShown(entry, button) {
  if (button.type === "QUICK_REPLY") {
    const tap = make("button", "tap", button.text);
    tap.type = "button";
    tap.addEventListener("click", () => tapped(entry, button));
    return tap;
  }
  const detail = button.code || button.url || button.phone_number || "";
  const still = make("button", "tap still", button.code ? `${words.copy}: ${button.code}` : button.text);
  still.type = "button";
  still.disabled = true;
  still.title = detail;
  return still;
}

function content(target, entry, bubble) {
  if (bubble.header) {
    if (bubble.header.type === "text") target.append(make("p", "head", bubble.header.text));
    else {
      const details = bubble.header.content || {};
      const name = details.filename || details.name || details.link || details.id || "";
      target.append(make("p", "media", `${bubble.header.type.toUpperCase()} ${name}`));
    }
  }
  if (bubble.offer) target.append(make("p", "head", bubble.offer));
  target.append(make("p", "", bubble.body));
  if (bubble.footer) target.append(make("p", "footer", bubble.footer));
}

function bubbleShown(entry) {
  const bubble = make("div", entry.from_customer ? "bubble mine" : "bubble");
  content(bubble, entry, entry.bubble);
  if (entry.bubble.cards) {
    const cards = make("div", "cards");
    for (const card of entry.bubble.cards) {
      const shown = make("div");
      content(shown, entry, card);
      shown.append(...(card.buttons || []).map((button) => buttonShown(entry, button)));
      cards.append(shown);
    }
    bubble.append(cards);
  }
  if (!entry.from_customer) {
    const state = words[entry.status] || entry.status;
    const text = `${clock(entry.at)} · ${state}${entry.code ? ` ${entry.code}` : ""}`;
    bubble.append(make("small", entry.status === "failed" ? "bad" : "", text));
  } else bubble.append(make("small", "", clock(entry.at)));
  bubble.append(...(entry.bubble.buttons || []).map((button) => buttonShown(entry, button)));
  return bubble;
}

function showConversation(conversation) {
  const fresh = JSON.stringify(conversation);
  if (fresh === shownConversation) return;
  shownConversation = fresh;
  part("choose").hidden = true;
  part("chat-head").hidden = part("answer").hidden = false;
  part("chat-name").textContent = conversation.name;
  part("chat-key").textContent = `${shownKey(conversation.customer)} · ${conversation.business}`;
  part("stop").textContent = conversation.stopped ? words.resume : words.stop;
  part("stop").dataset.choice = conversation.stopped ? "resume" : "stop";
  const bubbles = conversation.entries.map(bubbleShown);
  if (conversation.stopped) bubbles.push(make("p", "empty", words.stopped));
  part("bubbles").replaceChildren(...bubbles);
  part("bubbles").scrollTop = part("bubbles").scrollHeight;
}

function showCounts(state) {
  const counts = state.counts;
  const items = [
    [words.received, counts.requests],
    [words.count_accepted, counts.accepted],
    [words.count_delivered, counts.status_delivered],
    [words.count_failed, counts.status_failed],
    [words.webhooks, counts.webhooks_reached],
    [words.failures, counts.webhooks_given_up],
    [words.pending, state.pending],
  ];
  const shown = items.map(([label, value]) => {
    const item = make("li", "", `${label} `);
    item.append(make("b", "", String(value || 0)));
    return item;
  });
  part("counts").replaceChildren(...shown);
}

function knobInput(name, value) {
  const label = make("label", "", name);
  const input = make("input");
  if (typeof value === "boolean") {
    input.type = "checkbox";
    input.checked = value;
  } else {
    input.type = typeof value === "number" ? "number" : "text";
    input.step = "any";
    input.value = value;
  }
  input.addEventListener("change", () => {
    const typed = typeof value === "boolean" ? input.checked : typeof value === "number" ? Number(input.value) : input.value;
    tell("/control/knobs", { [name]: typed });
  });
  label.append(input);
  return label;
}

function showPanels(state) {
  if (!part("knobs").contains(document.activeElement)) {
    part("knobs").replaceChildren(...Object.entries(state.knobs).map(([name, value]) => knobInput(name, value)));
  }
  const rows = state.accounts.map((account) => {
    const numbers = state.numbers.filter((number) => number.waba_id === account.waba_id);
    const row = make("tr");
    row.append(
      make("td", "", `${account.name} (${account.waba_id})`),
      make("td", "", numbers.map((number) => `${number.display_phone_number} · ${number.quality_rating}`).join(", ")),
      make("td", "", account.webhook_url || words.no_webhook),
      make("td", "", account.token),
    );
    return row;
  });
  part("accounts").replaceChildren(...rows);
}

async function refresh() {
  try {
    const search = encodeURIComponent(part("search").value);
    const [list, state] = await Promise.all([read(`/phone/conversations?search=${search}`), read("/control/state")]);
    showList(list.data);
    showCounts(state);
    showPanels(state);
    if (chosen) {
      const conversation = await read(`/phone/conversation?${new URLSearchParams(chosen)}`);
      if (conversation) showConversation(conversation);
    }
    if (part("notice").textContent === words.offline) notice("");
  } catch {
    notice(words.offline);
  }
}

async function loop() {
  if (!document.hidden) await refresh();
  setTimeout(loop, REFRESH_MS);
}

part("search").addEventListener("input", refresh);
part("back").addEventListener("click", () => part("phone").classList.remove("open"));
part("stop").addEventListener("click", (event) => {
  tell("/control/preference", {
    phone_number_id: chosen.phone_number_id,
    from: chosen.customer,
    choice: event.currentTarget.dataset.choice,
  });
});
part("answer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = part("text").value.trim();
  if (!text) return;
  const order = { phone_number_id: chosen.phone_number_id, from: chosen.customer, type: "text", text };
  if (await tell("/control/inbound", order)) part("text").value = "";
});
const base64Of = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => resolve(reader.result.split(",")[1] || ""));
  reader.addEventListener("error", () => reject(reader.error));
  reader.readAsDataURL(file);
});
part("file").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  event.target.value = "";
  if (!file) return;
  if (file.size > 5 * 1024 * 1024) {
    notice(words.too_large);
    return;
  }
  const family = file.type.split("/")[0];
  const type = ["image", "audio", "video"].includes(family) ? family : "document";
  const media = { content_type: file.type || "application/octet-stream", name: file.name, base64: await base64Of(file) };
  await tell("/control/inbound", { ...chosen, from: chosen.customer, type, text: part("text").value.trim(), media });
  part("text").value = "";
});
loop();
