/* What a reader chooses on the page of the matrix: Python, settings, releases, and what is shown. */

"use strict";

(() => {
  const { LOOKS, el, signOf } = Matrix;

  const BASES = ["tested", "inferred"];
  const OTHER = "other";

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  class Controls {
    constructor(page) {
      this.page = page;
      this.python = this.select("python", page.pythons.map((python) => [python, python]));
      this.settings = this.select("settings", page.words.told.settings.map(({ says }, n) => [String(n), capital(says)]));
      this.inputs = page.known.axes.map((axis) => this.release(axis));
      this.python.addEventListener("change", () => page.choose({ python: this.python.value }));
      this.settings.addEventListener("change", () => this.choose());
      const form = el(
        "form",
        { class: "il-map-form" },
        this.label("Python", this.python),
        this.label("Settings", this.settings, "il-wide"),
        ...page.known.axes.map((axis, at) => el("div", { class: "il-step" }, ...this.steps(axis, at))),
      );
      form.addEventListener("submit", (event) => event.preventDefault());
      this.switches = [...LOOKS.map((name) => this.looks(name)), ...BASES.map((name) => this.basis(name))];
      const legend = el("div", { class: "il-switches", role: "group", "aria-label": "What is shown" }, ...this.switches);
      this.nodes = [form, legend];
    }

    select(name, options) {
      return el("select", { name }, ...options.map(([value, text]) => el("option", { value }, text)));
    }

    label(text, field, kind = null) {
      return el("label", { class: kind }, text, field);
    }

    release({ name }) {
      return el("input", { name, autocomplete: "off", spellcheck: "false", inputmode: "decimal" });
    }

    /** A field for a release, with a button for the one before and the one after. */
    steps(axis, at) {
      const { page } = this;
      const input = this.inputs[at];
      const step = (by, sign, what) => {
        const button = el("button", { type: "button", "aria-label": `The ${what} release of ${axis.package}` }, sign);
        button.addEventListener("click", () => {
          const place = Math.max(0, Math.min(axis.texts.length - 1, page.places[at] + by));
          page.choose({ [at]: place });
        });
        return button;
      };
      input.addEventListener("change", () => {
        const place = axis.find(input.value);
        if (place >= 0) page.choose({ [at]: place });
        else page.refuse(axis, input.value);
      });
      return [step(-1, "‹", "older"), this.label(axis.package, input), step(1, "›", "newer")];
    }

    choose() {
      const { told } = this.page.words;
      const offered = told.settings[this.settings.value];
      if (offered) this.page.choose({ chosen: offered.chosen });
    }

    looks(name) {
      const look = { name, basis: "tested" };
      const { name: says } = this.page.words.told.looks[name];
      return this.toggle(name, signOf(this.page.words, look), says);
    }

    basis(name) {
      return this.toggle(name, el("span", { class: `il-swatch il-${name}`, "aria-hidden": "true" }), name);
    }

    toggle(name, sign, says) {
      const button = el("button", { type: "button", "aria-pressed": "true", "data-shows": name }, sign, says);
      button.addEventListener("click", () => this.page.toggle(name));
      return button;
    }

    draw() {
      const { page } = this;
      this.python.value = page.python;
      this.inputs.forEach((input, axis) => { input.value = page.known.axes[axis].texts[page.places[axis]]; });
      for (const button of this.switches) {
        button.setAttribute("aria-pressed", String(!page.hidden.has(button.dataset.shows)));
      }
      this.drawSettings();
    }

    /** Settings of an address that the page does not offer are offered while they are chosen. */
    drawSettings() {
      const { words, chosen } = this.page;
      const names = (one) => JSON.stringify(words.plain.choices.map(({ name }) => one[name]));
      const at = words.told.settings.findIndex((one) => names(one.chosen) === names(chosen));
      this.settings.querySelector(`[value="${OTHER}"]`)?.remove();
      if (at < 0) this.settings.append(el("option", { value: OTHER }, capital(words.settingsSay(chosen))));
      this.settings.value = at < 0 ? OTHER : String(at);
    }
  }

  Object.assign(Matrix, { Controls });
})();
