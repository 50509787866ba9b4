/* The range bar: one axis of releases on each Python, the others held as the reader has them. */

"use strict";

(() => {
  const { el, signOf } = Start;
  const SVG = "http://www.w3.org/2000/svg";

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const codeOf = ({ outcome, rare }) => {
    if (rare) return rare.state === "can hang, rarely" ? "can-hang" : "not-seen";
    return outcome ?? "unknown";
  };

  const BASIS = { inferred: ", inferred", index: ", says the package index" };

  /** Neighbours that end alike, as { first, last, code, bases, isPart }; positions of releases. */
  function runsOf(outcomes) {
    const runs = [];
    outcomes.forEach((part, at) => {
      const [code, before] = [codeOf(part), runs.at(-1)];
      if (before && before.code === code && before.isPart === part.isPart) {
        before.last = at;
        before.bases.add(part.basis);
      } else {
        runs.push({ first: at, last: at, code, bases: new Set([part.basis]), isPart: part.isPart });
      }
    });
    return runs;
  }

  /** In words, for screen readers and for the table: "2.10.2 to 2.19.4: hangs, partly inferred". */
  function saysOf(page, versions, { first, last, code, bases, isPart }) {
    const [, , name] = page.words.signs[code];
    const span = first === last ? versions[first] : `${versions[first]} to ${versions[last]}`;
    const by = bases.size === 1 ? BASIS[[...bases][0]] ?? "" : bases.has("inferred") ? ", partly inferred" : "";
    return `${span}: ${name}${by}${isPart ? " in some settings, others are not known" : ""}`;
  }

  /** Whether a position is in one of the ranges `[first, last, first, last, …]`. */
  function isWithin(ranges, at) {
    return ranges.some((first, n) => n % 2 === 0 && first <= at && at <= ranges[n + 1]);
  }

  /** Stretches of positions as one path, so that a bar stays small. */
  function pathOf(positions) {
    const parts = [];
    for (let n = 0; n < positions.length; n += 1) {
      const start = positions[n];
      while (positions[n + 1] === positions[n] + 1) n += 1;
      parts.push(`M${start} 0H${positions[n] + 1}V10H${start}Z`);
    }
    return parts.join("");
  }

  function drawn(page, versions, outcomes, runs, here) {
    const picture = svg("svg", { class: "il-bar", viewBox: `0 0 ${versions.length} 10`, preserveAspectRatio: "none", role: "img" });
    const byLook = new Map();
    outcomes.forEach((part, at) => {
      const { look } = signOf(page, { rests_on: [], ...part });
      byLook.set(look, [...(byLook.get(look) ?? []), at]);
    });
    for (const [look, positions] of byLook) picture.append(svg("path", { class: look, d: pathOf(positions) }));
    // What is read on hover: one box for all neighbours that end alike.
    for (const run of runs) {
      const box = svg("rect", { class: "il-over", x: run.first, width: run.last - run.first + 1, y: 0, height: 10 });
      box.append(svg("title", {}, saysOf(page, versions, run)));
      picture.append(box);
    }
    if (here >= 0) picture.append(svg("rect", { class: "il-here", x: here - 0.5, width: Math.max(2, versions.length / 150), y: 0, height: 10 }));
    return picture;
  }

  /** One row a Python; the reader's own is first and bold. A table says the same in words. */
  function bars(page, asked, axisName) {
    const at = page.facts.axes.findIndex((axis) => axis.name === axisName);
    const { versions: every, searched } = page.facts.releases[at];
    const isThere = (text) => Start.isSame(text, asked.versions[axisName]);
    // Pre-releases and other releases that no search tries would be gaps in every bar.
    const shown = every.map((_, n) => n).filter((n) => isThere(every[n]) || isWithin(searched, n));
    const versions = shown.map((n) => every[n]);
    const here = versions.findIndex(isThere);
    const name = page.facts.axes[at].package;
    const rows = el("div", { class: "il-bars" });
    const words = el("tbody", {});
    const told = (python) => {
      const all = Evaluator.outcomes(page.facts, { ...asked, python }, axisName);
      const outcomes = shown.map((n) => all[n]);
      const runs = runsOf(outcomes);
      const known = runs.filter(({ code }) => code !== "unknown");
      const picture = drawn(page, versions, outcomes, runs, here);
      picture.setAttribute("aria-label", `${name} on Python ${python}: ${known.length ? known.map((run) => saysOf(page, versions, run)).join("; ") : "nothing is known"}`);
      const own = python === asked.python;
      rows.append(el("div", { class: own ? "il-own-row" : "" }, el(own ? "strong" : "span", {}, python), picture));
      words.append(el("tr", {}, el("th", { scope: "row" }, python), el("td", {}, known.map((run) => saysOf(page, versions, run)).join("; ") || "nothing is known")));
    };
    const others = page.facts.pythons.filter((python) => python !== asked.python);
    const pythons = others.length < page.facts.pythons.length ? [asked.python, ...others] : others;
    // The answer is shown first; then one Python after the other, so that the page stays quick.
    const next = () => {
      if (!pythons.length || !(rows.isConnected || !rows.childElementCount)) return;
      told(pythons.shift());
      setTimeout(next);
    };
    setTimeout(next);
    const ends = el("div", { class: "il-bar-ends", "aria-hidden": "true" }, el("span", {}, versions[0]), el("span", {}, `${name}, oldest to newest`), el("span", {}, versions.at(-1)));
    const table = el("details", {}, el("summary", {}, "The same in words"), el("table", { class: "il-table" }, words));
    return [el("h3", {}, `Other releases of ${name}`), rows, ends, table];
  }

  Object.assign(Start, { bars });
})();
