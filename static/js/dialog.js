// Dialogs, menus, and the fold an address points into. Without this script an opener is a link to the same question on its own page.
(() => {
  let pressed = null; // where the pointer went down: dragging out of a field must not close

  const find = (selector) => { try { return document.querySelector(selector); } catch { return null; } };

  document.addEventListener("pointerdown", (event) => { pressed = event.target; });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    const dialog = opener && find(opener.dataset.dialogOpen);
    if (dialog) {
      event.preventDefault();
      closeMenus();
      dialog.showModal();
      return;
    }
    if (event.target.closest("[data-dialog-close]")) {
      event.preventDefault();
      event.target.closest("dialog").close();
    }
    if (event.target === pressed && event.target.matches("dialog") && isOutside(event)) event.target.close();
    closeMenus(event.target.closest(".menu"));
  });

  const isOutside = ({ target, clientX, clientY }) => {
    const box = target.getBoundingClientRect();
    return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
  };

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== except) menu.open = false;
  };

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".menu[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = [...menu.querySelectorAll(".menu-item:not(:disabled)")];
      if (!items.length) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      items.at((at + step + (at < 0 && step < 0 ? 1 : 0)) % items.length).focus();
    }
  });

  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const menu = target.closest?.(".menu[open]");
    if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });

  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (!target.matches?.("dialog") || target.open) return;
    closeMenus();
    target.showModal();
  });

  const unfold = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = named?.closest("details") ?? named?.querySelector?.("details");
    if (fold) fold.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
