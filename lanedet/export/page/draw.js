/**
 * Lanes on a canvas, as lanedet/visualization/draw.py draws them.
 *
 * The colors are those of M. Okabe and K. Ito, "Color Universal Design", 2008.
 */

import { distanceFromDriver } from "./slots.js";

const LEFT_COLORS = ["#e69f00", "#009e73", "#d55e00"]; // outwards from the driver
const RIGHT_COLORS = ["#56b4e9", "#f0e442", "#cc79a7"];
const EGO_WIDTH = 1 / 90; // shares of the picture's height
const OTHER_WIDTH = 1 / 140;
const EDGE_WIDTH = 1 / 450;
const HORIZON = 0.35; // where lines would vanish
const MIN_TAPER = 0.3; // share of the full width that remains above that

/** Return the color of a slot. */
export function slotColor(slot, numSlots) {
  const colors = slot < Math.floor(numSlots / 2) ? LEFT_COLORS : RIGHT_COLORS;
  return colors[distanceFromDriver(slot, numSlots) % colors.length];
}

/**
 * Draw lanes, the driver's own on top.
 *
 * @param {CanvasRenderingContext2D} context Of a canvas as large as the picture.
 * @param {{points: number[][], slot: number}[]} lanes In pixels of the picture.
 * @param {number} numSlots
 */
export function drawLanes(context, lanes, numSlots) {
  const distance = ({ slot }) => distanceFromDriver(slot, numSlots);
  for (const lane of [...lanes].sort((a, b) => distance(b) - distance(a))) {
    const { height } = context.canvas;
    const fullWidth = (distance(lane) === 0 ? EGO_WIDTH : OTHER_WIDTH) * height;
    const radii = lane.points.map(([, y]) => {
      const taper = (y / height - HORIZON) / (1 - HORIZON);
      return Math.max(2, fullWidth * Math.min(Math.max(taper, MIN_TAPER), 1)) / 2;
    });
    const edge = Math.max(1, Math.round(EDGE_WIDTH * height));
    fillRibbon(context, lane.points, (i) => radii[i] + edge, "#000");
    fillRibbon(context, lane.points, (i) => radii[i], slotColor(lane.slot, numSlots));
  }
}

/** Fill a line whose width changes along it: a disc at each point, quads between. */
function fillRibbon(context, points, radius, color) {
  // A canvas counts from the corner of the first pixel, lanes from its centre.
  const at = points.map(([x, y]) => [x + 0.5, y + 0.5]);
  context.fillStyle = color;
  context.beginPath();
  at.forEach(([x, y], i) => {
    context.moveTo(x + radius(i), y);
    context.arc(x, y, radius(i), 0, 2 * Math.PI);
    if (i === 0) return;
    const [x0, y0] = at[i - 1];
    const length = Math.max(Math.hypot(x - x0, y - y0), 1e-9);
    const [acrossX, acrossY] = [(y - y0) / length, (x0 - x) / length];
    const [r0, r1] = [radius(i - 1), radius(i)];
    // All parts turn the same way, so that where they overlap nothing is cut out.
    context.moveTo(x0 - acrossX * r0, y0 - acrossY * r0);
    context.lineTo(x0 + acrossX * r0, y0 + acrossY * r0);
    context.lineTo(x + acrossX * r1, y + acrossY * r1);
    context.lineTo(x - acrossX * r1, y - acrossY * r1);
    context.closePath();
  });
  context.fill();
}
