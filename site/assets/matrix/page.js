/* The page of the matrix: range bars, a map of the release lines, and the releases of two lines.

   All of it shows what the evaluator says of the facts. Nothing is decided here. */

"use strict";

(() => {
  const { Bars, Controls, Known, LineMap, Paints, ReleaseTable, Words, el, fromAddress, notOnMap, signOf, toAddress } = Matrix;

  class Page {
    constructor(root, plain) {
      this.root = root;
      const told = JSON.parse(root.dataset.map);
      this.known = new Known(plain);
      this.words = new Words(told, plain);
      this.pythons = plain.pythons;
      this.python = this.pythons.includes(told.python) ? told.python : this.pythons.at(-1);
      this.places = this.known.axes.map((axis) => axis.texts.length - 1);
      this.chosen = {};
      this.hidden = new Set();
      this.wrong = [];
      this.build();
      this.follow();
      addEventListener("hashchange", () => this.follow());
      addEventListener("resize", () => this.draw());
      new MutationObserver(() => this.draw()).observe(document.body, {
        attributes: true,
        attributeFilter: ["data-md-color-scheme"],
      });
      matchMedia("(forced-colors: active)").addEventListener("change", () => this.draw());
    }

    build() {
      this.says = el("p", { class: "il-map-says", "aria-live": "polite" });
      this.hinted = el("p", { class: "il-map-hint", "aria-hidden": "true" });
      this.controls = new Controls(this);
      this.bars = [1, 0].map((axis) => new Bars(this, axis));
      this.map = new LineMap(this);
      this.table = new ReleaseTable(this);
      this.root.append(
        ...this.controls.nodes,
        ...this.bars.map(({ node }) => node),
        el("div", { class: "il-map-both" }, this.map.node, this.table.node),
        el("div", { class: "il-map-bar" }, this.says, this.hinted),
      );
    }

    /** The two release lines of the pair that is chosen. */
    get lines() {
      return this.places.map((place, axis) => this.known.axes[axis].lineAt[place]);
    }

    isShown(look) {
      return !this.hidden.has(look.name) && !this.hidden.has(look.basis);
    }

    lookAt(row, column) {
      const { kinds, found, width } = this.known.on(this.python, this.chosen);
      return kinds[found[row * width + column]];
    }

    versionsAt(row, column) {
      return [row, column].map((place, axis) => this.known.axes[axis].texts[place]);
    }

    saysOf(row, column) {
      const packages = this.known.axes.map((axis) => axis.package);
      const place = this.words.releases(packages, this.versionsAt(row, column), this.python);
      return this.words.pair(place, this.lookAt(row, column), this.chosen);
    }

    addressAt(row, column) {
      const versions = Object.fromEntries(this.versionsAt(row, column).map((text, axis) => [this.known.axes[axis].name, text]));
      return toAddress(this.words, { versions, python: this.python, chosen: this.chosen });
    }

    answerAt(row, column) {
      return `index.html${this.addressAt(row, column)}`;
    }

    /** What a reader chooses: a Python, settings, or a release by its axis. */
    choose({ python = this.python, chosen = this.chosen, 0: row = this.places[0], 1: column = this.places[1] }) {
      Object.assign(this, { python, chosen, places: [row, column], wrong: [] });
      history.replaceState(null, "", this.addressAt(row, column));
      this.draw();
    }

    /** A release that is not on the map changes nothing, and the page says so. */
    refuse(axis, text) {
      this.wrong = [notOnMap(axis, text)];
      this.tell();
    }

    toggle(name) {
      if (!this.hidden.delete(name)) this.hidden.add(name);
      this.draw();
    }

    follow() {
      const { places, python, chosen, wrong } = fromAddress(location.hash, this.known, this.words.plain);
      this.places = this.places.map((place, axis) => places[axis] ?? place);
      Object.assign(this, { python: python ?? this.python, chosen, wrong });
      this.draw();
    }

    draw() {
      const paints = new Paints(this.root);
      this.controls.draw();
      this.bars.forEach((bars) => bars.draw(paints));
      this.map.draw(paints);
      this.table.draw();
      this.tell();
    }

    tell() {
      if (this.wrong.length) {
        this.says.replaceChildren(`${this.wrong.join(" ")} So nothing was chosen.`);
        return;
      }
      const [row, column] = this.places;
      const link = el("a", { href: this.answerAt(row, column) }, "Open the answer");
      this.says.replaceChildren(signOf(this.words, this.lookAt(row, column)), ` ${this.saysOf(row, column)} `, link);
    }

    /** What is below the pointer, in words. */
    hint(text) {
      this.hinted.textContent = text;
    }

    openReleases() {
      this.table.node.scrollIntoView({ block: "nearest" });
      this.table.focus();
    }

    backToMap() {
      this.map.frame.focus();
    }
  }

  const root = document.querySelector(".il-map[data-map]");
  const facts = globalThis.interlock?.facts;
  if (root && facts) globalThis.interlockMatrix = new Page(root, facts);
})();
