/* The map of the release lines: a block for each two lines, one tab stop, moved in by arrow keys. */

"use strict";

(() => {
  const { Block, el, sized } = Matrix;

  const LEFT = 36;
  const TOP = 16;
  const KEYS = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    Home: [-1e4, 0], End: [1e4, 0], PageUp: [0, 10], PageDown: [0, -10],
  };

  class LineMap {
    constructor(page) {
      this.page = page;
      this.axes = page.known.axes;
      this.canvas = el("canvas", {});
      this.over = el("canvas", { class: "il-map-mark" });
      this.frame = el(
        "div",
        {
          class: "il-lines", tabindex: "0", role: "application", "aria-roledescription": "map",
          "aria-label": "Map of the release lines. Arrow keys move, Enter opens the releases.",
        },
        this.canvas,
        this.over,
      );
      const [across, down] = this.axes;
      this.node = el(
        "section",
        { class: "il-map-lines" },
        el("h2", {}, "All release lines"),
        el("p", { class: "il-how" }, `${across.package} from left to right, ${down.package} from bottom to top. A block is solid as far as its releases were tested. A small block: some are not known. A dot: they differ. Choose a block to see its releases.`),
        this.frame,
      );
      this.frame.addEventListener("pointermove", (event) => this.hover(event));
      this.frame.addEventListener("pointerleave", () => this.leave());
      this.frame.addEventListener("click", (event) => this.click(event));
      this.frame.addEventListener("keydown", (event) => this.key(event));
      this.frame.addEventListener("focus", () => this.mark());
      this.frame.addEventListener("blur", () => this.mark());
    }

    /** Where a block is drawn. */
    corner([x, y]) {
      return [LEFT + x * this.wide, TOP + (this.axes[1].lines.length - 1 - y) * this.high];
    }

    draw(paints) {
      this.paints = paints;
      const [across, down] = this.axes.map(({ lines }) => lines.length);
      const room = Math.floor(this.node.clientWidth) - LEFT - 1;
      this.wide = Math.min(16, room / across);
      this.high = Math.max(4, Math.min(9, Math.round(0.8 * this.wide)));
      const [width, height] = [LEFT + across * this.wide + 1, TOP + down * this.high + 1];
      const context = sized(this.canvas, width, height);
      this.drawFrame(context, paints, width, height);
      this.each((lines, block) => block.look && this.drawBlock(context, paints, lines, block));
      sized(this.over, width, height);
      this.mark();
    }

    each(act) {
      const [across, down] = this.axes.map(({ lines }) => lines.length);
      for (let x = 0; x < across; x += 1) for (let y = 0; y < down; y += 1) act([x, y], this.block([x, y]));
    }

    block(lines) {
      const { known, python, chosen } = this.page;
      const of = known.on(python, chosen);
      return new Block(known, of, (look) => this.page.isShown(look), lines);
    }

    drawBlock(context, paints, lines, block) {
      const [left, top] = this.corner(lines);
      const gap = this.wide > 7 ? 1 : 0;
      const inset = block.isWhole ? 0 : Math.max(1, Math.round(this.high / 4));
      const box = [left + inset, top + inset, this.wide - gap - 2 * inset, this.high - gap - 2 * inset];
      for (const { look, share } of block.shares((one) => this.page.isShown(one))) {
        context.fillStyle = paints.of(look, context);
        context.fillRect(box[0], box[1], share < 1 ? Math.max(1, box[2] * share) : box[2], box[3]);
      }
      if (!block.isMixed || this.wide < 5) return;
      context.fillStyle = paints.text;
      context.fillRect(left + this.wide / 2 - 1.5, top + this.high / 2 - 1.5, 2, 2);
    }

    /** The names of lines, as many as there is room for, and the edges of the majors. */
    drawFrame(context, paints, width, height) {
      context.fillStyle = paints.text;
      context.font = "10px sans-serif";
      const name = (line) => line.name.replace(/\.x$/, "");
      const isFirst = (lines, at) => !at || lines[at].major !== lines[at - 1].major;
      const draw = (axis, least, put, edge) => {
        const { lines } = this.axes[axis];
        const taken = [];
        const order = [...lines.keys()];
        for (const at of [...order.filter((n) => isFirst(lines, n)), ...order]) {
          const where = this.corner(axis ? [0, at] : [at, 0])[axis];
          if (isFirst(lines, at) && at) edge(where);
          if (taken.some((other) => Math.abs(other - where) < least)) continue;
          taken.push(where);
          put(name(lines[at]), where);
        }
      };
      context.strokeStyle = paints.isForced ? "CanvasText" : paints.colour("line");
      context.strokeRect(LEFT - 0.5, TOP - 0.5, width - LEFT, height - TOP);
      const rule = (...ends) => { context.beginPath(); context.moveTo(ends[0], ends[1]); context.lineTo(ends[2], ends[3]); context.stroke(); };
      context.textBaseline = "middle";
      draw(1, 13, (text, y) => context.fillText(text, 0, y + this.high / 2), (y) => rule(LEFT, y + this.high - 0.5, width, y + this.high - 0.5));
      draw(0, 34, (text, x) => context.fillText(text, x, 7), (x) => rule(x - 0.5, TOP, x - 0.5, height));
    }

    /** The block that is chosen, drawn over the map. */
    mark() {
      if (!this.paints) return;
      const context = this.over.getContext("2d");
      context.clearRect(0, 0, this.over.width, this.over.height);
      const [x, y] = this.corner(this.page.lines);
      const hasFocus = document.activeElement === this.frame;
      const room = hasFocus ? 4 : 3;
      const box = [x - room, y - room, Math.max(this.wide, 4) + 2 * room - 1, this.high + 2 * room - 1];
      context.lineWidth = hasFocus ? 5 : 4;
      context.strokeStyle = this.paints.isForced ? "Canvas" : this.paints.colour("ground");
      context.strokeRect(...box);
      context.lineWidth = hasFocus ? 3 : 2;
      context.strokeStyle = this.paints.accent;
      context.strokeRect(...box);
      if (!this.hovered) return;
      const [left, top] = this.corner(this.hovered);
      context.lineWidth = 1;
      context.strokeStyle = this.paints.text;
      context.strokeRect(left - 1, top - 1, this.wide + 1, this.high + 1);
    }

    at(event) {
      const box = this.canvas.getBoundingClientRect();
      const [across, down] = this.axes.map(({ lines }) => lines.length);
      const x = Math.floor((event.clientX - box.left - LEFT) / this.wide);
      const y = down - 1 - Math.floor((event.clientY - box.top - TOP) / this.high);
      return x >= 0 && x < across && y >= 0 && y < down ? [x, y] : null;
    }

    says(lines) {
      const { known, python, words } = this.page;
      const names = known.axes.map((axis, at) => axis.lines[lines[at]].name);
      return words.block(words.releases(known.axes.map((axis) => axis.package), names, python), this.block(lines).counts);
    }

    hover(event) {
      this.hovered = this.at(event);
      this.page.hint(this.hovered ? this.says(this.hovered) : "");
      this.mark();
    }

    leave() {
      this.hovered = null;
      this.page.hint("");
      this.mark();
    }

    click(event) {
      const lines = this.at(event);
      if (lines) this.choose(lines);
    }

    /** Chooses the worst pair of two lines: that is what the block shows. */
    choose(lines) {
      const { best } = this.block(lines);
      const last = lines.map((line, axis) => this.axes[axis].lines[line].last);
      this.page.choose(best ? { 0: best.row, 1: best.column } : { 0: last[0], 1: last[1] });
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.page.openReleases();
      }
      const step = KEYS[event.key];
      if (!step) return;
      event.preventDefault();
      const within = (line, axis) => Math.max(0, Math.min(this.axes[axis].lines.length - 1, line));
      this.choose(this.page.lines.map((line, axis) => within(line + step[axis], axis)));
    }
  }

  Object.assign(Matrix, { LineMap });
})();
