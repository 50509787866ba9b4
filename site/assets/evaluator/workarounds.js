/* The workarounds that were run where it goes wrong, and help there. */

"use strict";

(() => {
  const { TROUBLE, isSame, ranked } = Evaluator;

  /** Those that pass, the best first. None against what is told by rates: a pass may be luck. */
  function workaroundsAt(facts, place, asked, restsOn) {
    const troubled = restsOn.filter(
      (one) => one.isTrouble && !one.inferred && one.track.isGeneral && isSame(one.levels, asked),
    );
    const byWay = new Map();
    for (const one of troubled) {
      for (const tried of triedOn(facts, place, one)) {
        byWay.set(tried.way, [...(byWay.get(tried.way) ?? []), tried]);
      }
    }
    const found = [...byWay.values()].map((tried) => offered(facts, tried, troubled));
    const last = ({ tried, elsewhere, not_run_by }) => [
      Number(!tried.every((one) => one.outcome === "pass")),
      Number(elsewhere !== null),
      Number(not_run_by.length > 0),
    ];
    return ranked(found, last).filter(({ effect }) => !["fails", "unproven"].includes(effect));
  }

  function* triedOn(facts, place, one) {
    for (const [way, number] of one.track.workarounds) {
      const track = facts.tracks[number];
      const told = track.on(place.python)?.told(place.pair) ?? -1;
      const { outcome } = told < 0 ? {} : track.saying(told);
      if (told < 0 || outcome === "unsupported") continue; // not every release has what it sets
      const record = facts.plain.records.find(
        ([of, without, signature]) =>
          of === way && without === one.track.number && signature === (one.signatures[0] ?? -1),
      );
      const [, , , hangs, tried, tells] = record;
      const { trials } = track.counts({ pair: place.pair, python: place.python });
      const run = { probe: track.probe, config: track.config, outcome, trials };
      yield { way, run, outcome, record: { hangs, tried, tells: Boolean(tells) } };
    }
  }

  function offered(facts, tried, troubled) {
    const run = new Set(tried.map((one) => one.run.probe));
    const records = tried.map((one) => one.record);
    const notRunBy = troubled.map((one) => one.probe).filter((probe) => !run.has(probe));
    return {
      name: facts.plain.workarounds[tried[0].way],
      effect: effectOf(tried, records, notRunBy),
      tried: tried.map((one) => one.run),
      elsewhere: records.find((record) => record.hangs) ?? null,
      not_run_by: notRunBy,
    };
  }

  function effectOf(tried, records, notRunBy) {
    if (tried.some((one) => TROUBLE.includes(one.outcome))) return "fails";
    if (!tried.every((one) => one.outcome === "pass")) return "unproven";
    if (records.some((record) => record.hangs)) return "hangs-elsewhere";
    if (!records.every((record) => record.tells)) return "too-few";
    return notRunBy.length ? "not-by-all" : "works";
  }

  Object.assign(Evaluator, { workaroundsAt });
})();
