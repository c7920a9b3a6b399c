// Full screen, for walls: the page without the browser around it. Escape leaves it first, and the wall then.
(() => {
  const buttons = () => document.querySelectorAll("[data-full-screen]");
  const isFull = () => document.fullscreenElement !== null;

  for (const button of buttons()) button.hidden = !document.fullscreenEnabled;

  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-full-screen]")) return;
    const done = isFull() ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    done.catch(() => {}); // the browser says why not
  });
  document.addEventListener("fullscreenchange", () => {
    for (const button of buttons()) button.setAttribute("aria-pressed", isFull());
  });
})();
