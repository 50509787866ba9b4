/* Which releases to move to in some situations, along each axis.

   A target was run, and passes the same question. What another library does alone is no reason
   against it. */

"use strict";

(() => {
  const { SCOPES, TROUBLE, concerns, isSame, isWithin, lacksFeature, scopeOf } = Evaluator;

  const TOGETHER = ["pair", "open", "dependencies"];

  /** The larger and the smaller of two steps, as positions in SCOPES: the smallest change first. */
  const SIZES = [[0, 0], [1, 0], [1, 1], [2, 0], [2, 1], [2, 2]];

  /** Whether trouble with that cause is a reason to avoid a release of the axis. */
  function countsAgainst(whose, axis) {
    return TOGETHER.includes(whose) || whose === axis.name;
  }

  /** The releases to move to from one place. What is found along a line of releases is kept. */
  class Targets {
    constructor(facts, tested) {
      this.facts = facts;
      this.tested = tested;
      this.lines = new Map();
      this.telling = new Map();
      this.order = facts.plain.preferred;
    }

    /** Along each axis, the releases that pass in each of the situations; none without trouble. */
    moves(asked, place, troubles) {
      if (!troubles.length) return [];
      return this.order.map((axis) => {
        const named = this.facts.axes[axis];
        const isItsOwn = troubles.some((one) => countsAgainst(one.whose, named));
        return isItsOwn ? this.along(axis, asked, place) : none(axis, "not-its-own");
      });
    }

    /** Where nothing is known: along each axis, the newer releases that were tested and pass. */
    passing(asked, place) {
      return this.order
        .filter((axis) => this.tested.beside(axis, place).length)
        .map((axis) => this.along(axis, asked, place))
        .filter((move) => move.nearest !== null);
    }

    /** The releases that pass, and do not go wrong in other settings either.

        Where there is none, those that pass in the settings that are asked for. */
    along(axis, asked, place) {
      const hurt = this.hurt(asked, place);
      const [safe, some] = [true, false].map((everywhere) =>
        this.line(axis, asked, hurt, place, everywhere),
      );
      for (const line of [safe, some]) {
        const { nearest, newest, barred } = line.ends();
        if (nearest === null) continue;
        const nearer = some.before(nearest);
        const otherSettings = this.otherSettings(axis, asked, place, [...nearer, nearest, newest]);
        return { axis, nearest, newest, reason: null, barred, isOpen: false, otherSettings };
      }
      const { barred } = some.ends();
      const reason = this.whyNone(axis, asked, hurt, place, barred);
      return { ...none(axis, reason), barred, isOpen: !barred.length && !some.goesOn() };
    }

    /** Where what passes goes wrong all the same: in settings that were not asked for. */
    otherSettings(axis, asked, place, passing) {
      return [...new Set(passing)].flatMap((at) => {
        const there = this.facts.moved(place, axis, at);
        return this.wrongElsewhere([axis], asked, there).map((found) => ({ at, ...found }));
      });
    }

    whyNone(axis, asked, hurt, place, barred) {
      if (barred.length) return "barred";
      const lacking = asked.length === 1 ? this.tested.lacking(asked[0], place, [axis]) : [];
      if (lacking.length) return "lacking";
      const alone = asked.length > 1 ? hurt : [];
      const passes = (one) => this.line(axis, [one], [one], place, false).ends(false).nearest;
      if (alone.some((one) => passes(one) !== null)) return "not-in-every-setting";
      const line = this.line(axis, asked, hurt, place, false);
      if (line.isCovered()) return "none-helps";
      return line.goesOn() ? "not-with-these-settings" : "none-tested";
    }

    /** The situations that go wrong here, and have to pass after the move.

        Of several, one that is not run with these releases only repeats the trouble of others. */
    hurt(asked, place) {
      const wrong = asked.filter((one) => this.tested.goesWrong(one, place));
      const hurt = wrong.length ? wrong : asked; // nothing was run here: the trouble is inferred
      const run = hurt.filter((one) => this.tested.covers(one, place));
      return run.length ? run : hurt;
    }

    line(axis, asked, hurt, place, everywhere) {
      const key = `${axis};${this.keyOf(asked)};${this.keyOf(hurt)}`;
      if (!this.lines.has(key)) this.lines.set(key, { good: new Map(), wrong: new Map() });
      const { good, wrong } = this.lines.get(key);
      const there = (at) => this.facts.moved(place, axis, at);
      const isGood = (at) => this.allPass([axis], asked, hurt, there(at));
      const isWrong = (at) => this.isWrongElsewhere([axis], asked, there(at));
      const passes = (at) => once(good, at, isGood) && !(everywhere && once(wrong, at, isWrong));
      const covers = (at) => hurt.some((one) => this.tested.covers(one, there(at)));
      return new ReleasesAbove(this.facts.axes[axis], place.releases[axis], {
        above: this.tested.beside(axis, place).filter((at) => at > place.releases[axis].rank),
        passes,
        covers,
      });
    }

    /** Whether it goes wrong in settings that nobody asks for and that a reader may have. */
    isWrongElsewhere(axes, asked, place) {
      return this.wrongElsewhere(axes, asked, place).length > 0;
    }

    /** Those settings, each with the outcome. */
    wrongElsewhere(axes, asked, place) {
      const beside = this.besideOf(axes);
      const outcomeOf = (situation) => this.tested.drawn(situation, place, beside).outcome;
      return this.facts.tested
        .filter((one) => !asked.some((other) => isSame(one, other)))
        .map((situation) => ({ situation, outcome: outcomeOf(situation) }))
        .filter(({ outcome }) => TROUBLE.includes(outcome));
    }

    /** Whether a target of a move goes wrong in settings that were not asked for. */
    isForTheseSettings({ axis, nearest, newest }, asked, place) {
      const there = [nearest, newest].map((at) => this.facts.moved(place, axis, at));
      return there.some((one) => this.isWrongElsewhere([axis], [asked], one));
    }

    /** Whether the same question about that place would be answered with a pass.

        What goes wrong here passes there. A feature that another library lacks there is no reason
        against it. */
    allPass(axes, asked, hurt, place) {
      if (!this.mayPass(asked, place.pair)) return false;
      const passing = this.passes(axes, asked, hurt, place);
      return passing.length > 0 && passing.every((some) => this.isOftenEnough(some));
    }

    /** Whether anything passes at a pair with all of some situation switched on: a quick look. */
    mayPass(asked, pair) {
      const key = this.keyOf(asked);
      if (!this.telling.has(key)) {
        const tells = (track) => asked.some((one) => isWithin(one, track.levels));
        this.telling.set(key, this.tested.tracks.filter(tells));
      }
      return this.telling.get(key).some((track) => this.tested.passes(track, pair));
    }

    /** A name for some situations. */
    keyOf(situations) {
      return situations.map((one) => this.facts.idOf(one)).join();
    }

    /** What each situation rests on that passes there; empty where one of them does not. */
    passes(axes, asked, hurt, place) {
      const beside = this.besideOf(axes);
      const passing = [];
      for (const one of asked) {
        let lacks = false;
        if (!this.goesWrong(one, place, beside)) {
          const found = this.tested.conclude(one, place, beside);
          if (found.outcome === "pass") {
            passing.push(found.restsOn.filter((seen) => concerns(seen, one)));
            continue;
          }
          if (this.tested.lacking(one, place, axes).length) continue;
          lacks = lacksFeature(found.outcome, found.restsOn);
        }
        const isMeant = () => this.tested.covers(one, place) && !lacks;
        if (hurt.some((other) => isSame(one, other)) || isMeant()) return [];
      }
      return passing;
    }

    /** Whether trouble, by whose it is, is no reason against releases of these axes. */
    besideOf(axes) {
      const named = axes.map((axis) => this.facts.axes[axis]);
      return (whose) => !named.some((axis) => countsAgainst(whose, axis));
    }

    /** Whether trouble there settles the answer. Then nobody asks whose the rest of it is. */
    goesWrong(asked, place, beside) {
      const seen = this.tested.at(place);
      return seen.some((one) => one.isTrouble && concerns(one, asked) && !beside(one.whose));
    }

    /** Whether something passes, in the least trials of the policy, and none of it is in doubt. */
    isOftenEnough(seen) {
      const passes = seen.filter((one) => one.outcome === "pass");
      const least = this.facts.plain.least_trials;
      const isEnough = (one) => one.track.counts(one.where).trials >= least && !one.inDoubt;
      return passes.length > 0 && passes.every(isEnough);
    }

    /** The smallest change that helps, of one release or else of several; null where none does. */
    smallest(asked, place, moves) {
      const single = moves.filter((move) => move.nearest !== null);
      if (single.length) return smallestOf(single, place, this.facts);
      const hurt = this.hurt(asked, place);
      for (const { pair, scope } of this.changes(place)) {
        if (!this.mayPass(asked, pair)) continue;
        const there = this.facts.placeOf(pair, place.python);
        const isBarred = there.releases.some(
          (one, axis) => one.axis.against(one.at, place.releases[axis]).length > 0,
        );
        if (!isBarred && this.passTogether(asked, hurt, there)) {
          const targets = this.order.map((axis) => ({ axis, at: there.releases[axis].at }));
          return { targets, scope: SCOPES[scope] };
        }
      }
      return null;
    }

    /** Whether these releases pass, and go wrong in no other settings either. */
    passTogether(asked, hurt, place) {
      const axes = this.facts.axes.map((_, axis) => axis);
      return (
        this.allPass(axes, asked, hurt, place) &&
        !hurt.some((one) => this.tested.goesWrong(one, place)) &&
        !this.isWrongElsewhere(axes, asked, place)
      );
    }

    /** What was run with newer releases of both axes, the smallest change first.

        The largest step is as small as possible, then the other step, then the versions. */
    changes(place) {
      if (!this.changed) {
        const found = SIZES.map(() => []);
        for (const { at, steps } of this.newer(place)) {
          const [most, least] = [Math.max(...steps), Math.min(...steps)];
          const size = SIZES.findIndex((one) => one[0] === most && one[1] === least);
          found[size].push({ at, scope: most });
        }
        this.changed = found.flat().map(({ at, scope }) => ({ pair: this.pairOf(at), scope }));
      }
      return this.changed;
    }

    /** What was run with newer releases of both axes, in version order, and how far each is. */
    newer(place) {
      const { columns, axes } = this.facts;
      const present = place.releases.map((one) => one.series);
      const [row, column] = place.releases.map((one) => one.rank);
      const found = [];
      for (const pair of this.tested.pairs) {
        const at = [Math.floor(pair / columns), pair % columns];
        if (at[0] > row && at[1] > column) {
          const steps = at.map((one, axis) => scopeOf(present[axis], axes[axis].series(one)));
          found.push({ at, steps });
        }
      }
      const [first, second] = this.order;
      return found.sort((a, b) => a.at[first] - b.at[first] || a.at[second] - b.at[second]);
    }

    pairOf([row, column]) {
      return row * this.facts.columns + column;
    }
  }

  /** What `find` returns for a key, which is asked once. */
  function once(known, key, find) {
    if (!known.has(key)) known.set(key, find(key));
    return known.get(key);
  }

  /** The nearest target in the smallest scope; of two alike, that of the first move. */
  function smallestOf(moves, place, facts) {
    const scoped = moves.map(({ axis, nearest }) => {
      const [present, target] = [place.releases[axis].series, facts.axes[axis].series(nearest)];
      return { axis, at: nearest, scope: scopeOf(present, target) };
    });
    const found = scoped.reduce((one, other) => (other.scope < one.scope ? other : one));
    return { targets: [{ axis: found.axis, at: found.at }], scope: SCOPES[found.scope] };
  }

  function none(axis, reason) {
    const none = { axis, nearest: null, newest: null, reason };
    return { ...none, barred: [], isOpen: false, otherSettings: [] };
  }

  /** The releases of one axis above the present one that were tested with the same other. */
  class ReleasesAbove {
    constructor(axis, present, { above, passes, covers }) {
      Object.assign(this, { axis, present, above, passes, covers });
    }

    /** The nearest and the newest that pass, and those that are left out on the way because the
        index speaks against them. */
    ends(isBarring = true) {
      const [nearest, nearer] = this.first(this.above, isBarring);
      if (nearest === null) return { nearest, newest: null, barred: nearer };
      const [newest, newer] = this.first([...this.above].reverse(), isBarring);
      return { nearest, newest: newest ?? nearest, barred: [...nearer, ...newer.reverse()] };
    }

    first(releases, isBarring) {
      const barred = [];
      for (const at of releases) {
        if (!this.passes(at)) continue;
        const bars = isBarring ? this.axis.against(at, this.present) : [];
        if (!bars.length) return [at, barred];
        barred.push({ at, bars });
      }
      return [null, barred];
    }

    /** Those below another release that pass, and that nothing bars. */
    before(end) {
      const isBarred = (at) => this.axis.against(at, this.present).length > 0;
      return this.above.filter((at) => at < end && this.passes(at) && !isBarred(at));
    }

    goesOn() {
      return this.above.length > 0;
    }

    /** Whether some release above was, or is to be, tested with all of it switched on. */
    isCovered() {
      return this.above.some((at) => this.covers(at));
    }
  }

  Object.assign(Evaluator, { countsAgainst, Targets });
})();
