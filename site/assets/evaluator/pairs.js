/* The outcomes of many pairs at once, for a map of them.

     pairOutcomes(facts, { python: "3.11", chosen: {}, rows: [0, 1], columns: [0, 1, 2] });

   Nothing is decided here. Pairs of which the same is known make a class, and the first of each
   class is asked like any other pair. `python` is one of the facts, and `rows` and `columns` are
   positions in the two lists of releases, the lowest first. */

"use strict";

(() => {
  const { TROUBLE, concluded, countsAgainst, factsOf, lineOf, rareInsteadOfPass, situationOf, spread, testedOn, worstOf } =
    Evaluator;

  const classes = new WeakMap();

  /** `found` is a number for each pair, row after row: its place in `kinds`.

      A kind has an outcome (null where nothing is known), a basis, whether its trouble is that of
      one library alone, what is said instead of a pass where hangs are rare, and the situation that
      it is worst in. `isPart`: it passes in some situations, and others are not known. */
  function pairOutcomes(plain, { python, chosen = {}, rows, columns }) {
    const facts = factsOf(plain);
    const isStated = Object.keys(chosen).length > 0;
    const situations = isStated ? [situationOf(plain, chosen)] : facts.situations;
    const made = classesOf(facts, plain.pythons.indexOf(python), rows, columns);
    const kinds = new Kinds();
    const asking = new Asking(facts, made, situations);
    const found = new Uint16Array(made.of.length);
    made.of.forEach((number, at) => {
      found[at] = kinds.of(asking.kind(number, at));
    });
    return { kinds: kinds.all, found };
  }

  /** Each different kind once. */
  class Kinds {
    constructor() {
      this.all = [];
      this.numbers = new Map();
      this.same = new Map();
    }

    of(kind) {
      // Most pairs of a class have the very same kind.
      if (!this.same.has(kind)) {
        const text = JSON.stringify(kind);
        if (!this.numbers.has(text)) this.numbers.set(text, this.all.push(kind) - 1);
        this.same.set(kind, this.numbers.get(text));
      }
      return this.same.get(kind);
    }
  }

  /** What is known of a class in the situations. */
  class Asking {
    constructor(facts, made, situations) {
      this.facts = facts;
      this.made = made;
      this.situations = situations;
      this.known = new Map();
      this.rates = new Map();
    }

    kind(number, at) {
      if (!this.known.has(number)) this.known.set(number, this.worst(this.placeAt(at)));
      const { worst, kind, isRare } = this.known.get(number);
      return isRare ? this.rare(number, at, worst, kind) : kind;
    }

    placeAt(at) {
      const { rows, columns, python } = this.made;
      const row = this.facts.axes[0].at(rows[Math.floor(at / columns.length)]);
      return this.facts.place([row, this.facts.axes[1].at(columns[at % columns.length])], python);
    }

    worst(place) {
      const { facts, situations } = this;
      const tested = testedOn(facts, place.python);
      const parts = situations.map((asked) => {
        const found = concluded({ facts, place, tested }, asked);
        return { ...found, asked, isMeant: tested.covers(asked, place) };
      });
      const worst = worstOf(parts, facts.plain.precedence);
      const { outcome, basis, restsOn } = worst;
      const isRare = outcome === "pass" && restsOn.some((one) => one.track.lines);
      const isPart = outcome === null && parts.some((part) => part.outcome === "pass");
      const kind = { outcome, basis, isOwn: isOwn(worst), isPart, rare: null, situation: parts.indexOf(worst) };
      return { worst, kind, isRare };
    }

    /** A rate is that of a release line, so pairs of a class can differ in it. */
    rare(number, at, worst, kind) {
      const place = this.placeAt(at);
      const lines = place.releases.map((one) => lineOf(one.series));
      const key = `${number} ${lines.join()}`;
      if (!this.rates.has(key)) {
        const found = rareInsteadOfPass(this.facts, place, worst.asked, worst.restsOn);
        this.rates.set(key, { ...kind, rare: found && found.state });
      }
      return this.rates.get(key);
    }
  }

  /** Whether nothing that goes wrong like this needs both libraries. */
  function isOwn({ outcome, restsOn }) {
    const wrong = restsOn.filter((one) => one.isTrouble && one.outcome === outcome);
    return TROUBLE.includes(outcome) && !wrong.some((one) => countsAgainst(one.whose, { name: null }));
  }

  /** The classes of the pairs on one Python. The same in every situation, so they are kept. */
  function classesOf(facts, python, rows, columns) {
    const key = `${python};${rows.join()};${columns.join()}`;
    if (!classes.has(facts)) classes.set(facts, new Map());
    const kept = classes.get(facts);
    if (!kept.has(key)) {
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
      kept.set(key, new Classes(facts, python, rows, columns));
    }
    return kept.get(key);
  }

  const KEPT = 40;

  class Classes {
    constructor(facts, python, rows, columns) {
      Object.assign(this, { facts, python, rows, columns });
      this.meant = facts.asked.filter((track) => !track.meant.pythons || track.meant.pythons.has(python));
      this.at = [rows, columns].map((positions) => new Map(positions.map((one, at) => [one, at])));
      this.of = this.byRelease();
      for (const track of facts.inOrder) this.splitTested(track);
      for (const track of this.meant) if (track.isGeneral) this.splitInferred(track);
    }

    /** What a release decides by itself: whether it installs, what is meant, what it lacks. */
    byRelease() {
      const [ofRows, ofColumns] = [this.rows, this.columns].map((positions, axis) => {
        const known = new Map();
        const number = (text) => known.get(text) ?? known.set(text, known.size).get(text);
        return positions.map((position) => number(this.ofRelease(axis, position)));
      });
      const found = new Int32Array(this.rows.length * this.columns.length);
      const width = Math.max(0, ...ofColumns) + 1;
      ofRows.forEach((row, r) => ofColumns.forEach((column, c) => {
        found[r * this.columns.length + c] = row * width + column;
      }));
      this.count = (Math.max(0, ...ofRows) + 1) * width;
      return found;
    }

    ofRelease(axis, position) {
      const isRefused = this.facts.axes[axis].refused(position, this.python) !== null;
      const isMeant = this.meant.map((track) => Number(track.meant.releases[axis]?.[position] ?? 1));
      const lacks = this.facts.inOrder.map((track) =>
        track.lacks.findIndex(([needs, of]) => needs.length === 1 && needs[0] === axis && of[0] === position),
      );
      return `${isRefused} ${isMeant.join("")} ${lacks.join()}`;
    }

    /** Pairs that were run, and those at which a feature was missed. */
    splitTested(track) {
      const known = track.on(this.python);
      const split = new Split(this);
      for (const pair of known?.pairs ?? []) split.add(this.cell(pair), known.told(pair));
      for (const [needs, releases, where] of track.lacks) {
        for (const [python, pair] of where) if (python === this.python) split.add(this.cell(pair), "here");
        if (needs.length === 2) split.add(this.cell(releases[0] * this.facts.columns + releases[1]), "lacks");
      }
    }

    splitInferred(track) {
      const known = track.on(this.python);
      if (!known?.infers) return;
      const split = new Split(this);
      const limits = track.meant.releases;
      const isMeant = (r, c) => (limits[0]?.[this.rows[r]] ?? 1) && (limits[1]?.[this.columns[c]] ?? 1);
      const width = this.columns.length;
      spread(known, this.rows, this.columns).forEach((number, at) => {
        if (number < 0 || !isMeant(Math.floor(at / width), at % width)) return;
        split.add(at, known.plain.told[number]);
      });
    }

    /** Where a pair stands among those that are asked about; -1 if it does not. */
    cell(pair) {
      const row = this.at[0].get(Math.floor(pair / this.facts.columns));
      const column = this.at[1].get(pair % this.facts.columns);
      return row === undefined || column === undefined ? -1 : row * this.columns.length + column;
    }
  }

  /** One more thing that is known of some pairs: each class becomes one for each value of it. */
  class Split {
    constructor(made) {
      this.made = made;
      this.numbers = new Map();
    }

    add(at, value) {
      if (at < 0) return;
      if (!this.numbers.has(value)) this.numbers.set(value, new Map());
      const numbers = this.numbers.get(value);
      const before = this.made.of[at];
      if (!numbers.has(before)) numbers.set(before, this.made.count++);
      this.made.of[at] = numbers.get(before);
    }
  }

  Object.assign(Evaluator, { pairOutcomes });
})();
