// Copy: data-copy="text", data-copy-from="#id", or data-copy-url for what the page shows cut.
(() => {
  const fetched = async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(response.status);
    return response.text();
  };

  const text = async ({ dataset }) => {
    if (dataset.copyUrl !== undefined) return fetched(dataset.copyUrl);
    if (dataset.copyFrom === undefined) return dataset.copy;
    const source = document.querySelector(dataset.copyFrom);
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

  const copy = async (button) => {
    const value = await text(button).catch(() => null);
    if (value === null) return false;
    try {
      await navigator.clipboard.writeText(value);
      return true;
    } catch {
      return copyByHand(value, button);
    }
  };

  const say = (words) => document.dispatchEvent(new CustomEvent("console:say", { detail: words }));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from], [data-copy-url]");
    if (!button) return;
    event.preventDefault();
    if (!(await copy(button))) return say("Copying failed");
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
