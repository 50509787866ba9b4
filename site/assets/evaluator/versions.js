/* Versions of Python packages: which of two is newer, and which release line they are of.

   https://packaging.python.org/en/latest/specifications/version-specifiers/ */

"use strict";

globalThis.Evaluator ??= {};

(() => {
  const PATTERN = new RegExp(
    "^\\s*v?(?:(?<epoch>[0-9]+)!)?(?<release>[0-9]+(?:\\.[0-9]+)*)" +
      "(?:[-_.]?(?<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?<preNumber>[0-9]+)?)?" +
      "(?:-(?<implicit>[0-9]+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>[0-9]+)?)?" +
      "(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>[0-9]+)?)?" +
      "(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\\s*$",
    "i",
  );

  const PRE = { alpha: "a", beta: "b", c: "rc", pre: "rc", preview: "rc" };

  const LAST = Infinity;

  /** What a version consists of; null where the text is no version. */
  function parse(text) {
    const found = PATTERN.exec(text)?.groups;
    if (!found) return null;
    const release = found.release.split(".").map(Number);
    return { key: keyOf(found, release) };
  }

  function keyOf(found, release) {
    const isPost = found.post !== undefined || found.implicit !== undefined;
    const isDev = found.dev !== undefined;
    const named = found.pre?.toLowerCase();
    const numbers = [...release];
    while (numbers.length && numbers.at(-1) === 0) numbers.pop();
    // A development release comes before every pre-release of its version.
    let pre = named ? [PRE[named] ?? named, Number(found.preNumber ?? 0)] : [LAST];
    if (!named && !isPost && isDev) pre = [-LAST];
    return [
      [Number(found.epoch ?? 0)],
      numbers,
      pre,
      [isPost ? Number(found.implicit ?? found.postNumber ?? 0) : -LAST],
      [isDev ? Number(found.devNumber ?? 0) : LAST],
      local(found.local),
    ];
  }

  /** A part of digits is newer than one with letters; no part at all is the oldest. */
  function local(text) {
    if (text === undefined) return [];
    const parts = text.toLowerCase().split(/[-_.]/);
    return parts.flatMap((part) => (/^[0-9]+$/.test(part) ? [1, Number(part)] : [0, part]));
  }

  /** Less than 0 where the first is older, more where it is newer, 0 where they are equal. */
  function compare(one, other) {
    for (let part = 0; part < one.key.length; part += 1) {
      const found = compareParts(one.key[part], other.key[part]);
      if (found) return found;
    }
    return 0;
  }

  function compareParts(one, other) {
    for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
      if (one[at] === other[at]) continue;
      // Of two kinds, one is infinite: before or after every letter.
      if (typeof other[at] === "string" && typeof one[at] === "number") return one[at];
      if (typeof one[at] === "string" && typeof other[at] === "number") return -other[at];
      return one[at] < other[at] ? -1 : 1;
    }
    return one.length - other.length;
  }

  const SERIES = /^\s*v?(?:([0-9]+)!)?([0-9]+)(?:\.([0-9]+))?/i;

  /** Epoch, major and minor version of a text that is a version. */
  function seriesOf(text) {
    const [, epoch = 0, major, minor = 0] = SERIES.exec(text);
    return { epoch: Number(epoch), major: Number(major), minor: Number(minor) };
  }

  /** The release line, as `2.14.x`. Fixes are backported within one. */
  function lineOf({ epoch, major, minor }) {
    return `${epoch ? `${epoch}!` : ""}${major}.${minor}.x`;
  }

  const SCOPES = ["line", "major", "any"];

  /** How far it is from the line of one version to that of another: a position in SCOPES. */
  function scopeOf(present, target) {
    if (present.epoch !== target.epoch || present.major !== target.major) return 2;
    return present.minor === target.minor ? 0 : 1;
  }

  Object.assign(Evaluator, { parse, compare, seriesOf, lineOf, SCOPES, scopeOf });
})();
