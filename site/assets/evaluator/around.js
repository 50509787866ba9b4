/* What is known around an answer: other releases, and kinds of application. After evaluator.js. */

"use strict";

(() => {
  const {
    answer,
    concluded,
    factsOf,
    namedOf,
    placeOf,
    ranked,
    rareInsteadOfPass,
    rateOf,
    situationOf,
    testedOn,
    worstOf,
  } = Evaluator;
  const NEVER_HANGS = ["fail", "unsupported"]; // it ends before it could hang

  /** The outcome of each release of an axis, the others as in the question.

      Of several situations the worst that is known. `isPart`: it passes in some, and others are not
      known. It has no moves, so it is quick. */
  function outcomes(plain, { versions, python, chosen = {} }, axisName) {
    const facts = factsOf(plain);
    const asked = placeOf(facts, versions, python);
    const isStated = Object.keys(chosen).length > 0;
    const situations = isStated ? [situationOf(plain, chosen)] : facts.situations;
    const axis = facts.axes.findIndex((one) => one.name === axisName);
    const tested = testedOn(facts, asked.python);
    return facts.axes[axis].texts.map((_, at) => {
      const place = facts.moved(asked, axis, at);
      const parts = situations.map((one) => {
        const found = concluded({ facts, place, tested }, one);
        const isPass = found.outcome === "pass";
        const rare = isPass ? rareInsteadOfPass(facts, place, one, found.restsOn) : null;
        return { ...found, rare, isMeant: tested.covers(one, place) };
      });
      const worst = worstOf(parts, plain.precedence);
      const passing = worst.outcome === null && parts.find((part) => part.outcome === "pass");
      const { outcome, basis, rare } = passing || worst;
      return { outcome, basis, rare, isPart: Boolean(passing) };
    });
  }

  /** What was seen in kinds of application that only some probes test, where a question names none:
      how many hangs there, and the rates of the release lines that can hang. */
  function kinds(plain, asked) {
    const facts = factsOf(plain);
    const place = placeOf(facts, asked.versions, asked.python);
    const own = plain.choices.map((choice, at) => ({ ...choice, at })).filter((choice) => choice.is_the_probes);
    return own.flatMap((choice) => {
      const isAbout = (track) => !track.isGeneral && track.levels?.[choice.at] > choice.default;
      const seen = testedOn(facts, place.python).at(place).filter((one) => one.isTrouble && isAbout(one.track));
      const value = choice.values.at(-1);
      const [on] = answer(plain, { ...asked, chosen: { [choice.name]: value } }).parts;
      if (!seen.length && NEVER_HANGS.includes(on.outcome)) return [];
      const rates = facts.tracks.filter(isAbout).map((track) => rateOf(facts, place, track));
      const rare = rates.filter((rate) => rate && rate.tried && rate.state === "can hang, rarely");
      const hung = seen.filter((one) => one.track.counts(one.where).hangs);
      const hangs = hung.reduce((sum, one) => sum + one.track.counts(one.where).hangs, 0);
      const [least] = ranked(hung, ({ levels }) => [levels.reduce((sum, one) => sum + one, 0), ...levels]);
      return [{ choice: choice.name, value, hangs, rare, situation: least ? namedOf(plain, least.levels) : null }];
    });
  }

  Object.assign(Evaluator, { kinds, outcomes });
})();
