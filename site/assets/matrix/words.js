/* What the page of the matrix says in words. The words for outcomes come with the page. */

"use strict";

(() => {
  class Words {
    /** `told` is what the page has for its script; `plain` are the facts. */
    constructor(told, plain) {
      this.told = told;
      this.plain = plain;
    }

    sign({ name, basis, isOwn }) {
      const symbol = `${this.told.looks[name].symbol}${isOwn ? this.told.own : ""}`;
      return basis === "inferred" ? `(${symbol})` : symbol;
    }

    /** The releases of a question, and the Python. */
    releases(packages, versions, python) {
      const named = packages.map((name, at) => `${name} ${versions[at]}`);
      return `${named.join(" with ")} on Python ${python}`;
    }

    /** One pair: what it does, how that is known, and in which settings. */
    pair(place, look, chosen) {
      const alone = look.isOwn ? ", as one of the libraries does alone" : "";
      return `${place}: ${this.told.looks[look.name].name}${alone}. ${this.basis(look)}${this.settings(look, chosen)}`;
    }

    basis({ name, basis }) {
      const { part, inferred } = this.told.bases;
      if (name === "part") return basis === "inferred" ? `${inferred} ${part}` : part;
      return this.told.bases[basis];
    }

    /** Where no settings are stated: in which ones it is like this. */
    settings({ name, basis, situation }, chosen) {
      if (Object.keys(chosen).length || basis === "index" || basis === "unknown") return "";
      if (!this.told.troubles.includes(name)) return ` That holds in all settings that were tested${this.told.but}.`;
      const levels = this.plain.situations[situation];
      const all = this.plain.choices.map(({ name: choice, values }, at) => [choice, values[levels[at]]]);
      return ` It was found ${this.settingsSay(Object.fromEntries(all))}.`;
    }

    /** Settings in words: those of the page, or else what differs from the defaults. */
    settingsSay(chosen) {
      const isSame = (one) => this.plain.choices.every(({ name }) => one.chosen[name] === chosen[name]);
      const offered = this.told.settings.find((one) => Object.keys(one.chosen).length && isSame(one));
      if (offered) return offered.says;
      const changed = this.changed(chosen);
      return `with ${changed.map(({ name }) => `${name} ${chosen[name]}`).join(", ")}`;
    }

    /** The choices that have another value than their default. */
    changed(chosen) {
      return this.plain.choices.filter(({ name, values, default: level }) => chosen[name] !== values[level]);
    }

    /** The pairs of two release lines: how many of them do what. */
    block(place, counts) {
      const told = counts.map(({ look, count }) => {
        const basis = look.basis === "tested" || look.basis === "inferred" ? `, ${look.basis}` : "";
        return `${count} ${this.told.looks[look.name].counted}${basis}`;
      });
      return `${place}: ${told.join("; ")}.`;
    }

    /** A stretch of releases with one outcome. */
    stretch(texts, { first, last, look }) {
      const span = first === last ? texts[first] : `${texts[first]} to ${texts[last]}`;
      const basis = look.basis === "inferred" ? " (inferred)" : "";
      return `${this.told.looks[look.name].symbol} ${span} ${this.told.looks[look.name].counted}${basis}`;
    }
  }

  /** An element with attributes and what is in it. Texts stay texts. */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  /** The sign of a look, in its colour. */
  function signOf(words, look) {
    const kinds = { "can-hang": "rare", "not-seen": "rare", part: "untested", unknown: "untested" };
    const kind = kinds[look.name] ?? look.name;
    return el("span", { class: `il-mark il-${kind}`, "aria-hidden": "true" }, words.sign(look));
  }

  Object.assign(Matrix, { Words, el, signOf });
})();
