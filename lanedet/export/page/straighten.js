/** Wobbling polylines to smooth ones: the same as lanedet/ops/straighten.py. */

/**
 * Move a lane's points sideways so that it does not wobble from row to row.
 *
 * @param {number[][]} points [x, y], bottom to top, each y once.
 * @param {number} stiffness Length over which a wobble is evened out, as a share of the
 *   image height, one image height below the lane's far end. 0 changes nothing.
 * @param {number} imageHeight In the unit of the points.
 */
export function straighten(points, stiffness, imageHeight) {
  const count = points.length;
  if (stiffness === 0 || count < 3) return points;
  const ys = points.map(([, y]) => y);
  const steps = ys.slice(1).map((y, i) => ys[i] - y);
  const typicalStep = median(steps);
  // The bands of the normal matrix I + D'WD: D takes second divided differences.
  const diagonal = new Float64Array(count).fill(1);
  const next = new Float64Array(count); // [i] is the entry (i, i + 1)
  const second = new Float64Array(count); // [i] is the entry (i, i + 2)
  for (let i = 0; i < count - 2; i++) {
    const belowEnd = (ys[i + 1] - ys[count - 1]) / imageHeight;
    const weight = ((stiffness * imageHeight * Math.sqrt(belowEnd)) / typicalStep) ** 4;
    const before = steps[i] / typicalStep;
    const after = steps[i + 1] / typicalStep;
    const row = [1 / before, -1 / before - 1 / after, 1 / after].map(
      (value) => (value * 2) / (before + after),
    );
    for (let j = 0; j < 3; j++) diagonal[i + j] += weight * row[j] ** 2;
    for (let j = 0; j < 2; j++) next[i + j] += weight * row[j] * row[j + 1];
    second[i] += weight * row[0] * row[2];
  }
  const xs = solve(
    diagonal,
    next,
    second,
    points.map(([x]) => x),
  );
  return ys.map((y, i) => [xs[i], y]);
}

/** Solve a symmetric system with two bands above its diagonal, by L D L'. */
function solve(diagonal, next, second, values) {
  const count = values.length;
  const pivot = new Float64Array(count);
  const one = new Float64Array(count); // L's entries (i + 1, i)
  const two = new Float64Array(count); // L's entries (i + 2, i)
  const x = Float64Array.from(values);
  for (let i = 0; i < count; i++) {
    const beforeOne = i > 0 ? one[i - 1] : 0;
    const beforeTwo = i > 1 ? two[i - 2] : 0;
    pivot[i] = diagonal[i];
    if (i > 0) pivot[i] -= beforeOne ** 2 * pivot[i - 1];
    if (i > 1) pivot[i] -= beforeTwo ** 2 * pivot[i - 2];
    const shared = i > 0 ? two[i - 1] * one[i - 1] * pivot[i - 1] : 0;
    one[i] = (next[i] - shared) / pivot[i];
    two[i] = second[i] / pivot[i];
    if (i > 0) x[i] -= beforeOne * x[i - 1];
    if (i > 1) x[i] -= beforeTwo * x[i - 2];
  }
  for (let i = count - 1; i >= 0; i--) {
    x[i] /= pivot[i];
    if (i + 1 < count) x[i] -= one[i] * x[i + 1];
    if (i + 2 < count) x[i] -= two[i] * x[i + 2];
  }
  return x;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
