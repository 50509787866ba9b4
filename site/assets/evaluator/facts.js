/* The published facts, ready to be looked up. Nothing is decided here.

   facts.schema.json describes what is read. A set is an array with a 1 for each member. */

"use strict";

(() => {
  const { TROUBLE, TrackMap, compare, parse, seriesOf } = Evaluator;

  const NOT_RUN = ["no-wheel", "requires-python"];

  const read = new WeakMap();

  /** The facts of a parsed facts.json; each is read once. */
  function factsOf(plain) {
    if (!read.has(plain)) read.set(plain, new Facts(plain));
    return read.get(plain);
  }

  class Facts {
    constructor(plain) {
      this.plain = plain;
      this.axes = plain.axes.map((axis, at) => new Axis(axis, plain.releases[at]));
      this.columns = this.axes[1].texts.length;
      this.tracks = plain.tracks.map((track, number) => new Track(track, number, this));
      const readers = this.tracks.filter((track) => track.levels);
      /** In the order of the published table. */
      this.inOrder = [...readers].sort((one, other) => (one.name < other.name ? -1 : 1));
      /** Those of a feature that some release was found to lack. */
      this.lacking = this.inOrder.filter((track) => track.lacks.length);
      /** Those that are meant to be run, in the order of matrix.yaml. */
      this.asked = readers.filter((track) => track.meant);
      this.situations = plain.situations;
      this.tested = plain.situations.slice(0, plain.tested_situations);
      /** By Python; see testedOn. */
      this.testedBy = new Map();
      this.ids = new Map();
      this.idBy = new WeakMap();
    }

    /** A number for a situation: equal ones have the same. */
    idOf(levels) {
      if (!this.idBy.has(levels)) {
        const text = levels.join();
        if (!this.ids.has(text)) this.ids.set(text, this.ids.size);
        this.idBy.set(levels, this.ids.get(text));
      }
      return this.idBy.get(levels);
    }

    /** A release of an axis, also one that nobody lists; null where the text is no version. */
    release(axis, text) {
      return this.axes[axis].find(text);
    }

    /** The releases of a question on a Python; `python` is -1 where nothing is known of it. */
    place(releases, python) {
      const isListed = releases.every((one) => one.at >= 0);
      const pair = isListed ? releases[0].at * this.columns + releases[1].at : -1;
      return { releases, python, pair };
    }

    /** The place with another release of an axis. */
    moved(place, axis, at) {
      const releases = [...place.releases];
      releases[axis] = this.axes[axis].at(at);
      return this.place(releases, place.python);
    }

    /** The place of a pair that was run. */
    placeOf(pair, python) {
      const row = Math.floor(pair / this.columns);
      return this.place([this.axes[0].at(row), this.axes[1].at(pair % this.columns)], python);
    }

    /** The versions of a pair, as they are written. */
    versionsOf(pair) {
      const row = Math.floor(pair / this.columns);
      return [this.axes[0].texts[row], this.axes[1].texts[pair % this.columns]];
    }
  }

  /** The releases of one package, in version order. */
  class Axis {
    constructor(named, plain) {
      this.name = named.name;
      this.texts = plain.versions;
      this.parsed = [];
      this.lines = [];
      this.searched = members(plain.searched, this.texts.length);
      this.plain = plain;
      this.barred = Object.entries(plain.barred);
    }

    /** The release at a position. */
    at(position) {
      return new Release(this, position, position, this.texts[position]);
    }

    /** `rank` is between two positions for a release that is not there. */
    find(text) {
      const version = parse(text);
      if (!version) return null;
      let low = 0;
      let high = this.texts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(this.version(middle), version) < 0) low = middle + 1;
        else high = middle;
      }
      const isThere = low < this.texts.length && compare(this.version(low), version) === 0;
      return isThere ? new Release(this, low, low, text) : new Release(this, -1, low - 0.5, text);
    }

    /** What the text at a position says: to read all of them takes longer than most answers. */
    version(position) {
      this.parsed[position] ??= parse(this.texts[position]);
      return this.parsed[position];
    }

    /** The release line of a position: see `seriesOf`. */
    series(position) {
      this.lines[position] ??= seriesOf(this.texts[position]);
      return this.lines[position];
    }

    /** Why a release does not install on a Python; `null` where it does, or nobody knows. */
    refused(at, python) {
      const isIt = ([on, , of]) => on === python && isAmong(of, at);
      return this.plain.refused.find(isIt)?.[1] ?? null;
    }

    /** What bars a release from being recommended to somebody who has another. */
    against(at, present) {
      const bars = this.barred.filter(([, of]) => isAmong(of, at)).map(([bar]) => bar);
      const known = this.vulnerabilities(at);
      const had = new Set(known.length ? this.vulnerabilities(present.at).flat() : []);
      const isNew = known.some((names) => !names.some((name) => had.has(name)));
      return isNew ? [...bars, "vulnerable"] : bars;
    }

    /** Those of a release, each as its names. */
    vulnerabilities(at) {
      return this.plain.vulnerable.find(([first, last]) => first <= at && at <= last)?.[2] ?? [];
    }
  }

  /** A release of an axis; `at` is -1 where nobody lists it. */
  class Release {
    constructor(axis, at, rank, text) {
      this.axis = axis;
      this.at = at;
      this.rank = rank;
      this.text = text;
    }

    get series() {
      return this.at < 0 ? seriesOf(this.text) : this.axis.series(this.at);
    }
  }

  /** A probe in a configuration. */
  class Track {
    constructor(plain, number, facts) {
      this.number = number;
      this.probe = plain.probe;
      this.config = plain.config;
      this.name = `${plain.probe}\n${plain.config}`;
      this.levels = plain.levels;
      this.isGeneral = plain.is_general;
      this.workarounds = plain.workarounds;
      this.lacks = plain.lacks;
      this.lines = plain.lines;
      this.meant = plain.meant && {
        pythons: plain.meant.pythons && new Set(plain.meant.pythons),
        releases: plain.meant.releases.map(
          (of, axis) => of && members(of, facts.axes[axis].texts.length),
        ),
      };
      this.facts = facts;
      this.plain = new Map(plain.on.map((of) => [of.python, of]));
      this.maps = new Map();
      this.said = [];
    }

    /** Where the feature was found to be missing, and the axes that would have it. */
    lack(place) {
      if (!this.lackBy) {
        const entries = this.lacks.map((entry) => [entry[1].join(), entry]);
        this.lackBy = new Map(entries);
      }
      const needs = this.lacks[0][0];
      return this.lackBy.get(needs.map((axis) => place.releases[axis].at).join());
    }

    /** What is known on a Python; `undefined` where nothing was run there. */
    on(python) {
      if (!this.maps.has(python) && this.plain.has(python)) {
        this.maps.set(python, new TrackMap(this.plain.get(python), this.facts));
      }
      return this.maps.get(python);
    }

    /** What a test of the track says, by its position in `told`. */
    saying(told) {
      this.said[told] ??= this.say(this.facts.plain.told[told]);
      return this.said[told];
    }

    say([observation, reason, whose, inDoubt, ...signatures]) {
      const [outcome] = this.facts.plain.observations[observation];
      const wasRun = !NOT_RUN.includes(reason);
      const lacksFeature = reason === "no-feature";
      return {
        track: this,
        probe: this.probe,
        config: this.config,
        levels: this.levels,
        outcome,
        reason,
        whose,
        inDoubt: Boolean(inDoubt),
        signatures,
        isTrouble: TROUBLE.includes(outcome),
        lacksFeature,
        wasRun,
        /** All that a conclusion reads of it. */
        sign: `${this.number}${outcome}${wasRun ? "" : "!"}${lacksFeature ? "?" : ""}`,
        inferred: null,
      };
    }

    /** The counts of a tested pair, and the day of the test; `undefined` where nobody tested it. */
    counts({ pair, python }) {
      return this.on(python)?.counts(pair);
    }

    /** Whether it is meant to be run there. */
    isMeant(place) {
      if (this.meant.pythons && !this.meant.pythons.has(place.python)) return false;
      return place.releases.every(({ at }, axis) => this.mayMean(axis, at));
    }

    /** Whether it is meant to be run of a release, on some Python and with some other. */
    mayMean(axis, at) {
      const of = this.meant.releases[axis];
      return !of || of[at] === 1;
    }
  }

  /** A 1 for each position in the ranges. */
  function members(ranges, count) {
    const found = new Uint8Array(count);
    for (let at = 0; at < ranges.length; at += 2) found.fill(1, ranges[at], ranges[at + 1] + 1);
    return found;
  }

  function isAmong(ranges, position) {
    for (let at = 0; at < ranges.length; at += 2) {
      if (ranges[at] <= position && position <= ranges[at + 1]) return true;
    }
    return false;
  }

  Object.assign(Evaluator, { factsOf });
})();
