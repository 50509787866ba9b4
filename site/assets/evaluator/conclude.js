/* What the verdicts about some releases come to in one situation.

   A situation is a list of levels, one a choice: how much of it is switched on. The rule: a hang or
   a failure that was seen with less switched on concerns everyone who has that switched on. A pass
   says nothing about somebody who has more switched on. */

"use strict";

(() => {
  const TROUBLE = ["hang", "fail"];

  /** Whether the other has everything switched on that this one has. */
  function isWithin(one, other) {
    for (let choice = 0; choice < one.length; choice += 1) {
      if (one[choice] > other[choice]) return false;
    }
    return true;
  }

  function isSame(one, other) {
    for (let choice = 0; choice < one.length; choice += 1) {
      if (one[choice] !== other[choice]) return false;
    }
    return true;
  }

  /** Whether a verdict says something about somebody in that situation. */
  function concerns(seen, asked) {
    if (!seen.wasRun) return true; // the index knows no situations
    if (seen.isTrouble || seen.lacksFeature) return isWithin(seen.levels, asked);
    if (seen.outcome === "pass") return isWithin(asked, seen.levels);
    return isSame(seen.levels, asked); // it proved nothing, neither with more nor with less
  }

  /** Whether releases can't be run because they lack what would be switched on. */
  function lacksFeature(outcome, restsOn) {
    return outcome === "unsupported" && restsOn.some((one) => one.lacksFeature);
  }

  /** What is known in a situation; `exact` names, by probe, the configuration that is just it. */
  function conclude(asked, seen, meant, exact, precedence) {
    if (seen.length && !seen.some((one) => one.wasRun)) {
      return concluded("unsupported", "index", seen, [], precedence);
    }
    const troubles = seen.filter((one) => one.isTrouble && concerns(one, asked));
    const found = coverage(asked, seen, required(asked, meant), exact);
    // What has less switched on is asked for its hangs. Its passes say nothing here.
    const covered = found.covered.filter((one) => concerns(one, asked));
    const restsOn = [...nearestOfEach(troubles), ...found.left, ...covered];
    const worst = worstOf(troubles, found, covered, precedence);
    return concluded(worst, basisOf(worst, troubles, covered), restsOn, found.missing, precedence);
  }

  function worstOf(troubles, { left, missing }, covered, precedence) {
    let outcomes = new Set(troubles.map((one) => one.outcome));
    if (!troubles.length && !missing.length) {
      outcomes = new Set(covered.map((one) => one.outcome));
      if (outcomes.has("pass")) outcomes.delete("unsupported");
      left.forEach((one) => outcomes.add(one.outcome));
    }
    return precedence.find((outcome) => outcomes.has(outcome)) ?? null;
  }

  /** One tested hang is enough, but all that has to pass counts. */
  function basisOf(worst, troubles, covered) {
    if (worst === null) return "unknown";
    const isTested = troubles.length
      ? troubles.some((one) => !one.inferred && one.outcome === worst)
      : !covered.some((one) => one.inferred);
    return isTested ? "tested" : "inferred";
  }

  const sum = (levels) => levels.reduce((total, level) => total + level, 0);

  /** Of a probe that goes wrong alike with less and with more, what is nearest.

      What was tested comes before what is inferred. */
  function nearestOfEach(troubles) {
    const found = new Map();
    const rank = (one) => (one.inferred ? 0 : 1e6) + sum(one.levels);
    for (const one of [...troubles].sort((a, b) => rank(a) - rank(b))) {
      found.set(`${one.probe}\n${one.outcome}`, one);
    }
    return [...found.values()];
  }

  /** What has to be run before a situation is called safe.

      All with less switched on. And, of what has all of it switched on, what has the least
      beside. */
  function required(asked, meant) {
    const above = meant.filter((one) => isWithin(asked, one.levels));
    const isFarther = (one, other) =>
      isWithin(other.levels, one.levels) && !isSame(other.levels, one.levels);
    const nearest = above.filter((one) => !above.some((other) => isFarther(one, other)));
    const below = meant.filter((one) => isWithin(one.levels, asked) && !nearest.includes(one));
    return nearest.length ? [...nearest, ...below] : [];
  }

  /** Of what is required: what covers it, what leaves it open, and what is missing. */
  function coverage(asked, seen, wanted, exact) {
    const found = { covered: [], left: [], missing: [] };
    const missing = new Map();
    for (const one of wanted) {
      const ofProbe = seen.filter((other) => other.probe === one.probe);
      const here = ofProbe.find((other) => other.config === one.config);
      // With more switched on than is asked, a pass with less of it is enough.
      const passing = nearestPass(ofProbe, isWithin(asked, one.levels) ? asked : one.levels);
      if (passing) found.covered.push(passing);
      else if (here?.isTrouble && concerns(here, asked)) continue;
      else if (!here || here.isTrouble) {
        const config = here ? (exact[one.probe] ?? one.config) : one.config;
        missing.set(`${one.probe}\n${config}`, { probe: one.probe, config });
      } else if (here.lacksFeature) found.covered.push(here);
      else found.left.push(here);
    }
    found.missing = [...missing.values()];
    return found;
  }

  /** The pass that has at least that switched on, and the least beside; a tested one first. */
  function nearestPass(seen, least) {
    const passes = seen.filter((one) => one.outcome === "pass" && isWithin(least, one.levels));
    const rank = (one) => [one.inferred ? 1 : 0, sum(one.levels), one.config];
    return first(passes, rank);
  }

  function concluded(outcome, basis, restsOn, missing, precedence) {
    const rank = (one) => [
      one.lacksFeature ? 1 : 0,
      precedence.indexOf(one.outcome),
      one.probe,
      one.config,
    ];
    return { outcome, basis, restsOn: ranked(new Set(restsOn), rank), missing };
  }

  /** Sorted by what `rank` returns for each: numbers and texts, the first that differs decides. */
  function ranked(items, rank) {
    const keyed = [...items].map((item) => [rank(item), item]);
    keyed.sort(([one], [other]) => compareRanks(one, other));
    return keyed.map(([, item]) => item);
  }

  /** The one with the smallest rank, of equals the first. */
  function first(items, rank) {
    return ranked(items, rank)[0];
  }

  function compareRanks(one, other) {
    for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
      if (one[at] !== other[at]) return one[at] < other[at] ? -1 : 1;
    }
    return one.length - other.length;
  }

  Object.assign(Evaluator, {
    TROUBLE,
    isWithin,
    isSame,
    concerns,
    lacksFeature,
    conclude,
    required,
    ranked,
    first,
  });
})();
