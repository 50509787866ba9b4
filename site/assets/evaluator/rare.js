/* What is said instead of a pass where hangs are rare: the rate of the release line. */

"use strict";

(() => {
  const { first, isWithin, lineOf } = Evaluator;

  const CAN_HANG = "can hang, rarely";
  const RARER = "no hang seen";
  const UNKNOWN = "unknown";

  /** What is said instead of a pass that rests on these verdicts; null where hangs are not rare.

      A hang of an application with more switched on does not concern the situation. But where
      nothing else was run, its pass is no pass here either. */
  function rareInsteadOfPass(facts, place, asked, restsOn) {
    const told = restsOn.map((one) => [
      one,
      one.outcome === "pass" ? rateOf(facts, place, one.track) : null,
    ]);
    let rare = told.filter(([one, of]) => of && isWithin(one.levels, asked)).map(([, of]) => of);
    if (!rare.length && told.every(([, of]) => of)) rare = told.map(([, of]) => of);
    const found = first(rare, (one) => [Number(one.state !== CAN_HANG), Number(!one.hangs)]);
    return found ?? null;
  }

  /** The rate of a release line of the place: of one that rules out the rate of the others, else of
      one that hung, and of several the one of the axis to move first. */
  function rateOf(facts, place, track) {
    if (!track.lines) return null;
    const found = facts.plain.preferred.map((axis) => {
      const line = lineOf(place.releases[axis].series);
      const [state, hangs, tried, perExposure] = track.lines[axis][line] ?? [UNKNOWN, 0, 0, 0];
      const of = { probe: track.probe, config: track.config, axis: facts.axes[axis].name, line };
      return { ...of, state, hangs, tried, per_exposure: Boolean(perExposure) };
    });
    return first(found, (one) => [
      Number(one.state !== RARER),
      Number(!one.hangs),
      Number(one.state !== CAN_HANG),
    ]);
  }

  Object.assign(Evaluator, { rareInsteadOfPass, rateOf });
})();
