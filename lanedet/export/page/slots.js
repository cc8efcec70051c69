/** Which of the driver's lanes each one is: the same as lanedet/ops/lane_slots.py. */

const NEAR = 0.1; // share of the image height over which a lane's lower end is straight

/**
 * Return the slots that lanes have as seen from where the camera is.
 *
 * @param {number[][][]} lanes Points [x, y] of each, in pixels of the picture.
 * @param {number[]} slots In which each was found, in [0, numSlots).
 * @param {number} imageHeight In pixels.
 * @param {number} numSlots
 */
export function slotsUnderCamera(lanes, slots, imageHeight, numSlots) {
  if (!lanes.length) return [];
  const allLeans = lanes.map((lane) => nearLean(lane, NEAR * imageHeight));
  const order = fromLeftToRight(lanes, allLeans, imageHeight);
  const dealt = [...slots].sort((a, b) => a - b);
  const leans = order.map((i) => allLeans[i]);
  let best = { move: 0, wrong: Infinity };
  // The smallest move that puts the fewest and least leaning lanes on the wrong side.
  for (const move of movesBySize(-dealt[0], numSlots - dealt.at(-1))) {
    let wrong = 0;
    dealt.forEach((slot, i) => {
      const isRight = slot + move >= Math.floor(numSlots / 2);
      if (isRight !== leans[i] > 0) wrong += Math.abs(leans[i]);
    });
    if (wrong < best.wrong) best = { move, wrong };
  }
  const result = new Array(lanes.length);
  order.forEach((lane, i) => (result[lane] = dealt[i] + best.move));
  return result;
}

/** Return what to call the lane in a slot: as the driver counts, outwards. */
export function slotName(slot, numSlots) {
  const middle = Math.floor(numSlots / 2);
  const side = slot < middle ? "left" : "right";
  const number = slot < middle ? middle - slot : slot - middle + 1;
  return number === 1 ? `ego ${side}` : `${side} ${number}`;
}

/** Return how many lanes lie between a slot and the driver. */
export function distanceFromDriver(slot, numSlots) {
  const middle = Math.floor(numSlots / 2);
  return slot < middle ? middle - 1 - slot : slot - middle;
}

function movesBySize(first, stop) {
  const moves = Array.from({ length: stop - first }, (_, i) => first + i);
  return moves.sort((a, b) => Math.abs(a) - Math.abs(b));
}

/** Return dx/dy of a lane's lowest `span` pixels: negative on the left. */
function nearLean(lane, span) {
  const lowest = Math.max(...lane.map(([, y]) => y));
  let near = lane.filter(([, y]) => y >= lowest - span);
  if (near.every(([, y]) => y === near[0][1])) near = lane;
  const meanX = near.reduce((sum, [x]) => sum + x, 0) / near.length;
  const meanY = near.reduce((sum, [, y]) => sum + y, 0) / near.length;
  let across = 0;
  let down = 0;
  for (const [x, y] of near) {
    across += (x - meanX) * (y - meanY);
    down += (y - meanY) ** 2;
  }
  return across / Math.max(down, 1e-9);
}

/**
 * Return the lanes' numbers in order.
 *
 * Of two lanes it counts which is the left one where the shorter one begins; of two that
 * share no row, which one is, drawn on, at the bottom of the picture.
 */
function fromLeftToRight(lanes, leans, imageHeight) {
  const begins = lanes.map((lane) => lane.reduce((a, b) => (b[1] > a[1] ? b : a)));
  const feet = begins.map(([x, y], i) => x + leans[i] * (imageHeight - y));
  const numLeftOf = lanes.map(() => 0);
  for (let i = 0; i < lanes.length; i++) {
    for (let j = i + 1; j < lanes.length; j++) {
      const row = Math.min(begins[i][1], begins[j][1]);
      const apart = xAtRow(lanes[j], row) - xAtRow(lanes[i], row);
      const isLeft = (Number.isNaN(apart) ? feet[j] - feet[i] : apart) > 0;
      numLeftOf[isLeft ? j : i] += 1;
    }
  }
  return lanes
    .map((_, i) => i)
    .sort((a, b) => numLeftOf[a] - numLeftOf[b] || feet[a] - feet[b]);
}

/** Return where a lane crosses a row, NaN beyond its ends. */
function xAtRow(lane, row) {
  const ordered = [...lane].sort((a, b) => a[1] - b[1]);
  for (let i = 0; i + 1 < ordered.length; i++) {
    const [[x0, y0], [x1, y1]] = [ordered[i], ordered[i + 1]];
    if (y0 <= row && row <= y1) {
      return y1 === y0 ? x1 : x0 + ((x1 - x0) * (row - y0)) / (y1 - y0);
    }
  }
  return NaN;
}
