/* What makes the pages handier. All that they say is in them without it. */
(function () {
  "use strict";

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  function tabs(matrix) {
    const panels = [...matrix.querySelectorAll(".il-panel")];
    const bar = el("div", { class: "il-tabs", role: "tablist", "aria-label": "Python" });
    const buttons = panels.map((panel) => {
      const button = el("button", { type: "button", role: "tab", "aria-controls": panel.id, id: "tab-" + panel.id }, panel.dataset.tab);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      bar.append(button);
      return button;
    });
    function choose(number, remember) {
      panels.forEach((panel, n) => {
        panel.hidden = n !== number;
        buttons[n].setAttribute("aria-selected", String(n === number));
        buttons[n].tabIndex = n === number ? 0 : -1;
      });
      if (remember) history.replaceState(null, "", "#" + panels[number].id);
    }
    bar.addEventListener("click", (event) => {
      const number = buttons.indexOf(event.target);
      if (number >= 0) choose(number, true);
    });
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (buttons.indexOf(event.target) + step + buttons.length) % buttons.length;
      choose(next, true);
      buttons[next].focus();
    });
    matrix.insertBefore(bar, panels[0]);
    matrix.classList.add("il-tabbed");
    const linked = () => panels.findIndex((panel) => "#" + panel.id === location.hash);
    window.addEventListener("hashchange", () => linked() >= 0 && choose(linked(), false));
    const asked = linked();
    choose(asked >= 0 ? asked : Math.max(0, panels.findIndex((panel) => "first" in panel.dataset)), false);
  }

  /* The row of a release line opens the rows of its releases, which come after it. */
  function foldedLine(head) {
    const rows = [];
    for (let row = head.nextElementSibling; row && row.matches(".il-in-line"); row = row.nextElementSibling) rows.push(row);
    const name = head.querySelector("th");
    const button = el("button", { type: "button" }, ...name.childNodes);
    name.append(button);
    function open(is) {
      rows.forEach((row) => { row.hidden = !is; });
      button.setAttribute("aria-expanded", String(is));
    }
    head.addEventListener("click", () => open(button.getAttribute("aria-expanded") === "false"));
    open(false);
  }

  document.querySelectorAll("tr.il-line").forEach(foldedLine);
  const matrix = document.querySelector(".il-matrix");
  if (matrix && matrix.querySelector(".il-panel")) tabs(matrix);
})();
