/* One question, one answer, from the published facts: the same that `interlock ask` says.

     const question = {
       versions: { sentry: "2.8.0", ddtrace: "2.12.2" },
       python: "3.11",
       chosen: { "lock-profiling": "on" },
     };
     Evaluator.answer(facts, question).parts[0].outcome

   `facts` is the content of facts.json. The functions are pure: they touch neither the page nor
   the clock. The scripts in evaluator/ come first, in this order: versions, conclude, maps, facts,
   tested, targets, rare, workarounds. They are plain scripts because a page from a disk loads no
   modules.

   The reference is src/interlock/findings/question.py; a test asks both the same questions. */

"use strict";

(() => {
  const {
    TROUBLE,
    Targets,
    asInferred,
    countsAgainst,
    factsOf,
    first,
    isSame,
    isWithin,
    lacksFeature,
    ranked,
    rareInsteadOfPass,
    testedOn,
    workaroundsAt,
  } = Evaluator;

  const OPEN = ["unknown", "index"]; // nothing was run, so a reader is told which releases were

  /** What is known of the releases of a question, a part for each situation.

      `chosen` has the value of each choice that is stated. Where none is, every situation is
      answered. Throws a `RangeError` for an axis, a version, a choice or a value that is none. */
  function answer(plain, { versions, python, chosen = {} }) {
    const facts = factsOf(plain);
    const place = placeOf(facts, versions, python);
    const isStated = Object.keys(chosen).length > 0;
    const situations = isStated ? [situationOf(plain, chosen)] : facts.situations;
    const asking = { facts, place, tested: testedOn(facts, place.python) };
    asking.targets = new Targets(facts, asking.tested);
    const each = situations.map((one) => inSituation(asking, one));
    const isOne = each.length === 1;
    const parts = isOne ? each : each.map((part) => besideOthers(asking, part));
    const { moves, smallest } = isOne ? wholeOf(parts[0]) : inEvery(asking, parts);
    return {
      parts: parts.map((part) => shownPart(asking, part)),
      moves: moves.map((move) => shownMove(facts, move)),
      smallest: shownSmallest(facts, smallest),
      worst: parts.indexOf(worstOf(parts, plain.precedence)),
    };
  }

  function placeOf(facts, versions, python) {
    const named = Object.keys(versions);
    const axes = facts.axes.map((axis) => axis.name);
    if (named.length !== axes.length || !axes.every((axis) => named.includes(axis))) {
      throw new RangeError(`name one version of each of ${axes.join(", ")}`);
    }
    const releases = axes.map((axis, at) => {
      const found = facts.release(at, versions[axis]);
      if (!found) throw new RangeError(`"${versions[axis]}" is no version of ${axis}`);
      return found;
    });
    return facts.place(releases, facts.plain.pythons.indexOf(python));
  }

  function situationOf(plain, chosen) {
    for (const name of Object.keys(chosen)) {
      const choice = plain.choices.find((one) => one.name === name);
      if (!choice) throw new RangeError(`"${name}" is no choice`);
      if (!choice.values.includes(chosen[name])) {
        throw new RangeError(`"${chosen[name]}" is no value of ${name}`);
      }
    }
    return plain.choices.map(({ name, values, default: level }) =>
      name in chosen ? values.indexOf(chosen[name]) : level,
    );
  }

  /** The part of an answer for one situation. */
  function inSituation(asking, asked) {
    const { facts, place, tested, targets } = asking;
    const found = concluded(asking, asked);
    const restsOn = ranked(found.restsOn, (one) => rank(one, facts));
    const troubles = restsOn.filter((one) => one.isTrouble);
    const isRare = isOfAKind(facts.plain, asked);
    const part = {
      asked,
      ...found,
      restsOn,
      troubles,
      isMeant: tested.covers(asked, place),
      isTested: facts.tested.some((one) => isSame(one, asked)),
      moves: isRare ? [] : targets.moves([asked], place, troubles),
      lacking: lackingAt(asking, asked),
      rare: found.outcome === "pass" ? rareInsteadOfPass(facts, place, asked, restsOn) : null,
      workarounds: workaroundsAt(facts, place, asked, restsOn),
    };
    part.passing = isRare ? [] : passingAt(asking, part);
    part.neighbours = part.basis === "unknown" ? neighboursOf(asking, asked) : [];
    return { ...part, smallest: smallestOf(asking, part, isRare) };
  }

  /** What was tested; else what the index decides; else what is inferred, or lacks a feature. */
  function concluded({ facts, place, tested }, asked) {
    const found = tested.conclude(asked, place);
    if (found.outcome) return { ...found, refusals: [] };
    const seen = tested.at(place);
    const refusals = refusalsAt(facts, place);
    if (refusals.length && !seen.length) {
      return { outcome: "unsupported", basis: "index", restsOn: [], missing: [], refusals };
    }
    // What the index decides is never inferred.
    const inferred = refusals.length ? [] : tested.inferred(place);
    if (inferred.length) {
      const all = tested.draw(asked, [...seen, ...inferred], tested.meantAt(place));
      if (all.outcome) return { ...all, refusals: [] };
    }
    return { ...(withoutFeature(tested, place, asked) ?? found), refusals: [] };
  }

  function refusalsAt(facts, place) {
    const reasonOf = ({ axis, at }) => axis.refused(at, place.python);
    const reasons = place.releases.map(reasonOf);
    return reasons.flatMap((reason, axis) => (reason ? [{ axis, reason }] : []));
  }

  /** Where nothing else is known: that a release lacks what would be switched on. Else null. */
  function withoutFeature(tested, place, asked) {
    const lacking = tested.lacking(asked, place);
    if (!lacking.length) return null;
    const restsOn = lacking.map((one) => {
      const isHere = one.where.pair === place.pair && one.where.python === place.python;
      return isHere ? one : asInferred(one, "feature", [one.where.pair]);
    });
    const basis = restsOn.some((one) => one.inferred) ? "inferred" : "tested";
    return { outcome: "unsupported", basis, restsOn, missing: [] };
  }

  /** What would be switched on, and these releases do not have: one a probe. */
  function lackingAt({ place, tested }, asked) {
    const here = tested.at(place).filter((one) => one.lacksFeature && isWithin(one.levels, asked));
    const elsewhere = tested.features(asked, place).map((one) => one.seen);
    const found = new Map();
    for (const one of [...here, ...elsewhere]) if (!found.has(one.probe)) found.set(one.probe, one);
    return [...found.values()];
  }

  /** Whether somebody in that situation has a kind of application of which only probes can tell. */
  function isOfAKind(plain, asked) {
    return plain.choices.some(
      (choice, at) => choice.is_the_probes && asked[at] !== choice.default,
    );
  }

  /** The worst first. Of two hangs, the one that is known to be the pair's and always comes. */
  function rank(one, facts) {
    const isOther = one.isTrouble && !countsAgainst(one.whose, { name: null });
    return [
      Number(one.lacksFeature),
      facts.plain.precedence.indexOf(one.outcome),
      Number(one.inferred !== null),
      Number(isOther),
      Number(one.isTrouble && one.whose === "open"),
      Number(comesSometimes(one)),
      one.probe,
      one.config,
    ];
  }

  /** Whether some trials of a test went wrong, and some did not. */
  function comesSometimes(one) {
    if (one.inferred || !one.isTrouble) return false;
    const { trials, hangs, failed } = one.track.counts(one.where);
    const wrong = one.outcome === "hang" ? hangs : failed;
    return wrong > 0 && wrong < trials;
  }

  /** Where nothing was run, or can be: newer releases that were tested and pass. */
  function passingAt({ place, targets, tested }, { asked, basis }) {
    if (!OPEN.includes(basis) || tested.lacking(asked, place).length) return [];
    return targets.passing([asked], place);
  }

  /** The nearest releases of which something is known, one entry an axis. */
  function neighboursOf({ facts, place, tested }, asked) {
    return facts.axes.map((_, axis) => ({ axis, ...tested.around(asked, axis, place) }));
  }

  /** Where it hangs or fails; and where nothing is known, for what no single release tells. */
  function smallestOf({ place, targets, tested }, { asked, moves, basis, passing }, isRare) {
    if (!moves.length) {
      if (!OPEN.includes(basis) || isRare || passing.length) return null;
      if (tested.lacking(asked, place).length) return null;
    }
    return targets.smallest([asked], place, moves);
  }

  function wholeOf({ moves, smallest }) {
    return { moves, smallest: moves.length ? smallest : null };
  }

  /** A part of an answer that covers all settings.

      Where nothing is known, no release is recommended that goes wrong in other settings. */
  function besideOthers({ place, targets }, part) {
    const isSafe = (move) => !targets.isForTheseSettings(move, part.asked, place);
    const moves = part.isTested ? part.moves : [];
    return { ...part, moves, passing: part.passing.filter(isSafe) };
  }

  /** The releases to move to in all of the settings, where one goes wrong or is not known. */
  function inEvery({ place, targets }, parts) {
    // Settings that no release was tested with would leave no release to move to.
    const asked = parts.filter((part) => part.isTested).map((part) => part.asked);
    const troubles = parts.flatMap((part) => part.troubles);
    const isOpen = parts.some((part) => OPEN.includes(part.basis) && part.isMeant);
    if (!troubles.length && !isOpen) return { moves: [], smallest: null };
    const moves = troubles.length
      ? targets.moves(asked, place, troubles)
      : targets.passing(asked, place);
    return { moves, smallest: targets.smallest(asked, place, moves) };
  }

  /** A hang or a failure before what is unknown, and that before a pass. */
  function worstOf(parts, precedence) {
    const ranks = [...TROUBLE, null, ...precedence.filter((one) => !TROUBLE.includes(one))];
    const meant = parts.filter((part) => part.isMeant && !lacksFeature(part.outcome, part.restsOn));
    return first(meant.length ? meant : parts, ({ outcome, basis }) => [
      ranks.indexOf(outcome),
      Number((basis === "inferred") === TROUBLE.includes(outcome)),
    ]);
  }

  function shownPart({ facts, place }, part) {
    const { plain } = facts;
    return {
      situation: namedOf(plain, part.asked),
      outcome: part.outcome,
      basis: part.basis,
      is_meant: part.isMeant,
      rests_on: part.restsOn.map((one) => shownSeen(facts, one)),
      missing: part.missing,
      refusals: part.refusals.map(({ axis, reason }) => ({
        axis: facts.axes[axis].name,
        version: place.releases[axis].text,
        python: plain.pythons[place.python],
        reason,
      })),
      lacking: part.lacking.map((one) => shownSeen(facts, one)),
      rare: part.rare,
      moves: part.moves.map((move) => shownMove(facts, move)),
      smallest: shownSmallest(facts, part.smallest),
      passing: part.passing.map((move) => shownMove(facts, move)),
      workarounds: part.workarounds,
      neighbours: part.neighbours.map(({ axis, below, above, withTheOther }) => ({
        axis: facts.axes[axis].name,
        below: facts.axes[axis].texts[below] ?? null,
        above: facts.axes[axis].texts[above] ?? null,
        with_the_others: withTheOther,
      })),
    };
  }

  /** A situation with the names of its choices and values. */
  function namedOf({ choices }, levels) {
    const values = levels.map((level, at) => [choices[at].name, choices[at].values[level]]);
    return Object.fromEntries(values);
  }

  function shownSeen(facts, one) {
    const { plain } = facts;
    const shown = {
      probe: one.probe,
      config: one.config,
      outcome: one.outcome,
      basis: one.inferred ? "inferred" : "tested",
      rule: one.inferred?.rule ?? null,
      corners: (one.inferred?.corners ?? []).map(({ pair, python }) => ({
        versions: facts.versionsOf(pair),
        python: plain.pythons[python],
      })),
      reason: one.reason || null,
      whose: one.whose || null,
      signatures: one.signatures.map((number) => plain.signatures[number]),
    };
    const none = { trials: 0, hangs: 0, failed: 0, exposures: 0 };
    const days = one.inferred?.corners.map((corner) => one.track.counts(corner).tested_on);
    const counts = days ? { ...none, tested_on: days.sort()[0] } : one.track.counts(one.where);
    return { ...shown, ...counts, error_rate: rateOf(plain, one) };
  }

  /** How often what is inferred by a probe is wrong. A missing feature lies in no map. */
  function rateOf(plain, { probe, inferred }) {
    const isInAMap = inferred && inferred.rule !== "feature";
    return (isInAMap && plain.error_rates[probe]) || null;
  }

  function shownMove(facts, move) {
    const axis = facts.axes[move.axis];
    const text = (at) => (at === null ? null : axis.texts[at]);
    return {
      axis: axis.name,
      nearest: text(move.nearest),
      newest: text(move.newest),
      reason: move.reason,
      is_open: move.isOpen,
      barred: move.barred.map(({ at, bars }) => ({ version: axis.texts[at], bars })),
      other_settings: move.otherSettings.map(({ at, situation, outcome }) => ({
        version: axis.texts[at],
        situation: namedOf(facts.plain, situation),
        outcome,
      })),
    };
  }

  function shownSmallest(facts, smallest) {
    if (!smallest) return null;
    const targets = smallest.targets.map(({ axis, at }) => ({
      axis: facts.axes[axis].name,
      version: facts.axes[axis].texts[at],
    }));
    return { targets, scope: smallest.scope };
  }

  Object.assign(Evaluator, { answer, concluded, namedOf, placeOf, situationOf, worstOf });
})();
