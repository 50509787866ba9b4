/* The form of the start page, and the address that holds the question. */

"use strict";

(() => {
  const { card, bars, el, list, listing, readLockFile, told } = Start;
  const ANY = "any";

  /* What is asked: { versions: {axis: text}, python, chosen: {choice: value}, strange: [text] }.
     A field that was not understood is empty; `strange` says what was not. */

  function isVersion(text) {
    return Evaluator.parse(text) !== null;
  }

  /** A release as it is listed, where it is: 2.60 is 2.60.0. */
  function asListed({ facts }, axis, text) {
    const typed = text.trim();
    const at = facts.axes.findIndex((one) => one.name === axis);
    if (!isVersion(typed)) return typed;
    return facts.releases[at].versions.find((version) => Start.isSame(version, typed)) ?? typed;
  }

  /** The part of the address that asks: after the #, else after the ?. A plain #anchor asks nothing. */
  function linked() {
    const inHash = location.hash.includes("=");
    return { inHash, link: new URLSearchParams(inHash ? location.hash.slice(1) : location.search) };
  }

  /** What the address asks; null where it asks nothing. Configurations are what older links have. */
  function fromLink(page) {
    const { inHash, link } = linked();
    const { facts, words } = page;
    const axes = facts.axes.map(({ name }) => name);
    const choices = facts.choices.map(({ name }) => name);
    const known = ["python", "config", ...axes, ...choices];
    if (![...link.keys()].some((name) => inHash || known.includes(name))) return null;
    const strange = inHash ? [...link.keys()].filter((name) => !known.includes(name)) : []; // scripts of others add to the ?
    const config = link.get("config");
    const old = config !== null && Object.hasOwn(words.configs, config) ? words.configs[config] : null;
    if (config !== null && !old) strange.push("config");
    const chosen = {};
    const isStated = old || choices.some((name) => link.has(name));
    for (const { name, values, default: level } of isStated ? facts.choices : []) {
      const said = link.get(name) ?? old?.[name] ?? values[level];
      if (values.includes(said)) chosen[name] = said;
      else strange.push(`${name}: it is ${listing(values, "or")}`);
    }
    const python = link.get("python");
    const minor = /^(3\.\d{1,3})(\.\d+)?$/.exec(python ?? ""); // of 3.11.4 it is 3.11
    if (python && !minor) strange.push(`python: it is ${listing([...facts.pythons].reverse(), "or")}`);
    return {
      versions: Object.fromEntries(axes.map((axis) => [axis, asListed(page, axis, link.get(axis) ?? "")])),
      python: minor ? minor[1] : "",
      chosen,
      strange,
    };
  }

  /** The address of a question. A page from a disk can only change what comes after the #. */
  function toLink({ facts }, asked) {
    const changed = facts.choices.filter(({ name, values, default: level }) => name in asked.chosen && asked.chosen[name] !== values[level]);
    const told = changed.length || !Object.keys(asked.chosen).length ? changed : facts.choices;
    const settings = told.map(({ name }) => [name, asked.chosen[name]]);
    const python = asked.python ? [["python", asked.python]] : [];
    const query = new URLSearchParams([...Object.entries(asked.versions), ...python, ...settings]);
    return `${location.protocol === "file:" ? "#" : "?"}${query}`;
  }

  /** Why there is no answer: a field that says nothing. Never a default, never another release. */
  function notUnderstood(page, asked) {
    const wrong = asked.strange.map((one) => {
      const name = one.split(":")[0];
      if (one.includes(":")) return `${one}.`;
      return `The link's ${/^[\w-]{1,30}$/.test(name) ? name : "address"} is nothing that this page knows.`;
    });
    for (const { name, package: of } of page.facts.axes) {
      const text = asked.versions[name];
      if (text && !isVersion(text)) wrong.unshift(`"${text.slice(0, 60)}" is no version of ${of}.`);
    }
    return wrong;
  }

  function notice(headline, lines, look = "il-untested", symbol = "·") {
    const head = el("div", { class: `il-verdict ${look}`, tabindex: "-1" }, el("strong", {}, `${symbol}\u2002${headline}`));
    return el("div", { class: "il-answer" }, head, el("div", { class: "il-body" }, ...lines));
  }

  /** Where no Python is chosen: one line a Python, because each has its own answer. */
  function everyPython(page, asked, ask) {
    const lines = [...page.facts.pythons].reverse().map((python) => {
      const here = { ...asked, python };
      const { sign, headline } = told(page, here);
      const link = el("a", { href: toLink(page, here) }, `Python ${python}: ${headline}`);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        ask(here);
      });
      return { sign, says: link };
    });
    return notice("Which Python? Each has its own answer.", [Start.marked(lines)]);
  }

  /** The nearest releases of each axis of which something is known, as a part of an answer has them. */
  function neighboursOf(page, asked, part) {
    return part.neighbours.map(({ axis, below, above, with_the_others: isBeside }) => {
      const { package: of } = page.facts.axes.find(({ name }) => name === axis);
      const near = [below, above].filter((version) => version !== null);
      if (!near.length) return `No release of ${of} was tested on Python ${asked.python}.`;
      if (!isBeside) return `Nearest tested ${of}, with other releases: ${listing(near)}.`;
      const does = near.map((version) => `${version} (${doesWith(page, asked, axis, version)})`);
      return `Nearest tested ${of}, with the other releases: ${listing(does)}.`;
    });
  }

  /** What another release does with the others: "hangs". */
  function doesWith(page, asked, axis, version) {
    const { answer } = told(page, { ...asked, versions: { ...asked.versions, [axis]: version } });
    const [, , does] = page.words.signs[answer.parts[answer.worst].outcome ?? "unknown"];
    return does;
  }

  function option(value, text) {
    return el("option", { value }, text);
  }

  class Form {
    constructor(page, form, place, say) {
      Object.assign(this, { page, form, place, say });
      this.strange = [];
      const { facts } = page;
      this.releases = facts.axes.map((axis, at) => this.field(axis, facts.releases[at]));
      this.python = el("select", { name: "python" }, option("", "choose"), ...[...facts.pythons].reverse().map((python) => option(python, python)));
      this.settings = facts.choices.map((choice) => this.choice(choice));
      const check = el("button", { type: "submit", class: "il-check" }, "Check");
      form.append(el("label", {}, "Python", this.python), check, this.paste(), this.choices());
      form.addEventListener("change", () => this.update());
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.update(true);
      });
      this.place.addEventListener("dragover", (event) => event.preventDefault());
      for (const part of [form, place]) part.addEventListener("drop", (event) => this.dropped(event));
      // An anchor asks nothing, and leaves the answer as it is.
      addEventListener("popstate", () => (linked().inHash || !location.hash) && this.follow());
      form.hidden = false;
      this.follow();
    }

    field({ name, package: of }, { versions }) {
      const input = el("input", { name, list: `il-${name}`, autocomplete: "off", spellcheck: "false", placeholder: `${versions.findLast((one) => /^[\d.]+$/.test(one)).split(".")[0]}.__` });
      input.addEventListener("input", () => versions.includes(input.value) && this.update());
      const all = [...versions].reverse().map((version) => option(version, version));
      this.form.append(el("label", {}, of, input, el("datalist", { id: `il-${name}` }, ...all)));
      return input;
    }

    choice({ name, values }) {
      const titles = this.page.words.choices[name].values;
      const select = el("select", { name }, option(ANY, "I don't know: any"), ...values.map((value) => option(value, titles[value])));
      // Who chooses one setting has the defaults of the others, as in `ask`; who knows none is told of all.
      select.addEventListener("change", () => {
        this.settings.forEach((other, at) => {
          const { values: of, default: level } = this.page.facts.choices[at];
          if (select.value === ANY) other.value = ANY;
          else if (other.value === ANY) other.value = of[level];
        });
      });
      return select;
    }

    choices() {
      this.summary = el("summary", {});
      const labels = this.page.facts.choices.map(({ name }, at) => {
        const { title, find_out: findOut } = this.page.words.choices[name];
        return el("label", {}, title, this.settings[at], el("small", {}, findOut));
      });
      this.details = el("details", { class: "il-settings" }, this.summary, el("div", {}, ...labels));
      return this.details;
    }

    paste() {
      const text = el("textarea", { rows: "4", spellcheck: "false", "aria-label": "The text of a requirements or lock file", placeholder: "sentry-sdk==…\nddtrace==…" });
      text.addEventListener("input", () => this.read(text.value));
      text.addEventListener("change", (event) => event.stopPropagation());
      this.notes = el("div", {});
      return el("details", { class: "il-settings" }, el("summary", {}, "Or paste or drop requirements.txt or a lock file"), el("small", {}, "It is read here and sent nowhere."), text, this.notes);
    }

    async dropped(event) {
      const [file] = event.dataTransfer?.files ?? [];
      if (!file) return;
      event.preventDefault();
      this.read(await file.text());
    }

    read(text) {
      const { versions, notes } = readLockFile(text, this.page.facts.axes);
      this.page.facts.axes.forEach(({ name }, at) => {
        this.releases[at].value = versions[name] ?? ""; // never that of another text
      });
      this.notes.replaceChildren(list(text.trim() ? notes : []));
      this.update();
    }

    /** What the fields say. */
    asked() {
      const { facts } = this.page;
      const settings = this.settings.map((field) => [field.name, field.value]).filter(([, value]) => value && value !== ANY);
      return {
        versions: Object.fromEntries(facts.axes.map(({ name }, at) => [name, asListed(this.page, name, this.releases[at].value)])),
        python: this.python.value,
        chosen: Object.fromEntries(settings),
        strange: this.strange,
      };
    }

    /** Fills the fields in. A value that was not understood leaves its field empty. */
    fill(asked) {
      this.page.facts.axes.forEach(({ name }, at) => {
        this.releases[at].value = asked.versions[name];
      });
      if (asked.python && ![...this.python.options].some(({ value }) => value === asked.python)) this.python.prepend(option(asked.python, asked.python));
      this.python.value = asked.python;
      const isStated = Object.keys(asked.chosen).length > 0;
      for (const field of this.settings) field.value = asked.chosen[field.name] ?? (isStated ? "" : ANY);
      this.details.open ||= this.settings.some((field) => !field.value);
      this.strange = asked.strange;
    }

    update(isAsked = false) {
      this.strange = [];
      const asked = this.asked();
      if (!this.show(asked, isAsked)) return;
      const link = toLink(this.page, asked);
      if (!location.href.endsWith(link)) history.pushState(null, "", link);
    }

    ask(asked) {
      this.fill({ ...asked, strange: [] });
      this.update();
    }

    follow() {
      const asked = fromLink(this.page);
      this.fill(asked ?? { versions: Object.fromEntries(this.page.facts.axes.map(({ name }) => [name, ""])), python: "", chosen: {}, strange: [] });
      this.show(this.asked(), asked !== null);
    }

    /** Shows the answer, or why there is none yet; true for an answer. */
    show(asked, isAsked) {
      const { facts } = this.page;
      const stated = Object.entries(asked.chosen);
      const changed = facts.choices.filter(({ name, values, default: level }) => asked.chosen[name] !== values[level]);
      const said = stated.length ? (changed.length ? `${changed.length} of ${facts.choices.length} changed` : "the defaults") : "any (choose yours)";
      this.summary.replaceChildren(`Your settings: ${said}`);
      const wrong = notUnderstood(this.page, asked);
      if (wrong.length) return this.put(notice("Not understood.", [el("p", {}, "So there is no answer."), list(wrong)]), "Not understood.");
      const missing = facts.axes.filter(({ name }) => !asked.versions[name]);
      if (missing.length) {
        const names = listing(missing.map((axis) => axis.package));
        return this.put(isAsked ? notice(`Which release of ${names}?`, []) : null, "");
      }
      if (!asked.python) {
        this.put(everyPython(this.page, asked, (one) => this.ask(one)), "Which Python?");
        return true;
      }
      const { element, said: answer } = card(this.page, asked, {
        root: "generated/",
        link: new URL(toLink(this.page, asked), location.href).href,
        now: Date.now(),
        neighbours: ({ answer: { parts, worst } }) => neighboursOf(this.page, asked, parts[worst]),
        more: facts.axes.length === 2 ? bars(this.page, asked, facts.axes[facts.preferred[0]].name) : [],
      });
      this.put(element, `${answer.headline} ${facts.axes.map((axis) => `${axis.package} ${asked.versions[axis.name]}`).join(" with ")}.`);
      return true;
    }

    put(element, sentence) {
      this.place.replaceChildren(...(element ? [element] : []));
      this.say.textContent = sentence;
      return false;
    }
  }

  const form = document.querySelector("form.il-picker");
  const page = globalThis.interlock;
  if (form && page) {
    new Form(page, form, document.querySelector("[data-answer]"), document.querySelector("[data-said]"));
    document.querySelectorAll("[data-hint]").forEach((hint) => { hint.hidden = false; });
  }
})();
