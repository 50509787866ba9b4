/* How outcomes are painted: tested ones are solid, all others have a texture of their own.

   So the two are told apart without colours too. With forced colours only the textures are left:
   dark on light where something was inferred, light on dark where it was tested. */

"use strict";

(() => {
  const TILE = 6;

  /** The strokes of each texture, in a square of TILE pixels: from x, y to x, y. */
  const TEXTURES = {
    hang: { width: 1.6, strokes: [[-1, 7, 7, -1], [-4, 4, 4, -4], [2, 10, 10, 2]] },
    fail: { width: 1.2, strokes: [[1, 0, 1, 6], [4, 0, 4, 6]] },
    "can-hang": { width: 1.4, strokes: [[-1, -1, 7, 7], [2, -4, 10, 4], [-4, 2, 4, 10]] },
    "not-seen": { width: 0.8, strokes: [[-1, -1, 7, 7], [2, -4, 10, 4], [-4, 2, 4, 10]] },
    unproven: { width: 2, strokes: [[2, 1, 2, 3], [5, 4, 5, 6]] },
    unsupported: { width: 0.8, strokes: [[0, 1.5, 6, 1.5], [0, 4.5, 6, 4.5]] },
    part: { width: 1, strokes: [[2, 2, 3, 2]] },
    pass: { width: 1.2, strokes: [[1, 1, 2.2, 1], [4, 4, 5.2, 4]] },
  };

  /** The paints of a canvas in today's colours. Ask for them anew when the scheme changes. */
  class Paints {
    constructor(element) {
      this.style = getComputedStyle(element);
      this.isForced = matchMedia("(forced-colors: active)").matches;
      this.scale = Math.max(1, globalThis.devicePixelRatio || 1);
      this.made = new Map();
    }

    colour(name) {
      return this.style.getPropertyValue(`--il-map-${name}`).trim();
    }

    get text() {
      return this.isForced ? "CanvasText" : this.style.color;
    }

    get accent() {
      return this.isForced ? "Highlight" : this.colour("here");
    }

    /** The paint of a look; `context` is any canvas's. */
    of(look, context) {
      if (!this.made.has(look.key)) this.made.set(look.key, this.make(look, context));
      return this.made.get(look.key);
    }

    make({ name, basis }, context) {
      const isTested = basis === "tested";
      const kind = name === "can-hang" || name === "not-seen" ? "rare" : name;
      const forced = isTested ? ["CanvasText", "Canvas"] : ["Canvas", "CanvasText"];
      if (this.isForced) return this.tile(name, context, ...forced);
      const pale = this.colour(`${kind}-pale`);
      if (isTested && name === "not-seen") return this.tile(name, context, this.colour(kind), pale);
      return isTested ? this.colour(kind) : this.tile(name, context, pale, this.colour(kind));
    }

    tile(name, context, ground, ink) {
      const { width, strokes } = TEXTURES[name];
      const tile = document.createElement("canvas");
      tile.width = tile.height = Math.round(TILE * this.scale);
      const drawn = tile.getContext("2d");
      drawn.scale(tile.width / TILE, tile.height / TILE);
      drawn.fillStyle = ground;
      drawn.fillRect(0, 0, TILE, TILE);
      drawn.strokeStyle = ink;
      drawn.lineWidth = width;
      drawn.beginPath();
      for (const [fromX, fromY, toX, toY] of strokes) {
        drawn.moveTo(fromX, fromY);
        drawn.lineTo(toX, toY);
      }
      drawn.stroke();
      const pattern = context.createPattern(tile, "repeat");
      pattern.setTransform(new DOMMatrix().scale(TILE / tile.width));
      return pattern;
    }
  }

  /** A canvas of a size in CSS pixels, sharp on every screen, and empty. */
  function sized(canvas, width, height) {
    const scale = Math.max(1, globalThis.devicePixelRatio || 1);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    return context;
  }

  Object.assign(Matrix, { Paints, sized });
})();
