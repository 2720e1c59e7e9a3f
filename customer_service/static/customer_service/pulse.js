// The pulse of an open screen: one tiny question every two seconds; what changed is then fetched by HTMX. And time left, ticking.
(() => {
  "use strict";

  const EVERY = 2000;
  const parts = { list: "conversations", ticket: "ticket-live" };
  const offline = (hidden) => {
    const box = document.getElementById("desk-offline");
    if (box) box.hidden = hidden;
  };

  const question = () => {
    const asked = new URLSearchParams();
    for (const [name, id] of Object.entries(parts)) {
      const part = document.getElementById(id);
      if (part && part.dataset.token) {
        asked.set(name, part.dataset.token);
        asked.set(`${name}_print`, part.dataset.print);
      }
    }
    return asked.toString();
  };

  let asking = false;
  const pulse = async () => {
    const wanted = bellIsOn() || document.visibilityState === "visible";
    const asked = wanted && !asking && question();
    if (!asked) return;
    asking = true;
    try {
      const answer = await fetch(`/service/pulse/?${asked}`, { credentials: "omit" });
      offline(answer.ok);
      if (answer.status === 200) {
        for (const name of (await answer.json()).changed) htmx.trigger(`#${parts[name]}`, "desk:changed");
      }
    } catch {
      offline(false);
    }
    asking = false;
  };

  // Time left, as the server would write it; when a window closes the server's own words are asked for.
  const tick = () => {
    for (const box of document.querySelectorAll("[data-closes]")) {
      const minutes = Math.floor((Date.parse(box.dataset.closes) - Date.now()) / 60000);
      if (minutes < 0) {
        box.removeAttribute("data-closes");
        htmx.trigger(`#${parts.list}`, "desk:changed");
        continue;
      }
      const hours = Math.floor(minutes / 60);
      const words = hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${minutes} min`;
      if (box.textContent !== words) box.textContent = words;
    }
  };

  // A window that is about to close says so in the composer.
  const ABOUT_TO = 30;
  const warn = () => {
    for (const box of document.querySelectorAll("[data-closes-soon]")) {
      const minutes = (Date.parse(box.dataset.closesSoon) - Date.now()) / 60000;
      box.hidden = !(minutes < ABOUT_TO);
    }
  };

  // Sound and notice, for those who want them: once for each conversation that becomes unread, and for each answer in the
  // open ticket while nobody looks at it, because that one is never unread.
  const BELL = "desk:bell";
  const bellIsOn = () => localStorage.getItem(BELL) === "on";
  const unread = () => new Set([...document.querySelectorAll(".desk-unread:not([aria-current])")].map((row) => row.id));
  const lastWord = () => [...document.querySelectorAll("#ticket-timeline .desk-in")].at(-1)?.id;
  let known = new Set();
  let heard;
  const ring = (words) => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const volume = context.createGain();
    volume.gain.setValueAtTime(0.08, context.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.4);
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.4);
    tone.onended = () => context.close();
    if (document.visibilityState !== "visible" && "Notification" in window && Notification.permission === "granted") {
      new Notification(words, { tag: "desk" });
    }
  };
  document.addEventListener("htmx:afterSettle", () => {
    const now = unread();
    const bell = document.getElementById("desk-bell");
    const word = lastWord();
    const isNews = [...now].some((id) => !known.has(id)) || (word !== heard && document.visibilityState !== "visible");
    if (bell && bellIsOn() && isNews) ring(bell.dataset.words);
    known = now;
    heard = word;
    tick();
    warn();
  });
  const showBell = () => {
    const bell = document.getElementById("desk-bell");
    if (!bell) return;
    bell.hidden = false;
    bell.setAttribute("aria-pressed", String(bellIsOn()));
    bell.querySelector(".material-symbols-outlined").textContent = bellIsOn() ? "notifications_active" : "notifications_off";
  };
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("#desk-bell")) return;
    localStorage.setItem(BELL, bellIsOn() ? "off" : "on");
    showBell();
    if (bellIsOn() && "Notification" in window && Notification.permission === "default") await Notification.requestPermission();
  });

  const begin = () => {
    known = unread();
    heard = lastWord();
    showBell();
    tick();
    warn();
    setInterval(warn, 10000);
    setInterval(pulse, EVERY);
    setInterval(tick, 10000);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
