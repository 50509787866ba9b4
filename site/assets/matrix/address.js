/* The address of a cell: `#sentry=2.8.0&ddtrace=2.12.2&python=3.11&event-level=WARNING`.

   The start page has the same, so a cell leads to its answer. */

"use strict";

(() => {
  /** The part of the address after the #. No settings stand for all that were tested. */
  function toAddress(words, { versions, python, chosen }) {
    const settings = Object.keys(chosen).length ? stated(words, chosen) : [];
    return `#${new URLSearchParams([...Object.entries(versions), ["python", python], ...settings])}`;
  }

  /** The choices that have to be said: all of them where none differs from its default. */
  function stated(words, chosen) {
    const changed = words.changed(chosen);
    return (changed.length ? changed : words.plain.choices).map(({ name }) => [name, chosen[name]]);
  }

  /** What an address asks for, and what of it is not understood, as sentences. */
  function fromAddress(hash, known, plain) {
    const old = /^#python-(3\.\d{1,3})$/.exec(hash); // before a cell had an address
    const link = new URLSearchParams(hash.includes("=") ? hash.slice(1) : old ? `python=${old[1]}` : "");
    const found = { places: {}, python: null, chosen: {}, wrong: [] };
    for (const [name, value] of link) {
      const axis = known.axes.findIndex((one) => one.name === name);
      const choice = plain.choices.find((one) => one.name === name);
      if (axis >= 0) readRelease(found, known.axes[axis], axis, value);
      else if (name === "python") readPython(found, plain, value);
      else if (choice && choice.values.includes(value)) found.chosen[name] = value;
      else if (choice) found.wrong.push(`"${value}" is no value of ${name}.`);
      else found.wrong.push(`The page knows nothing called "${name}".`);
    }
    return { ...found, chosen: whole(plain, found.chosen) };
  }

  function readRelease(found, axis, at, value) {
    const place = axis.find(value);
    if (place >= 0) found.places[at] = place;
    else found.wrong.push(notOnMap(axis, value));
  }

  /** Why a text is no place on the map. */
  function notOnMap(axis, text) {
    if (!Evaluator.parse(text)) return `"${text}" is no version of ${axis.package}.`;
    return `${axis.package} ${text} is not on the map.`;
  }

  function readPython(found, plain, value) {
    const minor = /^(3\.\d{1,3})(\.\d+)?$/.exec(value)?.[1]; // of 3.11.4 it is 3.11
    if (plain.pythons.includes(minor)) found.python = minor;
    else found.wrong.push(`Python "${value}" is not on the map.`);
  }

  /** A value for each choice where one is stated. */
  function whole(plain, chosen) {
    if (!Object.keys(chosen).length) return {};
    return Object.fromEntries(plain.choices.map(({ name, values, default: level }) => [name, chosen[name] ?? values[level]]));
  }

  Object.assign(Matrix, { toAddress, fromAddress, notOnMap });
})();
