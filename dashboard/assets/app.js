// Keeps a page up to date. Without it every page is whole, only still.
//
// Promises: one stream per visible tab and none for a hidden one; at most one refresh at a time and one a second;
// only what differs is touched, so that focus, scrolled boxes, open details and selected text stay.
"use strict";
(() => {
  const page = document.body;
  const $ = (id) => document.getElementById(id);
  document.documentElement.classList.add("js");

  // --- Times: the reader's own zone and words; the instant stays in `datetime`.
  const plural = new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "short" });
  const STEPS = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [604800, 86400, "day"]];
  function timeText(element) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const age = (Date.now() - at.getTime()) / 1000;
    const step = STEPS.find(([limit]) => Math.abs(age) < limit);
    let text = at.toLocaleString();
    if (element.dataset.style === "clock" || element.dataset.style === "exact") {
      const day = Math.abs(age) < 43200 ? {} : { month: "short", day: "numeric" };
      const second = element.dataset.style === "exact" ? { second: "2-digit" } : {};
      text = at.toLocaleString(undefined, { hour: "2-digit", minute: "2-digit", ...second, ...day });
    } else if (Math.abs(age) < 1.5) {
      text = "now";
    } else if (step) {
      text = plural.format(-Math.trunc(age / step[1]), step[2]);
    }
    if (element.textContent !== text) element.textContent = text;
    element.title = element.dateTime.replace("T", " ").replace("Z", " UTC");
  }
  const times = (root) => root.querySelectorAll("time").forEach(timeText);

  // --- Change only what differs.
  const keyOf = (node) => (node.nodeType === 1 && (node.dataset.key || node.id)) || null;
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
  function attributes(old, fresh) {
    const own = (name) => (name === "open" && old.nodeName === "DETAILS") || (name === "title" && old.nodeName === "TIME");
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !own(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && !own(name)) old.setAttribute(name, value);
    }
  }
  function morph(old, fresh) {
    if (old.nodeType !== 1) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    const sameTime = old.nodeName === "TIME" && old.dateTime === fresh.dateTime;
    attributes(old, fresh);
    if (!sameTime) children(old, fresh);
  }
  function children(old, fresh) {
    const keyed = new Map();
    for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
    let here = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = keyOf(wanted) && keyed.get(keyOf(wanted));
      if (known && known !== here && alike(known, wanted)) {
        old.insertBefore(known, here);
        morph(known, wanted);
      } else if (here && alike(here, wanted)) {
        const next = here.nextSibling;
        morph(here, wanted);
        here = next;
      } else {
        old.insertBefore(wanted, here);
      }
    }
    while (here) {
      const next = here.nextSibling;
      here.remove();
      here = next;
    }
  }
  function show(element, html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    children(element, fresh.content);
    times(element);
  }

  // --- The part that is fetched again.
  let refreshing = false;
  let wanted = false;
  let refreshedAt = 0;
  // Whether the ledger answered: the stream says it of the picture, a fetch of the part.
  const fresh = { picture: true, part: true };
  function freshness() {
    const banner = $("stale");
    if (banner) banner.hidden = fresh.picture && fresh.part;
  }
  async function refresh() {
    const part = document.querySelector("[data-refresh]");
    if (!part || document.hidden) return;
    wanted = true;
    if (refreshing) return;
    refreshing = true;
    while (wanted) {
      const pause = refreshedAt + 1000 - Date.now();
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      wanted = false;
      refreshedAt = Date.now();
      const url = part.dataset.refresh;
      try {
        const answer = await fetch(url, { credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(15000) });
        if (answer.status === 401 || answer.type === "opaqueredirect") location.reload();
        else {
          fresh.part = answer.status !== 503;
          freshness();
          if (answer.ok) {
            const html = await answer.text();
            if (part.dataset.refresh === url) show(part, html);
          }
        }
      } catch { /* The stream tells that the connection is lost. */ }
    }
    refreshing = false;
  }

  // --- The stream.
  const WORDS = { live: "live", lost: "connection lost, retrying", off: "not live" };
  let stream = null;
  let retry = 0;
  let delay = 1000;
  let heardAt = 0;
  function connection(state) {
    const sign = $("connection");
    if (!sign || sign.dataset.state === state) return;
    sign.dataset.state = state;
    sign.querySelector(".word").textContent = WORDS[state];
  }
  function heard(event) {
    const picture = JSON.parse(event.data);
    heardAt = Date.now();
    delay = 1000;
    connection("live");
    if ($("live") && picture.html) show($("live"), picture.html);
    const revision = $("revision");
    if (revision) {
      revision.dataset.value = revision.textContent = picture.revision;
      const made = $("made").querySelector("time");
      made.dateTime = picture.at;
      timeText(made);
    }
    // Before the first one there is nothing that could be old.
    fresh.picture = picture.ledger_ok || picture.revision === 0;
    freshness();
    refresh();
  }
  function close() {
    clearTimeout(retry);
    if (stream) stream.close();
    stream = null;
  }
  function connect() {
    close();
    stream = new EventSource(page.dataset.live);
    stream.addEventListener("fleet", heard);
    stream.onopen = () => { heardAt = Date.now(); };
    stream.onerror = () => {
      close();
      connection("lost");
      retry = setTimeout(connect, delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, 30000);
    };
  }
  if (page.dataset.live) {
    connect();
    // Browsers allow six connections to one server: a hidden tab gives its own back.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) close();
      else { connect(); refresh(); }
    });
    // A connection that died without a word: nothing was heard for longer than a picture is ever apart.
    setInterval(() => { if (stream && heardAt && Date.now() - heardAt > 30000) { heardAt = Date.now(); connect(); } }, 5000);
  }

  // --- Hands on the keyboard, and commands to take along.
  const search = $("search-field");
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && search && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const said = button.textContent;
    try { await navigator.clipboard.writeText(button.dataset.copy); button.textContent = "Copied"; } catch { button.textContent = "Press Ctrl+C"; }
    setTimeout(() => { button.textContent = said; }, 1500);
  });
  if (page.dataset.page === "devices" && search) {
    let typed = 0;
    search.addEventListener("input", () => {
      clearTimeout(typed);
      typed = setTimeout(() => {
        const asked = new URLSearchParams(new FormData(search.form));
        if (!asked.get("search")) asked.delete("search");
        const address = `/devices${asked.size ? `?${asked}` : ""}`;
        history.replaceState(null, "", address);
        document.querySelector("[data-refresh]").dataset.refresh = `/fragments${address}`;
        refreshedAt = 0;
        refresh();
      }, 250);
    });
  }

  times(document);
  setInterval(() => { if (!document.hidden) times(document); }, 1000);
})();
