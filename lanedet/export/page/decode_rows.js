/**
 * The rows of a segmentation head to lanes: the same as lanedet/ops/decode.py.
 *
 * In these functions columns and rows are those of the view's place, and a run is
 * {left, right, peak, y, row}: what row y holds of a line, `row` counting the sampled
 * rows from the bottom.
 */

import { roundHalfToEven } from "./rounding.js";
import { straighten } from "./straighten.js";
import { isCut, middleOf, split, strokeCentres } from "./strokes.js";

const END_POINTS = 3; // before the last one, over which a lane's last direction is taken
const TURN_WINDOW = 0.06; // share of the image height over which a direction is taken

/**
 * Return the lanes {points, score, slot} of one picture, points [x, y] in pixels of the
 * network's input, bottom to top.
 *
 * @param {{rows: Float32Array, lane_bits: Uint8Array, existence: Float32Array}} outputs
 *   Of the network, for K slots: the left edge, right edge and largest value of the runs
 *   of R rows, (K, R, 3); which pixels reach the threshold, (K, H, ceil(W / 8)), eight
 *   in a byte; how probable it is that a slot holds a lane, (K,).
 * @param {object} decoder The numbers of lanedet's LaneDecoder, by their names.
 * @param {object} view From makeView.
 */
export function decodeRows({ rows, lane_bits: laneBits, existence }, decoder, view) {
  const [top, bottom, left, right] = view.place;
  const [height, width] = [bottom - top, right - left];
  const numRows = Math.ceil(view.inputHeight / decoder.row_step);
  const rowBytes = Math.ceil(view.inputWidth / 8);
  const lanes = [];
  existence.forEach((probability, slot) => {
    if (probability < decoder.existence_threshold) return;
    const runs = [];
    for (let row = 0; row * decoder.row_step < height; row++) {
      const at = (slot * numRows + row) * 3;
      if (rows[at + 2] < decoder.threshold) continue;
      runs.push({
        left: rows[at] - left,
        right: rows[at + 1] - left,
        peak: rows[at + 2],
        y: height - 1 - row * decoder.row_step,
        row,
      });
    }
    const isProbable = (x, y) => {
      const line = (slot * view.inputHeight + top + y) * rowBytes;
      const column = left + x;
      return (laneBits[line + (column >> 3)] & (128 >> (column & 7))) !== 0;
    };
    const found = trace(runs, isProbable, decoder, width, height);
    if (!found) return;
    const points = straighten(found.points, decoder.stiffness, height);
    lanes.push({
      points: points.map(([x, y]) => [x + left, y + top]),
      score: found.peaks.reduce((sum, peak) => sum + peak, 0) / found.peaks.length,
      slot,
    });
  });
  return lanes;
}

/** Return the points of a slot's lane and the largest values at them, null for none. */
function trace(runs, isProbable, decoder, width, height) {
  const piece = longestPiece(runs, decoder, width, height);
  if (!piece.length) return null;
  if (decoder.smoothing !== null) {
    return {
      points: piece.map((run) => [middleOf(run), run.y]),
      peaks: piece.map(({ peak }) => peak),
    };
  }
  const centres = strokeCentres(piece, width, decoder.row_step);
  const there = piece.map((_, i) => i).filter((i) => centres[i].isThere);
  if (there.length < 2) return null;
  const points = there.map((i) => [centres[i].x, piece[i].y]);
  const beyond = (last) => endBeyond(last, isProbable, decoder.row_step, width, height);
  return {
    points: [
      ...beyond(points.slice(0, END_POINTS + 1).reverse()),
      ...points,
      ...beyond(points.slice(-END_POINTS - 1)),
    ],
    peaks: there.map((i) => piece[i].peak),
  };
}

/** Return where a lane ends between its last sampled row and the next: [] or [point]. */
function endBeyond(points, isProbable, rowStep, width, height) {
  const [firstX, firstY] = points[0];
  const [lastX, lastY] = points.at(-1);
  const slope = (lastX - firstX) / (lastY - firstY);
  const step = Math.sign(lastY - firstY);
  let end = [];
  for (let away = step; Math.abs(away) < rowStep; away += step) {
    const [x, y] = [lastX + away * slope, lastY + away];
    const column = roundHalfToEven(x);
    if (y < 0 || y >= height || column < 0 || column >= width) break;
    if (!isProbable(column, y)) break;
    end = [[x, y]];
  }
  return end;
}

/** Return the runs that are one lane, [] if too few. */
function longestPiece(runs, decoder, width, height) {
  if (runs.length < 2) return [];
  const points = runs.map((run) => [middleOf(run), run.y]);
  const left = hasLeft(points, runs.map((run) => isCut(run, width)), width);
  const maxUp = Math.max(decoder.row_step, decoder.max_gap * height);
  const window = Math.max(1, roundHalfToEven((TURN_WINDOW * height) / decoder.row_step));
  const turns = turnsInDegrees(points, window);
  const pieces = split(runs, (run, before, i) => {
    const across = Math.abs(points[i][0] - points[i - 1][0]);
    const up = before.y - run.y;
    return (
      up > maxUp ||
      across > decoder.max_slope * up ||
      (left[i - 1] && up > decoder.row_step) ||
      turns[i] > decoder.max_turn_deg
    );
  });
  const longest = pieces.reduce((best, piece) => (piece.length > best.length ? piece : best));
  const extent = longest[0].y - longest.at(-1).y;
  return longest.length < 2 || extent < decoder.min_height * height ? [] : longest;
}

/** Return whether a lane is out of the map at each point that has one above. */
function hasLeft(points, cut, width) {
  return points.slice(0, -1).map((below, i) => {
    const above = points[i + 1];
    const farther = points[Math.min(i + 1 + END_POINTS, points.length - 1)];
    const slope = (above[0] - farther[0]) / Math.max(above[1] - farther[1], 1);
    const x = above[0] + slope * (below[1] - above[1]);
    return cut[i + 1] && (x <= -0.5 || x >= width - 0.5);
  });
}

/** Return the change of direction at each point, in [0, 180]; 0 near the ends. */
function turnsInDegrees(points, window) {
  return points.map(([x, y], i) => {
    if (i < window || i >= points.length - window) return 0;
    const [beforeX, beforeY] = [x - points[i - window][0], y - points[i - window][1]];
    const [afterX, afterY] = [points[i + window][0] - x, points[i + window][1] - y];
    const cross = beforeX * afterY - beforeY * afterX;
    const dot = beforeX * afterX + beforeY * afterY;
    return Math.abs((Math.atan2(cross, dot) * 180) / Math.PI);
  });
}
