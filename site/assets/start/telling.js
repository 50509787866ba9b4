/* What an answer of the evaluator says, in sentences. Pure: nothing is decided here.

   `told(page, asked)` returns what a card shows. `page` is { facts, words }: what is known, and the
   words for it. `asked` is { versions: {axis: text}, python, chosen: {choice: value} }. */

"use strict";

globalThis.Start ??= {};

(() => {
  const TOGETHER = ["pair", "open", "dependencies"];
  const TROUBLE = ["hang", "fail"];

  function listing(texts, last = "and") {
    return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} ${last} ${texts.at(-1)}`;
  }

  function filled(template, values) {
    return template.replace(/\{(\w+)\}/g, (as, name) => (Object.hasOwn(values, name) ? values[name] : as));
  }

  function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  function plural(count, noun) {
    return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  }

  /** "where warnings become events and the process forks": all values that are not the default. */
  function inWords({ facts, words }, situation) {
    const changed = facts.choices.filter((one) => situation[one.name] !== one.values[one.default]);
    const titles = changed.map((one) => words.choices[one.name].values[situation[one.name]]);
    return titles.length ? `where ${listing(titles)}` : words.defaults;
  }

  function packageOf({ facts }, axis) {
    return facts.axes.find((one) => one.name === axis).package;
  }

  /** "sentry-sdk 2.5.1 with ddtrace 2.14.2"; versions in the order of the axes. */
  function pairOf({ facts }, versions) {
    return facts.axes.map((axis, at) => `${axis.package} ${versions[at]}`).join(" with ");
  }

  function dayOf(text) {
    const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
    return day.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  }

  /** Whole days between a day and now; 0 for today and for what the reader's clock puts ahead. */
  function daysSince(day, now) {
    return Math.max(0, Math.floor((now - new Date(`${day.slice(0, 10)}T00:00:00Z`)) / 86_400_000));
  }

  function ago(days) {
    return days === 0 ? "today" : days === 1 ? "yesterday" : `${days} days ago`;
  }

  const isInferred = (part) => part.basis === "inferred";

  /** Whether the first trouble there is not that of the two together. */
  function isOwn(part) {
    const [first] = part.rests_on;
    return TROUBLE.includes(part.outcome) && Boolean(first?.whose) && !TOGETHER.includes(first.whose);
  }

  function rarely(part) {
    return part.rare ? (part.rare.state === "can hang, rarely" ? "can-hang" : "not-seen") : null;
  }

  /** The sign of a part: { look, symbol }. An inferred one is in brackets, and no pass is green. */
  function signOf({ words }, part) {
    const [look, symbol] = words.signs[rarely(part) ?? part.outcome ?? "unknown"];
    if (isInferred(part)) {
      const plain = part.outcome === "pass" ? "il-untested" : look;
      return { look: `${plain} il-inferred`, symbol: `(${symbol})` };
    }
    const [first] = part.rests_on;
    const wrong = first && (part.outcome === "hang" ? first.hangs : first.failed);
    const sometimes = TROUBLE.includes(part.outcome) && wrong > 0 && wrong < first.trials ? "~" : "";
    const own = isOwn(part);
    return { look: own ? `${look} il-own` : look, symbol: `${symbol}${sometimes}${own ? "°" : ""}` };
  }

  function headlineOf({ words }, part) {
    if (part.rare) return words.rarely[rarely(part)];
    return isInferred(part) ? words.inferred[part.outcome].join("") : words.tested[part.outcome ?? "unknown"];
  }

  /** "sentry-sdk 2.5.1 lacks Sentry's structured logs." */
  function lackInWords(page, asked, { probe, config }) {
    const { facts, words } = page;
    const track = facts.tracks.find((one) => one.probe === probe && one.config === config);
    const needs = words.probes[probe]?.needs ?? [];
    const who = needs.map((axis) => `${packageOf(page, axis)} ${asked.versions[axis]}`);
    const on = facts.choices
      .filter((choice, at) => track.levels[at] > choice.default && !choice.is_the_probes)
      .map((choice) => words.choices[choice.name].title);
    const what = on.length === 1 ? on[0] : `what ${probe} tests`;
    return who.length === 1 ? `${who[0]} lacks ${what}.` : `${capital(what)} can't be switched on with these releases.`;
  }

  function sentenceOf(page, asked, parts, isEvery) {
    const [first] = parts;
    const isLacking = first.outcome === "unsupported" && parts.every((part) => part.lacking.length);
    if (isLacking) {
      const lacks = parts.flatMap((part) => part.lacking.map((one) => lackInWords(page, asked, one)));
      return [...new Set(lacks)].join(" ");
    }
    const isStated = Object.keys(asked.chosen).length > 0; // then the card says it once, below
    const settings = () => listing(parts.map((part) => inWords(page, part.situation)), "or");
    const where = isEvery ? "with every choice of settings that was tested" : isStated ? "" : settings();
    const after = isInferred(first) && !first.rare ? page.words.inferred[first.outcome][1] : "";
    const head = headlineOf(page, first);
    return `${head.slice(0, head.length - after.length)}${where ? ` ${where}` : ""}${after}.`;
  }

  /** The parts that end alike, those of the headline first, and what is not known last. */
  function grouped(page, answer) {
    const worst = answer.parts[answer.worst];
    const passes = answer.parts.filter((part) => part.outcome === "pass");
    passes.sort((one, other) => Number(!one.rare) - Number(!other.rare) || isInferred(one) - isInferred(other));
    const first = worst.outcome === null && passes.length ? passes[0] : worst;
    const kind = (part) => `${part.outcome}/${isInferred(part)}/${headlineOf(page, part)}`;
    const groups = new Map([[kind(first), []]]);
    for (const part of answer.parts) groups.set(kind(part), [...(groups.get(kind(part)) ?? []), part]);
    const [alike, ...others] = groups.values();
    others.sort((one, other) => Number(one[0].outcome === null) - Number(other[0].outcome === null));
    return [[first, ...alike.filter((part) => part !== first)], ...others];
  }

  /** "upgrade ddtrace to 2.20.0": the nearest and the newest, each as a line to paste; or why none. */
  function moveOf(page, asked, move) {
    const name = packageOf(page, move.axis);
    if (move.nearest === null) {
      const barred = move.barred.map(({ version, bars }) => `${version}: ${listing(bars.map((bar) => page.words.bars[bar]))}`);
      const why = filled(page.words.no_move[move.reason] ?? "", { package: name });
      return { axis: move.axis, targets: [], why: `${why}${barred.length ? ` (${barred.join("; ")})` : ""}.` };
    }
    const isOne = move.nearest === move.newest;
    const kept = staysOn(asked.versions[move.axis], move.nearest);
    const targets = [{ pin: `${name}==${move.nearest}`, says: [isOne ? "" : "the nearest", kept].filter(Boolean).join(", ") }];
    if (!isOne) targets.push({ pin: `${name}==${move.newest}`, says: "the newest" });
    return { axis: move.axis, targets, why: "", notes: otherSettingsOf(page, move) };
  }

  /** "2.21.12 passes here, but hangs where warnings in the log become Sentry events." */
  function otherSettingsOf(page, { other_settings: others }) {
    const versions = [...new Set(others.map((one) => one.version))];
    const shown = versions.map((version) => {
      const where = others.filter((one) => one.version === version);
      const does = where.map(({ outcome, situation }) => `${outcome}s ${inWords(page, situation)}`);
      return `${version} passes here, but ${listing(does)}.`;
    });
    return shown.length > 4 ? [...shown.slice(0, 3), `So do ${shown.length - 3} more releases.`] : shown;
  }

  function staysOn(present, version) {
    const { lineOf, scopeOf, seriesOf } = Evaluator;
    const [old, moved] = [seriesOf(present), seriesOf(version)];
    return [`stays on ${lineOf(old)}`, `stays on ${old.major}.x`, ""][scopeOf(old, moved)];
  }

  /** Where no release alone helps: both together, as lines to paste. */
  function togetherOf(page, smallest) {
    if (!smallest || smallest.targets.length < 2) return null;
    return smallest.targets.map(({ axis, version }) => `${packageOf(page, axis)}==${version}`);
  }

  /** Why an answer is inferred: "ddtrace 2.14.1 and 2.14.4 both hang with sentry-sdk 2.5.1". */
  function becauseOf(page, asked, part) {
    const inferred = part.rests_on.filter((one) => one.basis === "inferred");
    const needed = TROUBLE.includes(part.outcome) ? inferred.filter((one) => TROUBLE.includes(one.outcome)) : inferred;
    return needed.map((one) => {
      if (one.reason === "no-feature") {
        const [corner] = one.corners;
        return `${lackInWords(page, asked, one)} Seen with ${pairOf(page, corner.versions)} on Python ${corner.python}.`;
      }
      return `${cornersOf(page, one)}; ${errorRate(one.error_rate)}.`;
    });
  }

  const VERBS = { hang: "hang", fail: "fail", pass: "pass" };

  function cornersOf(page, { corners, outcome, tested_on: day, probe }) {
    const tested = `(${probe}, tested ${dayOf(day)})`;
    const differ = page.facts.axes.map((_, at) => new Set(corners.map((one) => one.versions[at])).size > 1);
    if (corners.length === 2 && differ.filter(Boolean).length === 1) {
      const along = differ.indexOf(true);
      const versions = listing(corners.map((one) => one.versions[along]));
      const [, other] = [along, 1 - along];
      const partner = `${page.facts.axes[other].package} ${corners[0].versions[other]}`;
      return `${page.facts.axes[along].package} ${versions} both ${VERBS[outcome]} with ${partner} ${tested}`;
    }
    const named = corners.map((one) => pairOf(page, one.versions));
    return `${listing(named)} ${corners.length === 2 ? "both" : "all"} ${VERBS[outcome]} ${tested}`;
  }

  function errorRate(rate) {
    if (!rate || !rate.run) return "how often this is wrong is not measured yet";
    const [low, high] = rate.interval.map(percent);
    return `${rate.wrong} of ${plural(rate.run, "inferred cell")} came out otherwise when run (${low} to ${high})`;
  }

  function percent(share) {
    return `${Number((share * 100).toPrecision(2))} %`;
  }

  function causeOf(page, part) {
    const [first] = part.rests_on;
    if (!TROUBLE.includes(part.outcome) || !first?.whose) return "";
    return page.words.causes[first.whose] ?? `${packageOf(page, first.whose)} does it alone, with or without the other.`;
  }

  /** What each probe showed: only of what was run on these very releases. */
  function probesOf(page, asked, parts) {
    const seen = new Map();
    for (const one of parts.flatMap((part) => part.rests_on)) {
      if (one.basis === "tested") seen.set(`${one.probe} ${one.config}`, one);
    }
    return [...seen.values()].map((one) => {
      const [look, symbol, does] = page.words.signs[one.outcome];
      const wrong = one.outcome === "hang" ? one.hangs : one.outcome === "fail" ? one.failed : 0;
      const often = wrong ? `${wrong} of ${plural(one.trials, "trial")}` : plural(one.trials, "trial");
      const unit = page.words.probes[one.probe]?.unit ?? "exposures";
      const title = page.words.probes[one.probe]?.title ?? one.probe;
      const reason = one.reason ? `: ${page.words.reasons[one.reason]}` : "";
      return {
        sign: { look, symbol },
        says: `${title}, ${one.config}: ${does}${reason} (${often}, ${one.exposures.toLocaleString("en")} ${unit}, ${dayOf(one.tested_on)})`,
        page: foundAt(page, asked, one),
      };
    });
  }

  function foundAt({ words }, asked, { probe, config }) {
    return filled(words.found, { ...asked.versions, python: asked.python, probe, anchor: words.anchors[config] ?? config });
  }

  function waysOf(page, parts) {
    const found = new Map();
    for (const part of parts) {
      for (const way of part.workarounds) {
        const { title, costs, paste } = page.words.workarounds[way.name];
        if (found.has(way.name)) continue;
        const isSure = ["works", "not-by-all"].includes(way.effect);
        found.set(way.name, { title: capital(title), costs, paste, note: page.words.effects[way.effect], isSure });
      }
    }
    return [...found.values()];
  }

  /** What the index does not let anybody install, and what it does not list. */
  function indexOf(page, part) {
    return part.refusals.map(({ axis, version, python, reason }) => filled(page.words.refused[axis][reason], { version, python }));
  }

  function unlistedOf(page, asked) {
    const { facts } = page;
    return facts.axes
      .filter((axis, at) => !facts.releases[at].versions.some((text) => isSame(text, asked.versions[axis.name])))
      .map((axis) => `The package index did not list ${axis.package} ${asked.versions[axis.name]} when these results were published.`);
  }

  function isSame(one, other) {
    const { compare, parse } = Evaluator;
    return one === other || compare(parse(one), parse(other)) === 0;
  }

  /** What a kind of application does that an answer without settings leaves open. */
  function kindsOf(page, kinds) {
    return kinds
      .filter((kind) => kind.hangs || kind.rare.length)
      .map((kind) => {
        const { values, instead } = page.words.choices[kind.choice];
        const does = kind.hangs ? "hung" : "can hang, rarely";
        const [look, symbol] = page.words.signs[kind.hangs ? "hang" : "can-hang"];
        const where = kind.situation ? inWords(page, kind.situation) : `where ${values[kind.value]}`;
        return { sign: { look, symbol }, says: `${capital(where)}, it ${does}. ${instead}`.trim() };
      });
  }

  /** The command that repeats the test, or that makes the first one. */
  function commandOf(page, asked, part) {
    const axes = page.facts.axes.map(({ name }) => `--${name} ${asked.versions[name]}`);
    if (part.outcome === null) return `nox -s matrix -- ${axes.join(" ")} --python ${asked.python}`;
    const [cell] = part.rests_on;
    return cell ? filled(page.words.run, { ...asked.versions, python: asked.python, probe: cell.probe, config: cell.config }) : null;
  }

  /** The command that asks the same in a terminal. */
  function askingOf({ facts }, asked) {
    const axes = facts.axes.map(({ name }) => `--${name} ${asked.versions[name]}`);
    const settings = Object.entries(asked.chosen).map(([name, value]) => `--with ${name}=${value}`);
    return ["interlock ask", ...axes, `--python ${asked.python}`, ...settings].join(" ");
  }

  /** The days of the oldest and the newest test that an answer rests on; null without any. */
  function daysOf(parts) {
    const days = parts.flatMap((part) => part.rests_on.map((one) => one.tested_on)).filter(Boolean).sort();
    return days.length ? { oldest: days[0], newest: days.at(-1) } : null;
  }

  /** All that a card shows of a question. */
  function told(page, asked) {
    const answer = Evaluator.answer(page.facts, asked);
    const [alike, ...others] = grouped(page, answer);
    const [first] = alike;
    const isEvery = alike.length === answer.parts.length && alike.length > 1;
    const known = others.filter(([part]) => part.outcome !== null || answer.parts.length > 1);
    const kinds = Object.keys(asked.chosen).length ? [] : kindsOf(page, Evaluator.kinds(page.facts, asked));
    const refused = indexOf(page, first);
    const unknown = first.outcome === null;
    const isHalf = answer.parts[answer.worst].outcome === null && !unknown;
    const isGreen = first.outcome === "pass" && !first.rare && !isInferred(first);
    const [unknownLook, unknownSymbol] = page.words.signs.unknown;
    const [rareLook, rareSymbol] = page.words.signs["can-hang"];
    const plain = signOf(page, first);
    const open = isHalf ? { look: unknownLook, symbol: unknownSymbol } : null;
    const warned = isGreen && kinds.length ? { look: rareLook, symbol: rareSymbol } : null;
    const troubled = answer.parts.filter((part) => TROUBLE.includes(part.outcome));
    return {
      answer,
      sign: open ?? warned ?? plain,
      headline: refused.length
        ? "It cannot be installed like this."
        : unknown
          ? `${headlineOf(page, first)}.`
          : sentenceOf(page, asked, alike, isEvery),
      isUnknown: unknown && !refused.length,
      isInferred: isInferred(first),
      basis: first.basis,
      others: known.map((parts) => ({ sign: signOf(page, parts[0]), says: sentenceOf(page, asked, parts, false) })),
      kinds,
      moves: answer.moves.map((move) => moveOf(page, asked, move)),
      together: answer.moves.some((move) => move.nearest !== null) ? null : togetherOf(page, answer.smallest),
      ways: waysOf(page, troubled),
      cause: causeOf(page, first),
      because: [...new Set(answer.parts.filter(isInferred).flatMap((part) => becauseOf(page, asked, part)))],
      isSafe: !(isInferred(first) && first.outcome === "pass"),
      index: [...refused, ...(unknown ? unlistedOf(page, asked) : [])],
      probes: probesOf(page, asked, answer.parts),
      signatures: [...new Set(answer.parts.flatMap((part) => part.rests_on.flatMap((one) => one.signatures)))],
      days: daysOf(answer.parts),
      run: refused.length ? null : commandOf(page, asked, first),
      ask: askingOf(page, asked),
    };
  }

  Object.assign(Start, { capital, told, signOf, inWords, listing, filled, dayOf, daysSince, ago, isSame });
})();
