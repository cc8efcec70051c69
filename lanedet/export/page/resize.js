/**
 * Pictures at other sizes, as OpenCV makes them: to the bit, so that the network sees what
 * it sees in Python. Pictures are {bytes, height, width}, RGB, row by row.
 */

import { roundHalfToEven } from "./rounding.js";

const ONE = 2048; // OpenCV's weights are whole numbers, in parts of this

/** Return a picture whose pixels are the means of areas: INTER_AREA. */
export function average(image, height, width) {
  const isHalf = image.height === 2 * height && image.width === 2 * width;
  return isHalf ? halved(image) : averageOfAreas(image, height, width);
}

function halved({ bytes, height, width }) {
  const result = new Uint8Array(((height / 2) * width * 3) / 2);
  const line = width * 3;
  for (let y = 0, at = 0; y < height; y += 2) {
    let from = y * line;
    for (let x = 0; x < width; x += 2, from += 3) {
      for (let color = 0; color < 3; color++, from++) {
        const upper = bytes[from] + bytes[from + 3];
        result[at++] = (upper + bytes[from + line] + bytes[from + line + 3] + 2) >> 2;
      }
    }
  }
  return { bytes: result, height: height / 2, width: width / 2 };
}

function averageOfAreas(image, height, width) {
  const columns = areas(image.width, width);
  const result = new Uint8Array(height * width * 3);
  const sums = new Float64Array(width * 3);
  areas(image.height, height).forEach(({ first, weights }, y) => {
    sums.fill(0);
    weights.forEach((share, i) => {
      const line = (first + i) * image.width;
      columns.forEach(({ first: column, weights: shares }, x) => {
        for (let j = 0, from = (line + column) * 3; j < shares.length; j++, from += 3) {
          for (let color = 0; color < 3; color++) {
            sums[x * 3 + color] += share * shares[j] * image.bytes[from + color];
          }
        }
      });
    });
    result.set(sums.map(roundHalfToEven), y * width * 3);
  });
  return { bytes: result, height, width };
}

/** Return which of `size` pixels each of `count` areas covers, and with what weights. */
function areas(size, count) {
  const ratio = size / count;
  return Array.from({ length: count }, (_, number) => {
    const [start, stop] = [number * ratio, (number + 1) * ratio];
    const first = Math.floor(start);
    const weights = [];
    for (let at = first; at < stop - 1e-6; at++) {
      weights.push((Math.min(at + 1, stop) - Math.max(at, start)) / ratio);
    }
    return { first, weights };
  });
}

/** Return a picture of bilinear samples: INTER_LINEAR. */
export function resize(image, height, width) {
  const columns = samples(image.width, width);
  const line = width * 3;
  // Across first, then down.
  const narrow = new Int32Array(image.height * line);
  for (let y = 0, at = 0; y < image.height; y++) {
    for (const { first, second, before, after } of columns) {
      const from = (y * image.width + first) * 3;
      const next = (y * image.width + second) * 3;
      for (let color = 0; color < 3; color++) {
        narrow[at++] = before * image.bytes[from + color] + after * image.bytes[next + color];
      }
    }
  }
  const bytes = new Uint8Array(height * line);
  samples(image.height, height).forEach(({ first, second, before, after }, y) => {
    for (let x = 0; x < line; x++) {
      // It cuts bits off on the way.
      const upper = (before * (narrow[first * line + x] >> 4)) >> 16;
      const lower = (after * (narrow[second * line + x] >> 4)) >> 16;
      bytes[y * line + x] = (upper + lower + 2) >> 2;
    }
  });
  return { bytes, height, width };
}

/** Return which two of `size` pixels each of `count` samples reads, and their weights. */
function samples(size, count) {
  return Array.from({ length: count }, (_, number) => {
    const position = ((number + 0.5) * size) / count - 0.5;
    const first = Math.min(Math.max(Math.floor(position), 0), size - 1);
    const second = Math.min(first + 1, size - 1);
    const share = second === first ? 0 : Math.fround(Math.max(position - first, 0));
    const after = roundHalfToEven(share * ONE);
    return { first, second, before: roundHalfToEven(Math.fround(1 - share) * ONE), after };
  });
}
