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

  /* One answer as a card. Texts are numbers into data.text. */
  function card(data, answer, root) {
    const text = (number) => data.text[number];
    const body = el("div", { class: "il-body" });
    const paragraph = (numbers) => numbers.length && body.append(el("p", {}, numbers.map(text).join(" ")));
    paragraph(answer.mind);
    paragraph(answer.whose);
    if (answer.moves.length) {
      body.append(
        el("h3", {}, "Move to"),
        list(answer.moves.map(([to, why]) => (to === null ? text(why) : [el("strong", {}, text(to)), " " + text(why)])))
      );
    }
    if (answer.ways.length || answer.until.length) body.append(el("h3", {}, "Until then"));
    if (answer.ways.length) body.append(marked(answer.ways.map(([look, symbol, says]) => [look, symbol, text(says)])));
    if (answer.until.length) body.append(list(answer.until.map(text)));
    paragraph(answer.facts);
    if (answer.probes.length) {
      body.append(
        el(
          "details",
          {},
          el("summary", {}, "What each probe says"),
          marked(answer.probes.map(([look, symbol, says, page]) => [look, symbol, el("a", { href: root + text(page) }, text(says))]))
        )
      );
    }
    if (answer.links.length) {
      body.append(
        el("p", {}, ...answer.links.flatMap(([label, href], n) => [n ? " · " : null, el("a", { href: root + text(href) }, text(label))]))
      );
    }
    body.append(el("h3", {}, "See it yourself, in a checkout of Interlock"), runLine(text(answer.run)));
    return el(
      "div",
      { class: "il-answer" },
      el("div", { class: "il-verdict " + answer.look }, el("strong", {}, answer.symbol + "\u2002" + text(answer.says)), el("span", {}, text(answer.about))),
      body
    );
  }

  function untested(data, chosen) {
    const fill = (template) => template.replace(/\{(\w+)\}/g, (_, name) => chosen[name]);
    const base = data.text.length;
    data.text.push(...["says", "about", "fact", "run"].map((key) => fill(data.untested[key])));
    return {
      look: "il-untested", symbol: data.untested.symbol, says: base, about: base + 1, facts: [base + 2], mind: [],
      whose: [], moves: [], ways: [], until: [], probes: [], links: [], run: base + 3,
    };
  }

  function answerTo(data, chosen) {
    const key = data.fields.map((field) => chosen[field.name]).join("|");
    const { label: title, run } = optionOf(data, chosen.config);
    return data.answers[key] || untested(data, { ...chosen, title, run });
  }

  function optionOf(data, config) {
    const field = data.fields.find((one) => one.name === "config");
    return field.options.find((option) => option.value === config);
  }

  function picker(form, data) {
    const place = document.querySelector("[data-answer]");
    const asked = new URLSearchParams(location.hash.slice(1));
    const selects = data.fields.map((field) => {
      const select = el("select", { name: field.name }, ...field.options.map((o) => el("option", { value: o.value }, o.label)));
      const wanted = asked.get(field.name);
      select.value = field.options.some((o) => o.value === wanted) ? wanted : field.first;
      form.append(el("label", {}, field.label, select));
      return select;
    });
    function show() {
      const chosen = Object.fromEntries(selects.map((select) => [select.name, select.value]));
      place.replaceChildren(card(data, answerTo(data, chosen), "generated/"));
      return chosen;
    }
    form.addEventListener("change", () => history.replaceState(null, "", "#" + new URLSearchParams(show())));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    document.querySelector("[data-hint]").hidden = false;
    show();
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
    const asked = panels.findIndex((panel) => "#" + panel.id === location.hash);
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
      const answer = link && data.answers[link.dataset.answerKey];
      if (!answer || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dialog.replaceChildren(card(data, answer, "generated/"), close);
      dialog.showModal();
    });
  }

  const data = window.interlock;
  const form = document.querySelector("form.il-picker");
  const matrix = document.querySelector(".il-matrix");
  if (form && data) picker(form, data);
  if (matrix && matrix.querySelector(".il-panel")) {
    tabs(matrix);
    if (data) cells(matrix, data);
  }
})();
