/* What the page of the matrix knows: the releases that it shows, their lines, and the outcomes.

   The outcomes are the evaluator's; this file counts them and puts them in order. */

"use strict";

globalThis.Matrix ??= {};

(() => {
  const { factsOf, lineOf, pairOutcomes } = Evaluator;

  /** The releases of an axis on the map: those that are searched, and those that were run. */
  function shownReleases(facts, axis) {
    const isShown = Uint8Array.from(facts.axes[axis].searched);
    const show = (pair) => {
      isShown[axis ? pair % facts.columns : Math.floor(pair / facts.columns)] = 1;
    };
    for (const track of facts.tracks) {
      if (!track.levels) continue;
      for (const { pairs } of track.plain.values()) Evaluator.summed(pairs).forEach(show);
    }
    return [...isShown.keys()].filter((position) => isShown[position]);
  }

  /** One axis of the map. A place is the number of a release among those that are shown. */
  class ShownAxis {
    constructor(facts, axis) {
      const of = facts.axes[axis];
      this.name = of.name;
      this.package = facts.plain.axes[axis].package;
      this.positions = shownReleases(facts, axis);
      this.texts = this.positions.map((position) => of.texts[position]);
      this.of = of;
      this.lines = [];
      this.lineAt = [];
      this.positions.forEach((position, place) => {
        const { major, ...series } = of.series(position);
        const name = lineOf({ major, ...series });
        if (this.lines.at(-1)?.name !== name) this.lines.push({ name, first: place, last: place, major });
        this.lines.at(-1).last = place;
        this.lineAt.push(this.lines.length - 1);
      });
    }

    /** The place of a release; -1 where it is not on the map, or the text is no version. */
    find(text) {
      const found = this.of.find(text);
      return found ? this.positions.indexOf(found.at) : -1;
    }

    /** The places of a line. */
    places(line) {
      const { first, last } = this.lines[line];
      return Array.from({ length: last - first + 1 }, (_, n) => first + n);
    }
  }

  class Known {
    constructor(plain) {
      this.plain = plain;
      this.facts = factsOf(plain);
      this.axes = [0, 1].map((axis) => new ShownAxis(this.facts, axis));
      this.kept = new Map();
    }

    /** The outcomes on a Python: of all pairs, or of those with one release of an axis. */
    on(python, chosen, fixed = null) {
      const key = JSON.stringify([python, chosen, fixed]);
      if (!this.kept.has(key)) {
        if (this.kept.size > 60) this.kept.clear();
        const [rows, columns] = this.axes.map(({ positions }, axis) =>
          fixed && fixed.axis === axis ? [positions[fixed.place]] : positions,
        );
        const { kinds, found } = pairOutcomes(this.plain, { python, chosen, rows, columns });
        this.kept.set(key, { kinds: kinds.map(lookOf), found, width: columns.length });
      }
      return this.kept.get(key);
    }
  }

  /** How a kind is shown: its name in `LOOKS`, and whether it was tested or inferred. */
  function lookOf(kind) {
    const { outcome, basis, isOwn, isPart, rare, situation } = kind;
    const rarely = rare && (rare === "can hang, rarely" ? "can-hang" : "not-seen");
    const name = rarely || outcome || (isPart ? "part" : "unknown");
    return { name, basis, isOwn, situation, key: `${name} ${basis}${isOwn ? " own" : ""}`, rank: rankOf(name, basis) };
  }

  const LOOKS = ["hang", "fail", "can-hang", "unproven", "not-seen", "unsupported", "part", "pass", "unknown"];

  /** The worst first; of equal outcomes what was tested. */
  function rankOf(name, basis) {
    return 2 * LOOKS.indexOf(name) + Number(basis !== "tested");
  }

  /** What the pairs of two release lines come to.

      `counts` has the number of pairs by look, the worst first; `best` is the newest pair of the
      worst look that is to be shown. */
  class Block {
    constructor(known, of, isShown, lines) {
      const [across, down] = known.axes.map((axis, at) => axis.lines[lines[at]]);
      const numbers = new Uint16Array(of.kinds.length);
      const newest = new Int32Array(of.kinds.length);
      for (let row = across.first; row <= across.last; row += 1) {
        for (let column = down.first; column <= down.last; column += 1) {
          const at = row * of.width + column;
          numbers[of.found[at]] += 1;
          newest[of.found[at]] = at;
        }
      }
      const there = [...numbers.keys()].filter((kind) => numbers[kind]);
      there.sort((one, other) => of.kinds[one].rank - of.kinds[other].rank);
      this.counts = counted(there, of.kinds, numbers);
      const worst = there.find((kind) => isShown(of.kinds[kind]));
      const at = newest[worst];
      this.best = worst === undefined ? null : { look: of.kinds[worst], row: Math.floor(at / of.width), column: at % of.width };
    }

    /** What it is drawn as: null where nothing is known, or nothing of it is to be shown. */
    get look() {
      return this.best && this.best.look.name !== "unknown" ? this.best.look : null;
    }

    /** How the worst outcome is known: what share of it is not better known than that.

        So the first is all of it, and the last is what was tested. */
    shares(isShown) {
      const same = this.counts.filter(({ look }) => look.name === this.look.name && isShown(look));
      const total = same.reduce((sum, { count }) => sum + count, 0);
      let left = total;
      return [...same].reverse().map(({ look, count }) => {
        const share = left / total;
        left -= count;
        return { look, share };
      });
    }

    get isWhole() {
      return !this.counts.some(({ look }) => look.name === "unknown");
    }

    /** Whether its pairs have several outcomes. */
    get isMixed() {
      const names = this.counts.map(({ look }) => look.name).filter((name) => name !== "unknown");
      return new Set(names).size > 1;
    }
  }

  /** Kinds that look alike are counted together. */
  function counted(there, kinds, numbers) {
    const found = new Map();
    for (const kind of there) {
      const look = kinds[kind];
      found.set(look.key, { look, count: (found.get(look.key)?.count ?? 0) + numbers[kind] });
    }
    return [...found.values()];
  }

  /** Neighbours with the same look along one axis: from a place to a place. */
  function runs(of, count, isShown) {
    const found = [];
    for (let place = 0; place < count; place += 1) {
      const look = of.kinds[of.found[place]];
      const before = found.at(-1);
      if (before?.look.key === look.key) before.last = place;
      else found.push({ look, first: place, last: place, isShown: isShown(look) });
    }
    return found;
  }

  Object.assign(Matrix, { Known, Block, LOOKS, runs });
})();
