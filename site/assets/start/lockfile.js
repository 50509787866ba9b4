/* Which releases a pasted requirements or lock file pins. The text is read here and sent nowhere. */

"use strict";

(() => {
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  /** "sentry-sdk" as any spelling of the name: `sentry_sdk`, `Sentry.SDK`. */
  function spelled(name) {
    return name.split(/[-_.]+/).map(escape).join("[-_.]+");
  }

  const VERSION = "v?[0-9][0-9A-Za-z.!+_-]*";

  /** The pins of a package, each once: of a requirement line, of a TOML lock, of a Pipfile.lock. */
  function pinsOf(text, name) {
    const of = spelled(name);
    const pin = `${of}[ \\t]*(?:\\[[^\\]]*\\])?[ \\t]*={2,3}[ \\t]*(${VERSION})(?![0-9A-Za-z.]*\\*)`;
    const shapes = [
      `^(?:[ \\t]*-[ \\t]+|\\+)?[ \\t]*${pin}`, // a requirement, an item of YAML, an added line of a diff
      `^(?!-)[^#\\n]*["']${pin}`, // a list of strings
      `^name[ \\t]*=[ \\t]*["']${of}["'][ \\t]*\\r?\\n(?:(?!\\[)[^\\n]*\\n)*?version[ \\t]*=[ \\t]*["'](${VERSION})["']`,
      `["']${of}["']\\s*:\\s*\\{[^}]*?["']version["']\\s*:\\s*["'](?:==)?(${VERSION})["']`,
    ];
    const found = shapes.flatMap((shape) => [...text.matchAll(new RegExp(shape, "gim"))].map((one) => one[1]));
    return [...new Set(found)];
  }

  /** By axis, the only pin that the text has of it; and what is to be said of the others. */
  function readLockFile(text, axes) {
    const versions = {};
    const notes = [];
    for (const { name, package: of } of axes) {
      const pins = pinsOf(text, of);
      if (pins.length === 1) [versions[name]] = pins;
      else if (pins.length) notes.push(`It pins ${of} more than once: ${pins.join(", ")}. Type the one that you run.`);
      else notes.push(`It pins no release of ${of}. Type the one that you run.`);
    }
    return { versions, notes };
  }

  Object.assign(Start, { readLockFile });
})();
