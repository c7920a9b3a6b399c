// Live regions: polls that rest in hidden tabs, cost nothing when nothing changed,
// keep what a person opened, and say quietly when the connection is gone.
(() => {
  const etags = new Map(); // region id -> {path, etag} of what the region shows
  const first = 5000, longest = 60000;
  let pause = 0, retryAt = 0, announced = "", clearing = 0;

  const isPoll = (element) => element.matches?.('[hx-trigger*="every"]');
  const strip = () => document.querySelector("[data-connection]");

  const say = (text) => {
    const announcer = document.querySelector("[data-announcer]");
    if (!announcer || !text || text === announced) return;
    announcer.textContent = announced = text;
    clearTimeout(clearing); // the same text is heard again only if it was gone meanwhile
    clearing = setTimeout(() => { announcer.textContent = ""; }, 2000);
  };
  const sayAgain = (text) => { announced = ""; say(text); };
  document.addEventListener("console:say", ({ detail }) => sayAgain(detail));

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, target, path, headers } = event.detail;
    if (!isPoll(elt)) return;
    if (document.hidden || Date.now() < retryAt) return event.preventDefault();
    event.detail.timeout = 30000;
    const shown = etags.get(target.id);
    const etag = shown?.path === path ? shown.etag : !shown && target.dataset.etag;
    if (etag) headers["If-None-Match"] = etag;
  });

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { target, xhr, requestConfig, shouldSwap, isError } = detail;
    if (!shouldSwap || !target.id) return;
    const etag = isError ? null : xhr.getResponseHeader("ETag");
    etags.set(target.id, { path: requestConfig.path, etag });
  });

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.elt.closest?.(".board")) return; // board.js says what its ticks have changed
    const said = detail.elt.matches?.("[data-announce]") ? detail.elt : detail.elt.querySelector?.("[data-announce]");
    say(said?.dataset.announce);
  });

  const lost = () => {
    pause = Math.min(pause * 2 || first, longest);
    retryAt = Date.now() + pause;
    if (strip()) strip().hidden = false;
    say("Connection lost, trying again.");
  };
  const found = (xhr) => {
    const asOf = xhr.getResponseHeader("Data-As-Of");
    for (const heard of asOf ? document.querySelectorAll("[data-heard]") : []) heard.dateTime = asOf;
    if (!pause) return;
    pause = retryAt = 0;
    if (strip()) strip().hidden = true;
    say("Connected again.");
  };
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  // a board swaps nothing for an error, so that its panels stay: then its age must go on too
  document.addEventListener("htmx:afterOnLoad", ({ detail }) =>
    detail.xhr.status >= 500 && detail.elt.getAttribute("hx-swap") === "none" ? lost() : found(detail.xhr));

  const refresh = () => {
    for (const region of document.querySelectorAll('[hx-get][hx-trigger*="every"]'))
      htmx.ajax("GET", region.getAttribute("hx-get"), { source: region });
  };
  addEventListener("online", () => { retryAt = 0; refresh(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

  // What a person opened or is typing outlives a swap.
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "open" && node.matches("details, dialog")) && !(name === "checked" && node.matches("[data-tick], [data-tick-all]"));
})();
