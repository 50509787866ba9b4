/* What was run on one Python, and what it comes to in a situation. */

"use strict";

(() => {
  const { TROUBLE, conclude, isSame, isWithin, required, summed } = Evaluator;

  /** What is known on one Python: made when somebody first asks about it. */
  function testedOn(facts, python) {
    if (!facts.testedBy.has(python)) facts.testedBy.set(python, new Tested(facts, python));
    return facts.testedBy.get(python);
  }

  class Tested {
    constructor(facts, python) {
      this.facts = facts;
      this.python = python;
      this.tracks = facts.inOrder.filter((track) => track.on(python));
      /** The pairs where something was run, and a 1 for each. */
      this.pairs = [];
      this.run = new Uint8Array(facts.axes[0].texts.length * facts.columns);
      for (const track of facts.tracks) this.mark(track.on(python)?.pairs ?? []);
      for (const [at, ...steps] of facts.plain.also_run) {
        if (at === python) this.mark(summed(steps));
      }
      this.pairsOf = [];
      this.classOf = [new Map(), new Map()];
      this.classes = new Numbers();
      this.shapeNumbers = new Numbers();
      this.shapes = this.makeShapes();
      this.drawnOf = Array.from(this.shapeNumbers.known, () => new Map());
      this.spots = new Map();
      this.others = new WeakMap();
      this.exactOf = new Map();
    }

    mark(pairs) {
      for (const pair of pairs) {
        if (!this.run[pair]) this.pairs.push(pair);
        this.run[pair] = 1;
      }
    }

    /** What is known of a pair, made once. A question may be about releases of no pair. */
    spot(place) {
      const [spots, key] = place.pair < 0 ? [this.others, place] : [this.spots, place.pair];
      if (!spots.has(key)) spots.set(key, this.makeSpot(place));
      return spots.get(key);
    }

    makeSpot(place) {
      const { pair } = place;
      const tracks = this.run[pair] ? this.tracks : [];
      const seen = tracks.map((track) => seenAt(track, pair, this.python)).filter(Boolean);
      const meant = this.facts.asked.filter((track) => track.isMeant(place));
      return { seen, meant, hasTrouble: seen.some((one) => one.isTrouble), drawn: new Map() };
    }

    /** What was concluded wherever the same was seen and the same is meant. */
    drawnAt(place) {
      return this.run[place.pair] ? this.drawnOf[this.shapes[place.pair]] : this.spot(place).drawn;
    }

    /** By pair, a number that pairs share where the same was seen and the same is meant. */
    makeShapes() {
      const found = new Int32Array(this.run.length);
      const numbers = new Numbers();
      const signs = new Numbers();
      for (const track of this.tracks) {
        const { pairs, plain } = track.on(this.python);
        for (let number = 0; number < pairs.length; number += 1) {
          const sign = signs.of(track.saying(plain.told[number]).sign);
          found[pairs[number]] = numbers.of(found[pairs[number]] * 10_000 + sign) + 1;
        }
      }
      const { columns } = this.facts;
      for (const pair of this.pairs) {
        const row = this.meantClass(0, Math.floor(pair / columns));
        const column = this.meantClass(1, pair % columns);
        found[pair] = this.shapeNumbers.of((found[pair] * 1000 + row) * 1000 + column);
      }
      return found;
    }

    /** A number that releases of an axis share where the same may be meant with both. */
    meantClass(axis, at) {
      const known = this.classOf[axis];
      if (!known.has(at)) {
        const flags = this.facts.asked.map((track) => Number(track.mayMean(axis, at)));
        known.set(at, this.classes.of(flags.join("")));
      }
      return known.get(at);
    }

    /** What was seen there of what a reader can have. */
    at(place) {
      return this.spot(place).seen;
    }

    /** What is to be run there. */
    meantAt(place) {
      return this.spot(place).meant;
    }

    /** What is known there of that situation; trouble that is `beside` is left out. */
    conclude(asked, place, beside) {
      const { seen } = this.spot(place);
      const drawn = this.drawn(asked, place, beside);
      return { ...drawn, restsOn: drawn.numbers.map((number) => seen[number]) };
    }

    /** The same without its place: `numbers` are those of what was seen there. */
    drawn(asked, place, beside) {
      const drawn = this.drawnAt(place);
      const isOut = (one) => one.isTrouble && beside(one.whose);
      const out = beside && this.spot(place).hasTrouble ? this.at(place).filter(isOut) : [];
      let key = this.facts.idOf(asked);
      if (out.length) key = `${key};${out.map((one) => one.track.number).join()}`;
      if (!drawn.has(key)) {
        const { seen, meant } = this.spot(place);
        const left = new Set(out.map((one) => one.track));
        const found = this.draw(
          asked,
          seen.filter((one) => !left.has(one.track)),
          meant.filter((track) => !left.has(track)),
        );
        drawn.set(key, { ...found, numbers: found.restsOn.map((one) => seen.indexOf(one)) });
      }
      return drawn.get(key);
    }

    draw(asked, seen, meant) {
      return conclude(asked, seen, meant, this.exact(asked), this.facts.plain.precedence);
    }

    /** By probe, the configuration that is that very situation. */
    exact(asked) {
      const key = this.facts.idOf(asked);
      if (!this.exactOf.has(key)) {
        const found = {};
        for (const [probe, configs] of Object.entries(this.facts.plain.settings_of)) {
          for (const [config, levels] of configs) if (isSame(levels, asked)) found[probe] = config;
        }
        this.exactOf.set(key, found);
      }
      return this.exactOf.get(key);
    }

    /** Whether a track passes at a pair. */
    passes(track, pair) {
      const told = track.on(this.python).told(pair);
      return told >= 0 && track.saying(told).outcome === "pass";
    }

    outcome(asked, place) {
      return this.run[place.pair] ? this.drawn(asked, place).outcome : null;
    }

    /** Whether anything is known of a pair that was run: most pairs are like another one. */
    isKnown(asked, pair) {
      const drawn = this.drawnOf[this.shapes[pair]].get(this.facts.idOf(asked));
      const { outcome } = drawn ?? this.drawn(asked, this.facts.placeOf(pair, this.python));
      return outcome !== null;
    }

    goesWrong(asked, place) {
      return TROUBLE.includes(this.outcome(asked, place));
    }

    /** Whether something is meant to be run there with all of it switched on, or was. */
    covers(asked, place) {
      const { seen, meant } = this.spot(place);
      const hasAll = (one) => isWithin(asked, one.levels);
      return meant.some(hasAll) || seen.some(hasAll);
    }

    /** The features that keep all of it from being switched on there; `moving` are left out. */
    lacking(asked, place, moving = []) {
      const found = this.features(asked, place)
        .filter((one) => !one.needs.some((axis) => moving.includes(axis)))
        .map((one) => one.seen);
      if (!found.length) return [];
      const every = required(asked, this.meantAt(place));
      const wanted = every.filter((one) => isWithin(asked, one.levels));
      const probes = new Set(found.map((one) => one.probe));
      return wanted.length && wanted.every((one) => probes.has(one.probe)) ? found : [];
    }

    /** What would be switched on there, and these releases lack with any other. */
    features(asked, place) {
      const found = [];
      for (const track of this.facts.lacking) {
        const entry = isWithin(track.levels, asked) ? track.lack(place) : null;
        if (!entry) continue;
        const [needs, , where] = entry;
        const [python, pair] = where.find(([one]) => one === place.python) ?? where[0];
        found.push({ needs, seen: seenAt(track, pair, python) });
      }
      return found;
    }

    /** The releases of an axis that were run with the other one of the place, in version order. */
    beside(axis, place) {
      const other = place.releases[1 - axis].at;
      if (other < 0) return [];
      const { axes, columns } = this.facts;
      const found = [];
      for (let at = 0; at < axes[axis].texts.length; at += 1) {
        if (this.run[axis === 0 ? at * columns + other : other * columns + at]) found.push(at);
      }
      return found;
    }

    /** The nearest releases of an axis, below and above, of which it is known what they do.

        With the other release of the place; where none is known, with any others: then both may be
        the very release of the place. */
    around(asked, axis, place) {
      const { rank } = place.releases[axis];
      const isKnown = (at) => this.outcome(asked, this.facts.moved(place, axis, at)) !== null;
      const line = this.beside(axis, place);
      const [below, above] = [
        line.findLast((at) => at < rank && isKnown(at)),
        line.find((at) => at > rank && isKnown(at)),
      ];
      if (below !== undefined || above !== undefined) return { below, above, withTheOther: true };
      const pairsOf = this.pairsBy(axis);
      const every = [...pairsOf.keys()].sort((one, other) => one - other);
      const isKnownAtAll = (at) => pairsOf.get(at).some((pair) => this.isKnown(asked, pair));
      return {
        below: every.findLast((at) => at <= rank && isKnownAtAll(at)),
        above: every.find((at) => at >= rank && isKnownAtAll(at)),
        withTheOther: false,
      };
    }

    /** By release of an axis, the pairs where something was run. */
    pairsBy(axis) {
      if (!this.pairsOf[axis]) {
        const { columns } = this.facts;
        const found = new Map();
        for (const pair of this.pairs) {
          const at = axis === 0 ? Math.floor(pair / columns) : pair % columns;
          if (!found.has(at)) found.set(at, []);
          found.get(at).push(pair);
        }
        this.pairsOf[axis] = found;
      }
      return this.pairsOf[axis];
    }

    /** What is inferred of what is meant to be run there, and was not. */
    inferred(place) {
      const seen = this.at(place);
      const there = new Set(seen.map((one) => one.track));
      const found = [];
      for (const track of this.meantAt(place)) {
        const known = track.on(this.python);
        const isOpen = !there.has(track) && track.isGeneral && place.pair >= 0 && known;
        const of = isOpen ? known.inferred(place.pair) : null;
        if (!of?.corners.length) continue;
        const one = asInferred(seenAt(track, of.corners[0], this.python), of.rule, of.corners);
        if (!seen.some((other) => contradict(one, other))) found.push(one);
      }
      return found;
    }
  }

  /** A number for each value, from 0 on. */
  class Numbers {
    constructor() {
      this.known = new Map();
    }

    of(value) {
      if (!this.known.has(value)) this.known.set(value, this.known.size);
      return this.known.get(value);
    }
  }

  /** What a track's test at a pair says; null where it was not run. */
  function seenAt(track, pair, python) {
    const told = track.on(python)?.told(pair) ?? -1;
    return told < 0 ? null : { ...track.saying(told), where: { pair, python } };
  }

  /** The same as one that was tested, for releases where nobody ran it. */
  function asInferred(like, rule, corners) {
    const { python } = like.where;
    const inferred = { rule, corners: corners.map((pair) => ({ pair, python })) };
    return { ...like, inDoubt: false, inferred };
  }

  /** Trouble with less switched on contradicts a pass with at least that switched on. */
  function contradict(one, tested) {
    if (one.probe !== tested.probe) return false;
    if (one.isTrouble) return tested.outcome === "pass" && isWithin(one.levels, tested.levels);
    return tested.isTrouble && isWithin(tested.levels, one.levels);
  }

  Object.assign(Evaluator, { testedOn, asInferred });
})();
