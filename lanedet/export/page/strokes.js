/**
 * Where the centre of a drawn line lies on each row: the same as lanedet/ops/strokes.py.
 *
 * A run is what a row of a map holds of a line: {row, left, right, peak}.
 */

import { roundHalfToEven } from "./rounding.js";

const REACH = 3; // rows before and after one over which the stroke's slope is taken
const FULL_SHARE = 0.7; // of the rows are less wide: most of a short, flat stroke is its ends
const ROUNDING = 0.25; // columns by which a centre may lie beside its run

/** Return the column halfway between a run's edges. */
export const middleOf = ({ left, right }) => (left + right) / 2;

/** Return whether a run reaches the border of a map of so many columns. */
export const isCut = ({ left, right }, width) => left <= -0.5 || right >= width - 0.5;

/**
 * Return the centre of a stroke on each of its rows, and whether it lies there.
 *
 * @param {{row: number, left: number, right: number}[]} runs From row to row; `row` is
 *   the number of the sampled row.
 * @param {number} width Of the map, in columns.
 * @param {number} rowStep Distance of neighbouring rows, in pixels.
 * @returns {{x: number, isThere: boolean}[]}
 */
export function strokeCentres(runs, width, rowStep) {
  const whole = runs.map((run) => !isCut(run, width));
  if (!whole.some(Boolean)) return runs.map((run) => ({ x: middleOf(run), isThere: true }));
  const ends = endsOfParts(runs, rowStep);
  const slants = ends.map(({ slope }) => Math.sqrt(1 + slope ** 2));
  // Of a stroke of width w, a run is w * slant long and an end w * slope / slant high.
  const across = runs.map(({ left, right }, i) => (right - left) / slants[i]);
  let strokeWidth = quantile(across.filter((_, i) => whole[i]), FULL_SHARE);
  const isEnd = ends.map(
    ({ slope, fromEnd }, i) => (fromEnd - 0.5) * rowStep <= (strokeWidth * slope) / slants[i],
  );
  const inner = across.filter((_, i) => whole[i] && !isEnd[i]);
  if (inner.length >= REACH) strokeWidth = quantile(inner, 0.5);
  return runs.map((run, i) => {
    const { left, right } = run;
    let missing = Math.max(strokeWidth * slants[i] - (right - left), 0);
    if (!isEnd[i] && whole[i]) missing = 0;
    let { towards } = ends[i];
    if (left <= -0.5) towards = -1;
    if (right >= width - 0.5) towards = 1;
    const x = middleOf(run) + (towards * missing) / 2;
    const isThere =
      x >= left - ROUNDING && x <= right + ROUNDING && x >= -0.5 && x <= width - 0.5;
    return { x, isThere };
  });
}

/**
 * Return for each run the stroke's slope there, to which side its missing part lies
 * towards the nearer end, and how many rows that end is away.
 */
function endsOfParts(runs, rowStep) {
  const ends = [];
  for (const part of split(runs, (run, before) => run.row - before.row > 1)) {
    const lean = Math.sign(middleOf(part[0]) - middleOf(part.at(-1)));
    const half = Math.floor((part.length + 1) / 2);
    // Towards an end, only the edge on the other side is the stroke's own.
    const [first, last] = lean > 0 ? ["left", "right"] : ["right", "left"];
    let slopes = [
      ...slopesOf(part.slice(0, half).map((run) => run[first])),
      ...slopesOf(part.slice(half).map((run) => run[last])),
    ];
    if (part.length <= 2 * REACH) {
      const slope = slopeOf(runs.map(({ row }) => row), runs.map(middleOf));
      slopes = part.map(() => slope);
    }
    part.forEach((_, i) =>
      ends.push({
        slope: Math.abs(slopes[i]) / rowStep,
        towards: i < half ? lean : -lean,
        fromEnd: i < half ? i : part.length - 1 - i,
      }),
    );
  }
  return ends;
}

/** Split a list before each element for which `isBreak(element, before)`. */
export function split(list, isBreak) {
  const parts = [];
  list.forEach((element, i) => {
    if (i === 0 || isBreak(element, list[i - 1], i)) parts.push([]);
    parts.at(-1).push(element);
  });
  return parts;
}

/** Return by how much columns grow from row to row, around each. */
function slopesOf(columns) {
  const count = columns.length;
  if (count <= 2 * REACH) {
    return columns.fill(slopeOf(columns.map((_, i) => i), columns));
  }
  const norm = 28; // the sum of the squares of -3 to 3
  return columns.map((_, i) => {
    const centre = Math.min(Math.max(i, REACH), count - 1 - REACH);
    let sum = 0;
    for (let away = -REACH; away <= REACH; away++) sum += away * columns[centre + away];
    return sum / norm;
  });
}

/** Return the slope of the straight line through points, 0 for one point. */
function slopeOf(rows, columns) {
  const mean = rows.reduce((sum, row) => sum + row, 0) / Math.max(rows.length, 1);
  let along = 0;
  let norm = 0;
  rows.forEach((row, i) => {
    along += (row - mean) * columns[i];
    norm += (row - mean) ** 2;
  });
  return along / Math.max(norm, 1);
}

/** Return the value that about a share of them do not exceed. */
function quantile(values, share) {
  const number = roundHalfToEven(share * (values.length - 1));
  return Float64Array.from(values).sort()[number];
}
