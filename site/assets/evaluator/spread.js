/* What a track infers of many pairs at once: the same as `TrackMap.inferred` says of each. */

"use strict";

(() => {
  const { lineOf } = Evaluator;

  /** For each pair, row after row: the number of the first tested pair that it is inferred from.

      -1 where nothing is inferred. `rows` and `columns` are positions, the lowest first. */
  function spread(known, rows, columns) {
    const found = new Spread(known, rows, columns);
    found.addStrips();
    found.addBoxes();
    return found.numbers;
  }

  const NONE = -1;
  const DISAGREE = -2;

  class Spread {
    constructor(known, rows, columns) {
      Object.assign(this, { known, rows, columns, width: columns.length });
      this.numbers = new Int32Array(rows.length * columns.length).fill(NONE);
      /** Whether what is there follows from the two ends of one release line, which comes first. */
      this.isOfALine = new Uint8Array(this.numbers.length);
    }

    addStrips() {
      const { rows, columns, width } = this;
      const [inRow, inColumn] = this.strips();
      rows.forEach((row, r) => {
        this.addStrip(inRow.get(row) ?? [], 1, 1, columns, (c) => r * width + c, (column) => this.pair(row, column));
      });
      columns.forEach((column, c) => {
        this.addStrip(inColumn.get(column) ?? [], 0, 2, rows, (r) => r * width + c, (row) => this.pair(row, column));
      });
    }

    /** The tests that prove something, by row and by column, in version order. */
    strips() {
      const { known } = this;
      const { axes, columns } = known.facts;
      const found = [new Map(), new Map()];
      known.pairs.forEach((pair, number) => {
        const at = [Math.floor(pair / columns), pair % columns];
        if (!axes.every((axis, n) => axis.searched[at[n]]) || !known.isUsable(number)) return;
        [0, 1].forEach((n) => {
          if (!found[n].has(at[n])) found[n].set(at[n], []);
          found[n].get(at[n]).push({ position: at[1 - n], number });
        });
      });
      return found;
    }

    pair(row, column) {
      return row * this.known.facts.columns + column;
    }

    /** What lies between two tested releases of a strip that vouch for it. */
    addStrip(strip, axis, bit, positions, cell, pair) {
      const of = this.known.facts.axes[axis];
      let at = 0;
      for (let end = 1; end < strip.length; end += 1) {
        const [low, high] = [strip[end - 1], strip[end]];
        if (!(this.known.plain.ends[low.number] & bit)) continue;
        const isLine = lineOf(of.series(low.position)) === lineOf(of.series(high.position));
        while (at < positions.length && positions[at] <= low.position) at += 1;
        for (; at < positions.length && positions[at] < high.position; at += 1) {
          const position = positions[at];
          const isOpen = !isLine && this.known.open.has(pair(position));
          if (of.searched[position] && !isOpen) this.add(cell(at), low.number, isLine);
        }
      }
    }

    /** Of a row and a column, one release line decides; two that disagree say nothing. */
    add(at, number, isLine) {
      const before = this.numbers[at];
      if (before !== NONE && !isLine && this.isOfALine[at]) return;
      if (before === NONE || (isLine && !this.isOfALine[at])) {
        this.numbers[at] = number;
        this.isOfALine[at] = Number(isLine);
      } else if (before !== DISAGREE && !this.isSame(before, number)) {
        this.numbers[at] = DISAGREE;
      }
    }

    isSame(one, other) {
      return this.known.observation(one) === this.known.observation(other);
    }

    /** Where no strip says anything: the first box over a pair, if all over it agree. */
    addBoxes() {
      const { boxes } = this.known.plain;
      if (boxes.length) this.fill(this.firstBoxes(boxes), boxes);
      this.numbers.forEach((number, at) => {
        if (number < 0) this.numbers[at] = NONE;
      });
    }

    fill(over, boxes) {
      const { known } = this;
      const { axes } = known.facts;
      const useless = new Set(known.pairs.filter((_, number) => !known.isUsable(number)));
      const corners = new Map();
      over.forEach((box, at) => {
        if (box < 0) return;
        if (!corners.has(box)) corners.set(box, this.cornerOf(boxes.slice(box, box + 6)));
        const { number, row, column } = corners.get(box);
        const here = [this.rows[Math.floor(at / this.width)], this.columns[at % this.width]];
        if (!axes.every(({ searched }, axis) => searched[here[axis]])) return;
        // What was tried beside it, on the row or the column of the crossing, and proved nothing.
        const isOpen = useless.has(this.pair(row, here[1])) || useless.has(this.pair(here[0], column));
        if (!isOpen) this.numbers[at] = number;
      });
    }

    /** The first tested corner of a box, and where its row and its column cross. */
    cornerOf([top, bottom, left, right, , corner]) {
      const { known } = this;
      const corners = [top, bottom].flatMap((one) => [left, right].map((other) => this.pair(one, other)));
      return {
        number: corners.map((one) => known.number(one)).find((number) => number >= 0) ?? NONE,
        row: corner & 2 ? bottom : top,
        column: corner & 1 ? right : left,
      };
    }

    firstBoxes(boxes) {
      const over = new Int32Array(this.numbers.length).fill(NONE);
      for (let box = 0; box < boxes.length; box += 6) {
        const [top, bottom] = within(this.rows, boxes[box], boxes[box + 1]);
        const [left, right] = within(this.columns, boxes[box + 2], boxes[box + 3]);
        for (let r = top; r < bottom; r += 1) {
          for (let at = r * this.width + left; at < r * this.width + right; at += 1) {
            if (this.numbers[at] !== NONE) continue;
            if (over[at] === NONE) over[at] = box;
            else if (over[at] >= 0 && boxes[over[at] + 4] !== boxes[box + 4]) over[at] = DISAGREE;
          }
        }
      }
      return over;
    }
  }

  /** The first of sorted positions from `low` on, and the first after `high`. */
  function within(positions, low, high) {
    return [from(positions, low), from(positions, high + 1)];
  }

  function from(positions, least) {
    let [low, high] = [0, positions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (positions[middle] < least) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  Object.assign(Evaluator, { spread });
})();
