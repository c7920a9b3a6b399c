// Times that move: <time data-live="since|until"> and <time data-ago>, and the viewer's zone.
(() => {
  const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  const skew = (() => {
    const now = Number(document.documentElement.dataset.now) * 1000 - Date.now();
    return Math.abs(now) > 5000 ? now : 0; // a clock that is minutes off would make nonsense
  })();

  const human = (seconds, most) => {
    const parts = [];
    for (const [unit, size] of units) {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      if (count) parts.push(`${count} ${unit}`);
      else if (parts.length) break;
      if (parts.length === most) break;
    }
    return parts.join(" ") || "0 s";
  };

  const text = (element, now) => {
    const seconds = Math.floor((now - Date.parse(element.dateTime)) / 1000);
    if (element.dataset.live === "since") return human(Math.max(seconds, 0), 2);
    if (seconds < 0) return `in ${human(-seconds, element.dataset.live ? 2 : 1)}`;
    return seconds < 1 ? "now" : `${human(seconds, 1)} ago`;
  };

  const tick = () => {
    if (document.hidden) return;
    const now = Date.now() + skew;
    for (const element of document.querySelectorAll("time[data-live], time[data-ago]")) {
      const next = text(element, now);
      if (element.firstChild?.data !== next && !next.includes("NaN")) element.textContent = next;
    }
    for (const element of document.querySelectorAll("[data-clock]")) {
      const clock = new Date(now).toTimeString().slice(0, 5);
      if (element.textContent !== clock) element.textContent = clock;
    }
  };
  setInterval(tick, 1000);
  tick();
  document.addEventListener("htmx:afterSwap", tick);
  document.addEventListener("visibilitychange", tick);

  // it takes the browser a tenth of a second to find out, so not before the page is there
  addEventListener("load", () => setTimeout(() => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    if (zone && !document.cookie.split("; ").includes(`timezone=${zone}`))
      document.cookie = `timezone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }));
})();
