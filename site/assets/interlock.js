/* What makes the pages handier. All that they say is in them without it, except for the picker,
   which looks its answers up in generated/answers.js; nothing here decides anything. */
(function () {
  "use strict";

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  function list(items) {
    return el("ul", {}, ...items.map((item) => el("li", {}, ...[item].flat())));
  }

  function runLine(command) {
    const button = el("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command);
      } catch {
        const field = el("textarea", {}, command); // pages from a disk have no clipboard of their own
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
      }
      button.textContent = "Copied";
    });
    return el("div", { class: "il-run" }, el("code", { tabindex: "0" }, command), button);
  }

  /* A list with the sign of an outcome in front of each item. */
  function marked(items) {
    return el(
      "ul",
      { class: "il-marked" },
      ...items.map(([look, symbol, ...said]) =>
        el("li", {}, el("span", { class: "il-mark " + look, "aria-hidden": "true" }, symbol), el("span", {}, ...said))
      )
    );
  }

  function folded(title, ...inside) {
    return el("details", {}, el("summary", {}, title), ...inside);
  }

  /* The releases to move to; what else is to be said of them is a click away. */
  function moves(told) {
    const releases = told.filter(([to]) => to !== null).map(([to, why]) => [el("strong", {}, to), " " + why]);
    const notes = list(told.filter(([to]) => to === null).map(([, why]) => why));
    if (!releases.length) return [notes];
    return [list(releases), notes.children.length ? folded("More on these releases", notes) : null].filter(Boolean);
  }

  /* A workaround: its name stands out, and what to paste is code. */
  function inParts(says) {
    const [, name, rest, paste] = /^(.*?)(: .*?)(?: To apply it: (.*))?$/s.exec(says) || ["", says, "", ""];
    return [el("strong", {}, name), rest, ...(paste ? [" To apply it: ", el("code", {}, paste)] : [])];
  }

  /* Workarounds that pass come first; those that may not help are a click away. */
  function waysOf(ways) {
    const passes = ([[look]]) => look === "il-pass";
    const shown = (some) => marked(some.map(([mark, says]) => [...mark, ...inParts(says)]));
    const [helpful, others] = [ways.filter(passes), ways.filter((way) => !passes(way))];
    if (!helpful.length) return others.length ? [shown(others)] : [];
    return [shown(helpful), others.length ? folded("What else was tried: don't rely on it", shown(others)) : null].filter(Boolean);
  }

  /* One answer as a card. Which releases and which situation it is about is said here. */
  function card(data, asked, root) {
    const answer = answerTo(data, asked);
    const body = el("div", { class: "il-body" });
    const paragraph = (texts) => texts.length && body.append(el("p", {}, texts.join(" ")));
    const page = (track) => root + filled(data, data.found, asked, track);
    const beside = marked(answer.beside.map(([mark, says]) => [...mark, says]));
    const leads = answer.moves.length || answer.ways.length;
    if (answer.beside.length && !leads) body.append(beside);
    paragraph(answer.mind);
    const every = isWhole(data, asked) ? el("small", {}, " to pass in every setting that was tested with it") : null;
    if (answer.moves.length) body.append(el("h3", {}, "Move to", every), ...moves(answer.moves));
    if (answer.ways.length || answer.until.length) body.append(el("h3", {}, "Until then"), ...waysOf(answer.ways));
    if (answer.until.length) body.append(list(answer.until));
    if (answer.beside.length && leads) body.append(el("h3", {}, "With other settings"), beside);
    if (answer.inferred) paragraph(answer.facts);
    paragraph(answer.whose);
    if (!answer.inferred) paragraph(answer.facts);
    if (answer.unknown) body.append(list(neighbours(data, asked)));
    if (answer.unknown && data.index)
      body.append(el("h3", {}, "What tested releases around it say, in a terminal"), runLine(asking(data, asked)));
    if (answer.probes.length)
      body.append(
        folded("What each probe says", marked(answer.probes.map(([mark, says, track]) => [...mark, el("a", { href: page(track) }, says)])))
      );
    const links = [];
    if (answer.hang) links.push(el("a", { href: root + answer.hang }, "Why it hangs"));
    if (answer.found) links.push(el("a", { href: page(answer.found) }, "All that was found"));
    if (links.length) body.append(el("p", {}, ...links.flatMap((link, n) => (n ? [" · ", link] : [link]))));
    const run = answer.run ? filled(data, data.run, asked, answer.run) : answer.cannot ? null : runUntested(data, asked);
    const why = answer.inferred ? "Test it, in a checkout of Interlock" : "See it yourself, in a checkout of Interlock";
    if (run) body.append(el("h3", {}, why), runLine(run));
    const [look, symbol] = answer.mark;
    return el(
      "div",
      { class: "il-answer" },
      el("div", { class: "il-verdict " + look }, el("strong", {}, `${symbol}\u2002${answer.says}`), el("span", {}, about(data, asked))),
      body
    );
  }

  /* Instead of an answer: the part of a link, or the field, that says nothing. Never a default. */
  function notUnderstood(data, asked) {
    const names = data.choices.filter((choice) => !asked.chosen[choice.name]);
    const wrong = names.map((choice) => `${choice.name} is ${listing(choice.values.map(({ value }) => value), "or")}.`);
    const odd = data.axes.filter((axis) => !isVersion(asked.versions[axis.name]));
    wrong.unshift(...odd.map((axis) => `That is no version of ${axis.label}. Write one such as ${axis.versions[0]}.`));
    if (!asked.python) wrong.unshift(`python is ${listing(data.python.versions, "or")}.`);
    wrong.push(...asked.strange.map((name) => `The link's ${/^[\w-]{1,30}$/.test(name) ? name : "address"} is nothing that this page knows.`));
    if (!wrong.length) return null;
    const says = `${data.untested.symbol}\u2002Not understood.`;
    return el(
      "div",
      { class: "il-answer" },
      el("div", { class: "il-verdict il-untested" }, el("strong", {}, says), el("span", {}, "So there is no answer. Choose above what you run.")),
      el("div", { class: "il-body" }, list(wrong))
    );
  }

  /* What is asked: { versions: {axis: text}, python: text, chosen: {choice: value}, strange: [name] }.
     A value that was not understood is empty; `strange` has the names that were not. */

  function placeOf(data, asked) {
    return [...data.axes.map((axis) => asked.versions[axis.name]), asked.python].join("|");
  }

  const ANY = "any";

  /* Whether no settings are chosen, as for `ask` without --with: then the answer is about all of them. */
  function isWhole(data, asked) {
    return data.choices.every((choice) => asked.chosen[choice.name] === ANY);
  }

  /* The number of a situation: in the order of the choices, the last one changing first. After all of
     them comes the answer for a reader who chooses no settings. */
  function situationOf(data, chosen) {
    if (isWhole(data, { chosen })) return data.choices.reduce((number, choice) => number * choice.values.length, 1);
    const level = (choice) => choice.values.findIndex((one) => one.value === chosen[choice.name]);
    return data.choices.reduce((number, choice) => number * choice.values.length + level(choice), 0);
  }

  /* The answers at a place: a number of a row of groups, which has by situation the place of the answer's
     number after it. Undefined where these very releases were not tested. */
  function testedAt(data, asked) {
    return Object.hasOwn(data.places, placeOf(data, asked)) ? data.places[placeOf(data, asked)] : undefined;
  }

  /* The same of releases that nobody ran, and that are inferred: of the region that holds them. */
  function inferredAt(data, asked) {
    const [row, column] = data.axes.map((axis) => positionOf(axis, asked.versions[axis.name]));
    const regions = Object.hasOwn(data.regions, asked.python) ? data.regions[asked.python] : [];
    const found = regions.find(([top, bottom, left, right]) => top <= row && row <= bottom && left <= column && column <= right);
    return found && found.slice(4);
  }

  /* Whether the page has no inferred answers for these releases, because there would be too many. */
  function isLeftOut(data, asked) {
    const [axis] = data.axes;
    const row = positionOf(axis, asked.versions[axis.name]);
    const rows = Object.hasOwn(data.left_out, asked.python) ? data.left_out[asked.python] : [];
    return rows.some(([first, last]) => first <= row && row <= last);
  }

  /* The place of a release among those that can be inferred, the oldest first; -1 if it is none of them. */
  function positionOf(axis, version) {
    const tried = axis.listed.filter((_, n) => !axis.skipped.includes(n)).reverse();
    return tried.indexOf(version);
  }

  /* The number of the answer in the situation, out of the answers at a place. */
  function numberOf(data, asked, at) {
    const [row, ...answers] = at || [];
    return row === undefined ? undefined : answers[data.groups[row][situationOf(data, asked.chosen)]];
  }

  /* The answer to these very releases, or that there is none; never that of other releases. Numbers are
     places in data.text and the other lists, -1 is nothing, and the first mark is that of the unknown. */
  function answerTo(data, asked) {
    const nothing = [0, -1, 0, 0, null, 0, 0, 0, 0, -1, -1, -1, 0];
    const found = numberOf(data, asked, testedAt(data, asked) || inferredAt(data, asked));
    const { refused, unlisted } = found === undefined ? byIndex(data, asked) : { refused: [], unlisted: [] };
    const [mark, says, mind, whose, facts, moves, ways, until, probes, hang, seen, run, beside] = found === undefined ? nothing : data.answers[found];
    const text = (number) => (number < 0 ? null : filled(data, data.text[number], asked));
    const texts = (number) => data.lists[number].map(text);
    return {
      unknown: mark === 0 && !refused.length,
      inferred: isInferred(data.marks[mark]),
      cannot: refused.length > 0,
      mark: refused.length ? data.index.mark : data.marks[mark],
      says: refused.length ? data.index.says : text(says) || (isWhole(data, asked) && !isLeftOut(data, asked) ? data.untested.whole : data.untested.says),
      beside: data.lists[beside].map(([sign, said]) => [data.marks[sign], text(said)]),
      mind: texts(mind),
      whose: texts(whose),
      facts: refused.length ? refused : [...unlisted, ...(facts === null ? [text(isLeftOut(data, asked) ? data.untested.left_out : data.untested.fact)] : texts(facts))],
      moves: data.lists[moves].map(([to, why]) => [text(to), text(why)]),
      ways: data.lists[ways].map(([sign, said]) => [data.marks[sign], text(said)]),
      until: texts(until),
      probes: data.lists[probes].map(([sign, said, track]) => [data.marks[sign], text(said), data.tracks[track]]),
      hang: text(hang),
      found: data.tracks[seen],
      run: data.tracks[run],
    };
  }

  function isInferred([look]) {
    return look.split(" ").includes("il-inferred");
  }

  /* Where nobody ran anything: why the index does not let it be installed, else what it does not list. */
  function byIndex(data, asked) {
    const refused = [], unlisted = [];
    for (const axis of data.index ? data.axes : []) {
      const version = asked.versions[axis.name];
      const at = axis.listed.indexOf(version);
      const why = at < 0 ? null : data.index.refused[axis.name][axis.kinds[at]][asked.python];
      if (why) refused.push(filled(data, why, asked));
      if (at < 0) unlisted.push(data.index.unlisted.replace("{}", () => `${axis.label} ${version}`));
    }
    return { refused, unlisted: refused.length ? [] : unlisted };
  }

  /* A text with the reader's releases in it, and what a track has. */
  function filled(data, template, asked, track) {
    const chosen = { ...asked.versions, python: asked.python, ...track };
    return template.replace(/\{(\w+)\}/g, (as, name) => (Object.hasOwn(chosen, name) ? chosen[name] : as));
  }

  function about(data, asked) {
    const releases = data.axes.map((axis) => axis.label + " " + asked.versions[axis.name]).join(" with ");
    if (isWhole(data, asked)) return `${releases}, Python ${asked.python}.`;
    const titles = data.choices
      .filter((choice) => asked.chosen[choice.name] !== choice.first)
      .map((choice) => choice.values.find((one) => one.value === asked.chosen[choice.name]).title);
    const settings = titles.length ? "Where " + listing(titles) : data.defaults;
    return `${releases}, Python ${asked.python}. ${settings}.`;
  }

  function listing(texts, last = "and") {
    return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} ${last} ${texts[texts.length - 1]}`;
  }

  /* The choices that have to be said. Where all are at their default, that is said, to tell it from no choice. */
  function stated(data, asked) {
    if (isWhole(data, asked)) return [];
    const changed = data.choices.filter((choice) => asked.chosen[choice.name] !== choice.first);
    return changed.length ? changed : data.choices;
  }

  /* The command that asks the same. */
  function asking(data, asked) {
    const settings = stated(data, asked).map((choice) => ` --with ${choice.name}=${asked.chosen[choice.name]}`);
    return filled(data, data.untested.ask, asked) + settings.join("");
  }

  function runUntested(data, asked) {
    const same = (one) => data.choices.every((choice) => one.chosen[choice.name] === asked.chosen[choice.name]);
    const config = isWhole(data, asked) ? { run: "" } : Object.values(data.configs).find(same);
    if (!config || !Object.values(asked.versions).every(isVersion)) return null;
    return filled(data, data.untested.run, asked, config).trim();
  }

  /* The nearest releases of each axis of which the answer is known with the other releases; or, where
     there is none, that were tested with some others. The same as in findings/question.py. */
  function neighbours(data, asked) {
    return data.axes.map((axis) => {
      const present = asked.versions[axis.name];
      const markOf = (version) => {
        const there = { ...asked, versions: { ...asked.versions, [axis.name]: version } };
        const number = numberOf(data, there, testedAt(data, there));
        const mark = number === undefined ? 0 : data.answers[number][0];
        return isInferred(data.marks[mark]) ? 0 : mark; // the first mark is that of the unknown
      };
      const does = (version) => `${version} (${data.called[data.marks[markOf(version)][1].replace(/[^✓✗!–?◐○]/g, "")]})`;
      const others = axis.versions.filter((version) => version !== present && markOf(version) !== 0);
      if (others.length) return `Nearest tested ${axis.label}, with the other releases: ${listing(around(others, present).map(does))}.`;
      const at = data.axes.indexOf(axis);
      const run = Object.keys(data.places).map((key) => key.split("|")).filter((key) => key[key.length - 1] === asked.python);
      const some = [...new Set(run.map((key) => key[at]))];
      if (some.includes(present)) return `${axis.label} ${present} was tested, with other releases.`;
      if (!some.length) return `No release of ${axis.label} was tested on Python ${asked.python}.`;
      return `Nearest tested ${axis.label}, with other releases: ${listing(around(some, present))}.`;
    });
  }

  function around(versions, present) {
    const sorted = [...versions].sort(compare);
    const below = sorted.filter((version) => compare(version, present) < 0);
    const above = sorted.filter((version) => compare(version, present) > 0);
    return [...below.slice(-1), ...above.slice(0, 1)];
  }

  function isVersion(text) {
    return /^\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?$/.test(text);
  }

  /* By version order; a pre-release stands before its release. */
  function compare(one, other) {
    const [left, right] = [one, other].map((text) => {
      const [, numbers, rest] = /^([\d.]*\d|)(.*)$/.exec(text);
      const before = /^(a|b|rc|\.dev)/.test(rest) ? -1 : 0;
      return { numbers: numbers.split(".").map(Number), before, rest };
    });
    for (let n = 0; n < Math.max(left.numbers.length, right.numbers.length); n += 1) {
      const by = (left.numbers[n] || 0) - (right.numbers[n] || 0);
      if (by) return by;
    }
    return left.before - right.before || left.rest.localeCompare(right.rest, undefined, { numeric: true });
  }

  /* A release as it is listed, where it is: 2.60 is 2.60.0. */
  function asListed(axis, text) {
    const typed = text.trim().replace(/^v/i, "");
    return [...axis.versions, ...axis.listed].find((version) => isVersion(typed) && compare(version, typed) === 0) || typed;
  }

  /* The part of the address that asks: after the #, else after the ?. A plain #anchor asks nothing. */
  function linked() {
    const asks = location.hash.includes("=");
    return { asks, link: new URLSearchParams(asks ? location.hash.slice(1) : location.search) };
  }

  /* What a link asks for; configurations are what older links have. */
  function fromLink(data) {
    const { asks, link } = linked();
    const config = link.get("config");
    const old = Object.hasOwn(data.configs, config) ? data.configs[config].chosen : {};
    const known = ["python", "config", ...data.axes.map(({ name }) => name), ...data.choices.map(({ name }) => name)];
    const strange = asks ? [...link.keys()].filter((name) => !known.includes(name)) : []; // other scripts add to the ?
    if (config !== null && !Object.hasOwn(data.configs, config)) strange.push("config");
    const isSettled = Object.keys(old).length > 0 || data.choices.some(({ name }) => link.get(name) !== null);
    const value = ({ name, values, first }) => {
      const said = link.get(name);
      return said === null ? old[name] || (isSettled ? first : ANY) : values.some((one) => one.value === said) ? said : "";
    };
    const python = link.get("python");
    return {
      versions: Object.fromEntries(data.axes.map((axis) => [axis.name, asListed(axis, link.get(axis.name) || axis.versions[0])])),
      python: python === null ? data.python.first : (/^(3\.\d{1,3})(\.\d+)?$/.exec(python) || ["", ""])[1], // of 3.11.4 it is 3.11
      chosen: Object.fromEntries(data.choices.map((choice) => [choice.name, value(choice)])),
      strange,
    };
  }

  function toLink(data, asked) {
    const chosen = stated(data, asked).map((choice) => [choice.name, asked.chosen[choice.name]]);
    return "#" + new URLSearchParams([...Object.entries(asked.versions), ["python", asked.python], ...chosen]);
  }

  function picker(form, data) {
    const place = document.querySelector("[data-answer]");
    let strange = [];
    const label = (text, field, ...more) => el("label", {}, text, field, ...more);
    const releases = data.axes.map((axis) => {
      const input = el("input", { name: axis.name, list: "il-" + axis.name, autocomplete: "off", spellcheck: "false" });
      // A browser lists what begins with the text in the field: all of it, while one chooses.
      input.addEventListener("focus", () => { input.placeholder = input.value; input.value = ""; });
      input.addEventListener("blur", () => { input.value = input.value || input.placeholder; });
      const offered = axis.listed.length ? axis.listed : axis.versions;
      input.addEventListener("input", () => offered.includes(input.value) && update());
      form.append(label(axis.label, input, el("datalist", { id: "il-" + axis.name }, ...offered.map((v) => el("option", { value: v })))));
      return input;
    });
    const select = (name, values) => el("select", { name }, ...values.map(([value, text]) => el("option", { value }, text)));
    const python = select("python", data.python.versions.map((version) => [version, version]));
    form.append(label("Python", python));
    const settings = data.choices.map((choice) => select(choice.name, [[ANY, "I don't know: any"], ...choice.values.map(({ value, title }) => [value, title])]));
    /* Who chooses one setting has the defaults of the others, as in `ask`; who knows none is told of all. */
    function settle(field) {
      for (const [n, other] of settings.entries()) {
        if (field.value === ANY) other.value = ANY;
        else if (other.value === ANY) other.value = data.choices[n].first;
      }
    }
    settings.forEach((field) => field.addEventListener("change", () => settle(field)));
    const summary = el("summary", {});
    const details = el("details", { class: "il-settings" }, summary);
    if (settings.length) {
      const listed = data.choices.map((choice, n) => label(choice.title, settings[n], el("small", {}, choice.find_out)));
      details.append(el("div", {}, ...listed));
      form.append(details);
    }
    /* A value that was not understood leaves its field empty, until the reader chooses. */
    function fill(asked) {
      if (asked.python && !data.python.versions.includes(asked.python) && ![...python.options].some(({ value }) => value === asked.python))
        python.prepend(el("option", { value: asked.python }, asked.python));
      data.axes.forEach((axis, n) => { releases[n].value = releases[n].placeholder = asked.versions[axis.name]; });
      python.value = asked.python;
      settings.forEach((field) => { field.value = asked.chosen[field.name]; });
      details.open = details.open || settings.some((field) => !field.value);
      strange = asked.strange;
    }
    function read() {
      return {
        versions: Object.fromEntries(data.axes.map((axis, n) => [axis.name, asListed(axis, releases[n].value || releases[n].placeholder)])),
        python: python.value,
        chosen: Object.fromEntries(settings.map((field) => [field.name, field.value])),
        strange,
      };
    }
    function show() {
      const now = read();
      const changed = data.choices.filter((choice) => now.chosen[choice.name] !== choice.first).length;
      const chosen = changed ? `${changed} of ${settings.length} changed` : "the defaults";
      summary.replaceChildren(`Your settings: ${isWhole(data, now) ? "any (choose yours)" : chosen}`);
      const trouble = notUnderstood(data, now);
      place.replaceChildren(trouble || card(data, now, "generated/"));
      return trouble ? null : now;
    }
    function update() {
      strange = [];
      const now = show();
      if (now) history.replaceState(null, "", toLink(data, now));
    }
    function follow() {
      fill(fromLink(data));
      show();
    }
    window.addEventListener("hashchange", () => linked().asks && follow());
    form.addEventListener("change", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    document.querySelector("[data-hint]").hidden = false;
    follow();
  }

  function tabs(matrix) {
    const panels = [...matrix.querySelectorAll(".il-panel")];
    const bar = el("div", { class: "il-tabs", role: "tablist", "aria-label": "Python" });
    const buttons = panels.map((panel) => {
      const button = el("button", { type: "button", role: "tab", "aria-controls": panel.id, id: "tab-" + panel.id }, panel.dataset.tab);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      bar.append(button);
      return button;
    });
    function choose(number, remember) {
      panels.forEach((panel, n) => {
        panel.hidden = n !== number;
        buttons[n].setAttribute("aria-selected", String(n === number));
        buttons[n].tabIndex = n === number ? 0 : -1;
      });
      if (remember) history.replaceState(null, "", "#" + panels[number].id);
    }
    bar.addEventListener("click", (event) => {
      const number = buttons.indexOf(event.target);
      if (number >= 0) choose(number, true);
    });
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (buttons.indexOf(event.target) + step + buttons.length) % buttons.length;
      choose(next, true);
      buttons[next].focus();
    });
    matrix.insertBefore(bar, panels[0]);
    matrix.classList.add("il-tabbed");
    const linked = () => panels.findIndex((panel) => "#" + panel.id === location.hash);
    window.addEventListener("hashchange", () => linked() >= 0 && choose(linked(), false));
    const asked = linked();
    choose(asked >= 0 ? asked : Math.max(0, panels.findIndex((panel) => "first" in panel.dataset)), false);
  }

  /* A cell opens its answer in place; without the data it is a link to the same in words. */
  function cells(matrix, data) {
    const close = el("button", { type: "button" }, "Close");
    const dialog = el("dialog", { class: "il-dialog md-typeset", "aria-label": "What was found" });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    matrix.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-answer-key]");
      const asked = link && ofCell(data, link.dataset.answerKey);
      if (!asked || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dialog.replaceChildren(card(data, asked, "generated/"), close);
      dialog.showModal();
      const verdict = dialog.querySelector(".il-verdict"); // not the first link, below much text
      verdict.tabIndex = -1;
      verdict.focus();
      dialog.scrollTop = 0;
    });
  }

  /* What a cell of the matrix is about; its last part is a configuration. */
  function ofCell(data, key) {
    const parts = key.split("|");
    const config = data.configs[parts.pop()];
    const python = parts.pop();
    if (!config || !Object.hasOwn(data.places, [...parts, python].join("|"))) return null;
    return { versions: Object.fromEntries(data.axes.map((axis, n) => [axis.name, parts[n]])), python, chosen: config.chosen };
  }

  /* The row of a release line opens the rows of its releases, which come after it. */
  function foldedLine(head) {
    const rows = [];
    for (let row = head.nextElementSibling; row && row.matches(".il-in-line"); row = row.nextElementSibling) rows.push(row);
    const name = head.querySelector("th");
    const button = el("button", { type: "button" }, ...name.childNodes);
    name.append(button);
    function open(is) {
      rows.forEach((row) => { row.hidden = !is; });
      button.setAttribute("aria-expanded", String(is));
    }
    head.addEventListener("click", () => open(button.getAttribute("aria-expanded") === "false"));
    open(false);
  }

  document.querySelectorAll("tr.il-line").forEach(foldedLine);
  const data = window.interlock;
  const form = document.querySelector("form.il-picker");
  const matrix = document.querySelector(".il-matrix");
  if (form && data) picker(form, data);
  if (matrix && matrix.querySelector(".il-panel")) {
    tabs(matrix);
    if (data) cells(matrix, data);
  }
})();
