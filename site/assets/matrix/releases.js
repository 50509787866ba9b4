/* The releases of two lines: a table with a sign for each pair, one tab stop, moved in by arrow keys. */

"use strict";

(() => {
  const { el, signOf } = Matrix;

  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  class ReleaseTable {
    constructor(page) {
      this.page = page;
      this.title = el("h2", {});
      this.table = el("table", { class: "il-table il-releases", role: "grid" });
      const scroll = el("div", { class: "il-scroll" }, this.table);
      this.how = el("p", { class: "il-how" }, "Arrow keys move, Enter opens the answer, Escape leads back to the map.");
      this.node = el("section", { class: "il-map-releases" }, this.title, scroll, this.how);
      this.table.addEventListener("click", (event) => this.click(event));
      this.table.addEventListener("keydown", (event) => this.key(event));
    }

    draw() {
      const { known, lines, places } = this.page;
      const names = known.axes.map((axis, at) => `${axis.package} ${axis.lines[lines[at]].name}`);
      this.title.textContent = names.join(" with ");
      this.table.setAttribute("aria-label", this.title.textContent);
      const [across, down] = known.axes.map((axis, at) => axis.places(lines[at]));
      const head = el(
        "tr",
        {},
        el("th", { class: "il-corner", scope: "col" }, `${known.axes[1].package} ↓ ${known.axes[0].package} →`),
        ...across.map((row) => el("th", { scope: "col" }, known.axes[0].texts[row])),
      );
      const rows = down.reverse().map((column) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, known.axes[1].texts[column]),
          ...across.map((row) => this.cell(row, column, row === places[0] && column === places[1])),
        ),
      );
      const hadFocus = this.table.contains(document.activeElement);
      this.table.replaceChildren(el("thead", {}, head), el("tbody", {}, ...rows));
      if (hadFocus) this.focus();
    }

    cell(row, column, isHere) {
      const { page } = this;
      const look = page.lookAt(row, column);
      const says = page.saysOf(row, column);
      const kind = signOf(page.words, look).className.replace("il-mark ", "");
      const classes = [kind, look.basis === "inferred" ? "il-inferred" : "", isHere ? "il-here" : ""];
      const link = el(
        "a",
        { href: page.answerAt(row, column), title: says, "aria-label": says, tabindex: isHere ? "0" : "-1", "data-at": `${row} ${column}` },
        el("span", { "aria-hidden": "true" }, page.words.sign(look)),
      );
      return el("td", { class: classes.filter(Boolean).join(" "), "aria-selected": String(isHere) }, link);
    }

    focus() {
      this.table.querySelector('a[tabindex="0"]')?.focus();
    }

    /** The first choice of a cell says what it is. Of the chosen one it is a link like any other. */
    click(event) {
      const link = event.target.closest("a[data-at]");
      if (!link || link.tabIndex === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const [row, column] = link.dataset.at.split(" ").map(Number);
      this.page.choose({ 0: row, 1: column });
    }

    key(event) {
      if (event.key === "Escape") this.page.backToMap();
      const step = KEYS[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const { known, places } = this.page;
      const moved = places.map((place, axis) => Math.max(0, Math.min(known.axes[axis].texts.length - 1, place + step[axis])));
      this.page.choose({ 0: moved[0], 1: moved[1] });
      this.focus();
    }
  }

  Object.assign(Matrix, { ReleaseTable });
})();
