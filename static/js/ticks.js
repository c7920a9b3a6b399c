// Ticked rows: how many there are, and all of a page at once. That a refresh keeps them is in live.js.
(() => {
  const ticks = () => [...document.querySelectorAll("[data-tick]")];

  const count = () => {
    const all = ticks(), ticked = all.filter((tick) => tick.checked).length;
    for (const place of document.querySelectorAll("[data-tick-count]")) {
      const text = `${ticked} ticked`;
      if (place.textContent !== text) place.textContent = text;
    }
    for (const box of document.querySelectorAll("[data-tick-all]")) {
      box.checked = ticked > 0 && ticked === all.length;
      box.indeterminate = ticked > 0 && ticked < all.length;
    }
  };

  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-tick-all]")) for (const tick of ticks()) tick.checked = target.checked;
    if (target.matches("[data-tick], [data-tick-all]")) count();
  });
  document.addEventListener("htmx:afterSettle", count);
  addEventListener("pageshow", count);
})();
