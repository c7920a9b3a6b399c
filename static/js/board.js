// What the ticks of a board have changed, said in one sentence, and not at every tick.
(() => {
  const quiet = 30000;
  const changed = new Set(); // what the panels say that were swapped since it was last told
  let toldAt = -quiet, telling = 0;

  const tell = () => {
    const told = [...changed].filter(Boolean).join(", ");
    changed.clear();
    telling = 0;
    if (!told || document.activeElement.matches("input, textarea, select")) return;
    toldAt = performance.now();
    document.dispatchEvent(new CustomEvent("console:say", { detail: told }));
  };

  document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
    changed.add(detail.target.dataset.announce);
    telling ||= setTimeout(tell, Math.max(0, toldAt + quiet - performance.now()));
  });
})();
