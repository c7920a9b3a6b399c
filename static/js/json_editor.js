// The JSON field: line numbers, the place of an error, indents. Tab indents only after typing;
// Escape gives Tab back, so that the keyboard always finds out.
(() => {
  const areas = "[data-json-editor] textarea";
  const areaOf = (element) => (element.matches?.(areas) ? element : null);
  const part = (area, selector) => area.closest("[data-json-editor]").querySelector(selector);

  const number = (area, marked) => {
    const gutter = part(area, ".json-gutter");
    const lines = area.value.split("\n").map((_, index) => {
      const line = document.createElement(index + 1 === marked ? "mark" : "div");
      line.textContent = index + 1;
      return line;
    });
    gutter.replaceChildren(...lines);
    gutter.scrollTop = area.scrollTop;
  };

  const check = (area) => {
    const state = part(area, "[data-json-state]");
    const result = area.value.trim() ? window.jsonText.read(area.value) : {};
    const before = area.value.slice(0, result.at ?? 0).split("\n");
    if (result.why) state.dataset.tone = "bad";
    else delete state.dataset.tone;
    const place = `line ${before.length}, column ${before.at(-1).length + 1}`;
    state.textContent = result.why ? `${place}: ${result.why}` : result.pretty ? "Valid JSON" : "";
    number(area, result.why && before.length);
    // said once is enough: what the server found in the same text gives way
    area.closest(".field")?.querySelector(".errors")?.toggleAttribute("hidden", Boolean(result.why));
    return result;
  };

  const type = (area, text) => {
    if (!document.execCommand("insertText", false, text)) // the way that keeps undo
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  };

  const breakLine = (area) => {
    const before = area.value.slice(0, area.selectionStart);
    const indent = before.slice(before.lastIndexOf("\n") + 1).match(/^ */)[0];
    const isOpen = /[{[]$/.test(before.slice(-1));
    const closes = isOpen && /[}\]]/.test(area.value[area.selectionEnd] ?? "");
    type(area, `\n${indent}${isOpen ? "  " : ""}${closes ? `\n${indent}` : ""}`);
    if (closes) area.selectionStart = area.selectionEnd -= indent.length + 1;
  };

  const format = (area) => {
    const { pretty } = check(area);
    if (!pretty) return;
    area.focus();
    area.select();
    type(area, pretty);
    area.setSelectionRange(0, 0);
    area.scrollTop = 0;
    check(area);
  };

  let timer;
  document.addEventListener("input", ({ target }) => {
    if (!areaOf(target)) return;
    target.dataset.typed = "";
    clearTimeout(timer);
    timer = setTimeout(check, 200, target);
  });
  document.addEventListener("focusin", ({ target }) => { if (areaOf(target)) delete target.dataset.typed; });
  document.addEventListener("scroll", ({ target }) => {
    if (areaOf(target)) part(target, ".json-gutter").scrollTop = target.scrollTop;
  }, true);
  document.addEventListener("keydown", (event) => {
    const area = areaOf(event.target);
    if (!area || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = area.dataset.typed !== undefined;
    if (event.key === "Enter") breakLine(area);
    else if (event.key === "Tab" && !event.shiftKey && isTyping) type(area, "  ");
    else if (event.key === "Escape" && isTyping) delete area.dataset.typed;
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-json-format]");
    if (button) format(part(button, "textarea"));
  });

  const start = (root) => {
    for (const area of root.querySelectorAll(areas)) (area.value.trim() ? check : number)(area);
  };
  start(document);
  document.addEventListener("htmx:load", ({ target }) => start(target));
})();
