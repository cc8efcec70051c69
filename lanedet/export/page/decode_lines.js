/**
 * The lines of a line head to lanes: the same as lanedet/ops/decode_lines.py.
 *
 * A line is [start, end, x of each of R rows]: rows are counted from the bottom of the
 * network's input to its top, and start and end are fractions of them.
 */

const PARTS = 3; // near, middle and far

/**
 * Return the lanes {points, score, slot} of one picture, the best first, points [x, y] in
 * pixels of the network's input, bottom to top.
 *
 * @param {{scores: Float32Array, lines: Float32Array}} outputs Of the network, for A
 *   lines: (A,) and (A, R + 2).
 * @param {object} decoder The numbers of lanedet's LineDecoder, by their names.
 * @param {object} view From makeView.
 */
export function decodeLines({ scores, lines }, decoder, view) {
  const length = lines.length / scores.length;
  // Of a line outside of the picture, or of less than a row, nothing is seen: it must not
  // suppress a lane beside it.
  const found = Array.from(scores, (score, i) => ({
    score,
    line: Array.from(lines.subarray(i * length, (i + 1) * length)),
  }))
    .filter(({ score, line }) => score >= decoder.min_score && line.every(Number.isFinite))
    .map((each) => ({ ...each, points: pointsOf(each.line, view) }))
    .filter(({ points }) => points.length >= 2)
    .sort((a, b) => b.score - a.score);
  const maxDistance = decoder.min_distance * view.inputWidth;
  const kept = [];
  for (const each of found) {
    if (kept.some(({ line }) => showSameLane(line, each.line, maxDistance))) continue;
    kept.push(each);
  }
  return kept
    .slice(0, decoder.num_slots)
    .map(({ score, points }, slot) => ({ score, points, slot }));
}

/** Return whether two lines are near in each third of the rows that they share. */
function showSameLane([startA, endA, ...a], [startB, endB, ...b], maxDistance) {
  const first = Math.ceil(Math.max(startA, startB));
  const last = Math.floor(Math.min(endA, endB));
  const numShared = last - first + 1;
  if (numShared <= 0) return false;
  const sums = new Array(PARTS).fill(0);
  const counts = new Array(PARTS).fill(0);
  for (let row = Math.max(first, 0); row <= Math.min(last, a.length - 1); row++) {
    const part = Math.floor((PARTS * (row - first)) / numShared);
    sums[part] += Math.abs(a[row] - b[row]);
    counts[part] += 1;
  }
  return sums.every((sum, part) => counts[part] === 0 || sum / counts[part] < maxDistance);
}

/** Return the points of a line inside the view's place, [] if less than one row high. */
function pointsOf([lineStart, lineEnd, ...xs], { place, inputHeight }) {
  const lastRow = xs.length - 1;
  const [start, end] = [lineStart, lineEnd].map((row) => Math.min(Math.max(row, 0), lastRow));
  if (!(end - start >= 1)) return [];
  const positions = [start];
  for (let row = Math.floor(start) + 1; row < Math.ceil(end); row++) positions.push(row);
  positions.push(end);
  const points = positions.map((position) => {
    const row = Math.min(Math.floor(position), lastRow - 1);
    const x = xs[row] + (position - row) * (xs[row + 1] - xs[row]);
    return [x, (inputHeight - 1) * (1 - position / lastRow)];
  });
  const seen = visiblePiece(points, place);
  if (seen.length < 2) return [];
  const extent = seen[0][1] - seen.at(-1)[1];
  return extent * lastRow >= inputHeight - 1 ? seen : [];
}

/** Return the highest piece of a rising polyline inside a place, cut at its rim. */
function visiblePiece(points, [top, bottom, left, right]) {
  const rims = [
    [left - 0.5, right - 0.5],
    [top, bottom - 1],
  ];
  const fine = [points[0]];
  for (let i = 1; i < points.length; i++) {
    const [before, after] = [points[i - 1], points[i]];
    const steps = [0, 1].map((axis) => after[axis] - before[axis]);
    const shares = rims
      .flatMap((own, axis) => own.map((rim) => (rim - before[axis]) / steps[axis]))
      .filter((share) => share > 0 && share < 1);
    for (const share of [...new Set(shares)].sort((a, b) => a - b)) {
      fine.push([0, 1].map((axis) => before[axis] + share * steps[axis]));
    }
    fine.push(after);
  }
  let best = [];
  let piece = [];
  const height = (some) => (some.length ? some[0][1] - some.at(-1)[1] : -1);
  fine.forEach((point, i) => {
    const next = fine[i + 1];
    const isInside =
      next !== undefined &&
      rims.every(([low, high], axis) => {
        const middle = (point[axis] + next[axis]) / 2;
        return middle >= low && middle <= high;
      });
    if (isInside) {
      piece = piece.length ? [...piece, next] : [point, next];
      return;
    }
    if (height(piece) > height(best)) best = piece;
    piece = [];
  });
  return best;
}
