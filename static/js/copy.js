// Copy: data-copy="text" or data-copy-from="#id".
(() => {
  const text = (button) => {
    if (button.dataset.copyFrom === undefined) return button.dataset.copy;
    const source = document.querySelector(button.dataset.copyFrom);
    return source.value ?? source.textContent;
  };

  // Plain http on another host has no clipboard API.
  const copyByHand = (value, near) => {
    const area = document.createElement("textarea");
    area.value = value;
    area.className = "visually-hidden";
    near.after(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    near.focus();
    return done;
  };

  const copy = async (value, button) => {
    try {
      await navigator.clipboard.writeText(value);
      return true;
    } catch {
      return copyByHand(value, button);
    }
  };

  const say = (words) => document.dispatchEvent(new CustomEvent("console:say", { detail: words }));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    event.preventDefault();
    if (!(await copy(text(button), button))) return say("Copying failed");
    say("Copied");
    const label = button.querySelector("[data-copy-label]");
    const before = label?.textContent;
    if (button.dataset.copied !== undefined) return;
    button.dataset.copied = "";
    if (label) label.textContent = "Copied";
    setTimeout(() => {
      delete button.dataset.copied;
      if (label) label.textContent = before;
    }, 1500);
  });
})();
