/* An answer as a card: what happens, what to move to, what to do until then, and on what it rests. */

"use strict";

(() => {
  const { ago, capital, dayOf, daysSince, inWords, told } = Start;
  const OLD_DAYS = 7;

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) node.setAttribute(name, value);
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  function list(items) {
    return el("ul", {}, ...items.map((item) => el("li", {}, item)));
  }

  function folded(title, ...inside) {
    return el("details", {}, el("summary", {}, title), ...inside);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = el("textarea", {}, text); // pages from a disk have no clipboard of their own
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  }

  function copyButton(text, label = "Copy") {
    const button = el("button", { type: "button" }, label);
    button.addEventListener("click", async () => {
      await copy(text);
      button.textContent = "Copied";
    });
    return button;
  }

  /** A line to paste, with a button. */
  function line(text, label) {
    return el("div", { class: "il-run" }, el("code", { tabindex: "0" }, text), copyButton(text, label));
  }

  function mark({ look, symbol }) {
    return el("span", { class: `il-mark ${look}`, "aria-hidden": "true" }, symbol);
  }

  function marked(items) {
    return el("ul", { class: "il-marked" }, ...items.map(({ sign, says }) => el("li", {}, mark(sign), el("span", {}, says))));
  }

  function movesOf({ moves, together }) {
    const shown = moves.flatMap(({ targets, why, notes }) =>
      targets.length
        ? [
            ...targets.map(({ pin, says }) => el("div", { class: "il-move" }, line(pin, "Copy pin"), el("small", {}, says))),
            notes.length ? list(notes) : null,
          ]
        : [el("p", { class: "il-basis" }, why)],
    );
    if (together) {
      shown.push(el("p", {}, "No single upgrade is known to help. Together these pass:"), line(together.join("\n"), "Copy pins"));
    }
    return shown;
  }

  function wayOf({ title, costs, paste, note }) {
    return el("div", { class: "il-until" }, el("strong", {}, title), el("span", {}, ` You lose: ${costs} ${note}`), paste ? line(paste) : null);
  }

  function waysOf(ways) {
    const sure = ways.filter((way) => way.isSure);
    const others = ways.filter((way) => !way.isSure);
    const [shown, more] = [sure.slice(0, 2), sure.slice(2)];
    return [
      ...shown.map(wayOf),
      more.length ? folded(`${more.length} more`, ...more.map(wayOf)) : null,
      others.length ? folded("Workarounds that may not help", ...others.map(wayOf)) : null,
    ];
  }

  /** "tested 2 days ago", amber past a week; the oldest part is named too. */
  function ageOf({ days, basis, isUnknown }, now) {
    if (!days || isUnknown) return null;
    const [oldest, newest] = [daysSince(days.oldest, now), daysSince(days.newest, now)];
    const verb = basis === "inferred" ? "Inferred from tests of" : "Tested";
    const span = oldest === newest ? ago(newest) : `${ago(newest)}, the oldest part ${ago(oldest)}`;
    const look = oldest > OLD_DAYS ? "il-age il-old" : "il-age";
    return el("span", { class: look, title: `${dayOf(days.oldest)} to ${dayOf(days.newest)}` }, `${verb} ${span}`);
  }

  function aboutOf(page, asked) {
    const releases = page.facts.axes.map((axis) => `${axis.package} ${asked.versions[axis.name]}`).join(" with ");
    const where = Object.keys(asked.chosen).length ? ` ${capital(inWords(page, situationOf(page, asked)))}.` : "";
    return `${releases}, Python ${asked.python}.${where}`;
  }

  function situationOf({ facts }, asked) {
    const defaults = facts.choices.map(({ name, values, default: level }) => [name, values[level]]);
    return { ...Object.fromEntries(defaults), ...asked.chosen };
  }

  function section(title, ...inside) {
    const shown = inside.flat().filter(Boolean);
    return shown.length ? [el("h3", {}, title), ...shown] : [];
  }

  /** The card of a question. `more` are elements that come after the advice: the range bars. */
  function card(page, asked, { root, link, now, neighbours, more }) {
    const said = told(page, asked);
    const { sign } = said;
    const head = el(
      "div",
      { class: `il-verdict ${sign.look}`, tabindex: "-1" },
      el("strong", {}, `${sign.symbol}\u2002${said.headline}`),
      el("span", {}, `${aboutOf(page, asked)} `, ageOf(said, now)),
    );
    const hangs = said.signatures.map((one) => el("a", { href: root + page.words.hangs[one] }, one));
    const body = el(
      "div",
      { class: "il-body" },
      said.index.length ? list(said.index) : null,
      said.isSafe ? null : el("p", {}, page.words.not_safe),
      ...section(said.isUnknown || said.index.length ? "Tested, and passes" : "Move to", movesOf(said)),
      ...section("Not yet? Until then", waysOf(said.ways)),
      said.others.length || said.kinds.length ? [el("h3", {}, "With other settings"), marked([...said.others, ...said.kinds])] : null,
      said.isUnknown ? list(neighbours(said)) : null,
      ...(more ?? []),
      said.cause || hangs.length ? folded("Why", el("p", {}, said.cause), hangs.length ? list(hangs) : null) : null,
      said.probes.length || said.because.length
        ? folded(
            "How sure is this",
            said.because.length ? list(said.because) : null,
            said.probes.length ? marked(said.probes.map(({ sign: of, says, page: at }) => ({ sign: of, says: el("a", { href: root + at }, says) }))) : null,
          )
        : null,
      folded("Ask or run it in a terminal", line(said.ask), said.run ? line(said.run) : null),
      el("p", { class: "il-links" }, copyButton(link, "Copy link"), copyButton(JSON.stringify({ question: asked, ...said.answer }, null, 2), "Copy JSON")),
    );
    return { element: el("div", { class: "il-answer" }, head, body), said };
  }

  Object.assign(Start, { card, el, list, line, mark, marked });
})();
