// Keys: "/" to the search, "?" to the list of keys, "g" and a letter to a page of the rail.
// They can be switched off in that list (WCAG 2.1.4).
(() => {
  const off = "keys-off";
  let leading = 0;

  const isTyping = (element) => element.closest?.("input, textarea, select, [contenteditable]");
  const store = () => { try { return localStorage; } catch { return null; } };
  const isOff = () => store()?.getItem(off) === "1";

  const go = (letter) => [...document.querySelectorAll("[data-key]")].find((link) => link.dataset.key === letter)?.click();
  const search = () => document.querySelector("main [data-search]") ?? document.querySelector("[data-search]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog:modal")) return;
    if (event.key === "Escape") return document.fullscreenElement ? document.exitFullscreen() : document.querySelector("[data-leave]")?.click();
    if (isOff()) return;
    if (Date.now() - leading < 1200) {
      leading = 0;
      return go(event.key);
    }
    if (event.key === "g") leading = Date.now();
    if (event.key === "/" && search()) {
      event.preventDefault();
      search().focus();
      search().select();
    }
    if (event.key === "?") document.querySelector("#shortcuts")?.showModal();
  });

  const box = document.querySelector("[data-keys-switch]");
  if (box) box.checked = !isOff();
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-keys-switch]")) store()?.setItem(off, target.checked ? "0" : "1");
  });
})();
