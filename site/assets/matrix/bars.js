/* Range bars: the releases of one library along a line, a bar for each Python, the other held fixed. */

"use strict";

(() => {
  const { el, runs, sized } = Matrix;

  const BAR = 15;
  const GAP = 4;
  const LABEL = 36;
  const TICKS = 16;

  /** The bars along one axis.

      `page` answers what is asked, and is told what a reader chooses. */
  class Bars {
    constructor(page, axis) {
      this.page = page;
      this.axis = axis;
      this.of = page.known.axes[axis];
      this.title = el("h2", {});
      this.canvas = el("canvas", { role: "img" });
      this.list = el("ul", {});
      const words = el("details", {}, el("summary", {}, "The same in words"), this.list);
      words.addEventListener("toggle", () => this.tell());
      this.words = words;
      this.node = el("section", { class: "il-ranges" }, this.title, this.canvas, words);
      this.canvas.addEventListener("pointermove", (event) => this.hover(event));
      this.canvas.addEventListener("pointerleave", () => page.hint(""));
      this.canvas.addEventListener("click", (event) => this.choose(event));
    }

    get other() {
      return this.page.known.axes[1 - this.axis];
    }

    get fixed() {
      return { axis: 1 - this.axis, place: this.page.places[1 - this.axis] };
    }

    get count() {
      return this.of.texts.length;
    }

    runsOn(python) {
      const of = this.page.known.on(python, this.page.chosen, this.fixed);
      return runs(of, this.count, (look) => this.page.isShown(look));
    }

    draw(paints) {
      const { pythons } = this.page;
      this.title.textContent = `${this.of.package} releases, with ${this.other.package} ${this.other.texts[this.fixed.place]}`;
      const width = Math.floor(this.node.clientWidth);
      this.step = (width - LABEL) / this.count;
      const height = pythons.length * (BAR + GAP) + TICKS;
      const context = sized(this.canvas, width, height);
      context.font = "11px sans-serif";
      context.textBaseline = "middle";
      pythons.forEach((python, n) => this.drawBar(context, paints, python, n * (BAR + GAP)));
      this.drawTicks(context, paints, height - TICKS);
      this.drawHere(context, paints);
      this.canvas.setAttribute("aria-label", `${this.title.textContent}, on each Python. The same in words is below.`);
      this.tell();
    }

    drawBar(context, paints, python, top) {
      context.fillStyle = paints.text;
      context.font = python === this.page.python ? "bold 12px sans-serif" : "11px sans-serif";
      context.fillText(python, 0, top + BAR / 2 + 1);
      const drawn = this.runsOn(python).filter(({ look, isShown }) => isShown && look.name !== "unknown");
      // The worst comes last, and a single release of it is wide enough to be seen.
      drawn.sort((one, other) => other.look.rank - one.look.rank);
      for (const { look, first, last } of drawn) {
        const width = Math.max((last - first + 1) * this.step, look.rank < 4 ? 1.5 : 0);
        context.fillStyle = paints.of(look, context);
        context.fillRect(LABEL + first * this.step, top, width, BAR);
      }
      context.strokeStyle = paints.isForced ? "CanvasText" : paints.colour("line");
      context.strokeRect(LABEL - 0.5, top + 0.5, this.count * this.step + 0.5, BAR - 1);
    }

    /** The first release of each major, and further lines where there is room. */
    drawTicks(context, paints, top) {
      context.font = "10px sans-serif";
      context.fillStyle = paints.text;
      const { lines } = this.of;
      const isFirst = (at) => !at || lines[at].major !== lines[at - 1].major;
      const taken = [];
      const put = (at) => {
        const x = LABEL + lines[at].first * this.step;
        const text = lines[at].name.replace(/\.x$/, "");
        const width = context.measureText(text).width + 8;
        const isFree = taken.every(([from, to]) => x + width < from || x > to);
        if (!isFree || x + width > LABEL + this.count * this.step + 8) return;
        taken.push([x, x + width]);
        context.fillRect(x, top - 3, 1, 4);
        context.fillText(text, x, top + 8);
      };
      const order = [...lines.keys()];
      for (const at of [...order.filter(isFirst), ...order]) put(at);
    }

    /** A mark at the release that is chosen, on the Python that is chosen. */
    drawHere(context, paints) {
      const n = this.page.pythons.indexOf(this.page.python);
      const x = LABEL + (this.page.places[this.axis] + 0.5) * this.step;
      const top = n * (BAR + GAP);
      context.fillStyle = paints.accent;
      context.strokeStyle = paints.isForced ? "Canvas" : paints.colour("ground");
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x, top + BAR - 8);
      context.lineTo(x + 6, top + BAR + 3);
      context.lineTo(x - 6, top + BAR + 3);
      context.closePath();
      context.stroke();
      context.fill();
      context.lineWidth = 1;
    }

    at(event) {
      const box = this.canvas.getBoundingClientRect();
      const place = Math.floor((event.clientX - box.left - LABEL) / this.step);
      const python = this.page.pythons[Math.floor((event.clientY - box.top) / (BAR + GAP))];
      return python && place >= 0 && place < this.count ? { place, python } : null;
    }

    hover(event) {
      const found = this.at(event);
      if (!found) return this.page.hint("");
      const run = this.runsOn(found.python).find(({ first, last }) => first <= found.place && found.place <= last);
      const where = `Python ${found.python}, ${this.other.package} ${this.other.texts[this.fixed.place]}`;
      this.page.hint(`${where}: ${this.of.package} ${this.page.words.stretch(this.of.texts, run)}.`);
    }

    choose(event) {
      const found = this.at(event);
      if (found) this.page.choose({ python: found.python, [this.axis]: found.place });
    }

    /** The bars as a list, once somebody opens it. */
    tell() {
      if (!this.words.open) return;
      const { words } = this.page;
      this.list.replaceChildren(
        ...this.page.pythons.map((python) => {
          const told = this.runsOn(python).filter(({ isShown }) => isShown);
          return el("li", {}, el("strong", {}, python), `: ${told.map((run) => words.stretch(this.of.texts, run)).join("; ")}`);
        }),
      );
    }
  }

  Object.assign(Matrix, { Bars });
})();
