/* What one track says of any pair on one Python: tested, inferred, or unknown. */

"use strict";

(() => {
  const { lineOf } = Evaluator;

  const USABLE = new Set(["pass", "hang", "fail"]);

  /** One probe in one configuration on one Python. A pair is a number, as in facts.schema.json. */
  class TrackMap {
    constructor(plain, facts) {
      this.facts = facts;
      this.plain = plain;
      this.pairs = summed(plain.pairs);
      this.infers = Boolean(plain.ends);
    }

    /** What its test at a pair says: a position in `told`, or -1 where nobody tested it. */
    told(pair) {
      const number = this.number(pair);
      return number < 0 ? -1 : this.plain.told[number];
    }

    /** The position of a tested pair among all of them, or -1. */
    number(pair) {
      const at = this.from(pair);
      return this.pairs[at] === pair ? at : -1;
    }

    /** The position of the first tested pair that is not before another. */
    from(pair) {
      let low = 0;
      let high = this.pairs.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.pairs[middle] < pair) low = middle + 1;
        else high = middle;
      }
      return low;
    }

    /** The counts of a test, and the day. */
    counts(pair) {
      const number = this.number(pair);
      const { counted, days } = this.facts.plain;
      const [trials, hangs, failed, exposures] = counted[this.plain.counted[number]];
      return { trials, hangs, failed, exposures, tested_on: days[this.plain.days[number]] };
    }

    /** What is inferred of a pair that nobody tested: `null`, or the rule and the corners. */
    inferred(pair) {
      const { axes, columns } = this.facts;
      const row = Math.floor(pair / columns);
      const column = pair % columns;
      if (!this.infers || !axes[0].searched[row] || !axes[1].searched[column]) return null;
      const sides = [
        this.between(this.inRow(row), column, 1, 1, pair),
        this.between(this.inColumn(column), row, 0, 2, pair),
      ].filter(Boolean);
      const ofOneLine = sides.filter((side) => side.rule === "line");
      const closest = ofOneLine.length ? ofOneLine : sides;
      if (!closest.length) return this.inBox(row, column);
      const agree = closest.every((side) => side.observation === closest[0].observation);
      return agree ? closest[0] : null;
    }

    /** The two tested releases of a strip that a release lies between, if they vouch for it. */
    between(strip, position, axis, bit, pair) {
      const above = strip.findIndex((end) => end.position > position);
      if (above < 1) return null;
      const [low, high] = [strip[above - 1], strip[above]];
      if (low.position === position || !(this.plain.ends[low.number] & bit)) return null;
      const lines = [low, high].map((end) => lineOf(this.facts.axes[axis].series(end.position)));
      const isOfOneLine = lines[0] === lines[1];
      if (!isOfOneLine && this.open.has(pair)) return null;
      return {
        rule: isOfOneLine ? "line" : "reference",
        observation: this.observation(low.number),
        corners: [this.pairs[low.number], this.pairs[high.number]],
      };
    }

    inBox(row, column) {
      const { boxes } = this.plain;
      const over = [];
      for (let at = 0; at < boxes.length; at += 6) {
        const isAcross = boxes[at + 2] <= column && column <= boxes[at + 3];
        if (isAcross && boxes[at] <= row && row <= boxes[at + 1]) over.push(at);
      }
      if (!over.length) return null;
      const [top, bottom, left, right, observation, corner] = boxes.slice(over[0], over[0] + 6);
      if (over.some((at) => boxes[at + 4] !== observation)) return null;
      const crossing = [corner & 2 ? bottom : top, corner & 1 ? right : left];
      const pair = (one, other) => one * this.facts.columns + other;
      // What was tried on one of the two sides and proved nothing is not inferred beside it.
      const sides = [pair(crossing[0], column), pair(row, crossing[1])];
      const isUseless = (number) => number >= 0 && !this.isUsable(number);
      if (sides.some((side) => isUseless(this.number(side)))) return null;
      const corners = [...new Set([top, bottom])].flatMap((one) =>
        [...new Set([left, right])].map((other) => pair(one, other)),
      );
      const tested = corners.filter((one) => this.number(one) >= 0);
      return { rule: "box", observation, corners: tested };
    }

    /** The tests with a first release that prove something, in version order. */
    inRow(row) {
      const { axes, columns } = this.facts;
      const found = [];
      for (let number = this.from(row * columns); number < this.pairs.length; number += 1) {
        const position = this.pairs[number] - row * columns;
        if (position >= columns) break;
        if (axes[1].searched[position] && this.isUsable(number)) found.push({ position, number });
      }
      return found;
    }

    /** The same with a second release. */
    inColumn(column) {
      const { axes, columns } = this.facts;
      const found = [];
      this.pairs.forEach((pair, number) => {
        const position = (pair - column) / columns;
        const isThere = Number.isInteger(position) && axes[0].searched[position];
        if (isThere && this.isUsable(number)) found.push({ position, number });
      });
      return found;
    }

    /** The pairs that stay unknown between two release lines. */
    get open() {
      this.openPairs ??= new Set(summed(this.plain.open));
      return this.openPairs;
    }

    observation(number) {
      return this.facts.plain.told[this.plain.told[number]][0];
    }

    isUsable(number) {
      return USABLE.has(this.facts.plain.observations[this.observation(number)][0]);
    }
  }

  /** The numbers of which the first and each step to the next are given. */
  function summed(steps) {
    let at = 0;
    return steps.map((step) => (at += step));
  }

  Object.assign(Evaluator, { TrackMap, summed });
})();
