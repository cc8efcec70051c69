/**
 * The view: how a picture becomes the network's input, and how points go back.
 *
 * The same as lanedet/ops/view.py and lanedet/ops/warp.py. Pixel centres lie on whole
 * coordinates. Boxes are [top, bottom, left, right], bottom and right exclusive.
 */

import { average, resize } from "./resize.js";
import { roundHalfToEven } from "./rounding.js";

const SMALLEST_BILINEAR_SCALE = 0.4; // below, two samples would skip thin paint

/**
 * Return how pictures of one size go through the network.
 *
 * @param {{type: string, input_shape: number[], crop_top?: number}} description
 *   Of the model's view, from its metadata.
 * @param {number} height Of the pictures, in pixels.
 * @param {number} width The same.
 */
export function makeView(description, height, width) {
  const [inputHeight, inputWidth] = description.input_shape;
  let crop, place;
  if (description.type === "LetterboxView") {
    const scale = Math.min(inputHeight / height, inputWidth / width);
    const placeHeight = Math.max(1, roundHalfToEven(height * scale));
    const placeWidth = Math.max(1, roundHalfToEven(width * scale));
    const top = Math.floor((inputHeight - placeHeight) / 2);
    const left = Math.floor((inputWidth - placeWidth) / 2);
    crop = [0, height, 0, width];
    place = [top, top + placeHeight, left, left + placeWidth];
  } else if (description.type === "StretchView") {
    const cropTop = roundHalfToEven(height * (description.crop_top ?? 0));
    crop = [Math.min(cropTop, height - 1), height, 0, width];
    place = [0, inputHeight, 0, inputWidth];
  } else {
    throw new Error(`The model's view is a ${description.type}, unknown to this page.`);
  }
  const scaleX = (place[3] - place[2]) / (crop[3] - crop[2]);
  const scaleY = (place[1] - place[0]) / (crop[1] - crop[0]);
  return {
    height,
    width,
    inputHeight,
    inputWidth,
    crop,
    place,
    scaleX,
    scaleY,
    offsetX: place[2] + (0.5 - crop[2]) * scaleX - 0.5,
    offsetY: place[0] + (0.5 - crop[0]) * scaleY - 0.5,
  };
}

/** Return the factors by which a picture's crop would fill the input along each axis. */
export function stretchOf(description, height, width) {
  const [inputHeight, inputWidth] = description.input_shape;
  const seen = height * (1 - (description.crop_top ?? 0));
  return { scaleX: inputWidth / width, scaleY: inputHeight / seen };
}

/** Move a point [x, y] from the network's input to the picture. */
export function toOriginal(view, [x, y]) {
  return [(x - view.offsetX) / view.scaleX, (y - view.offsetY) / view.scaleY];
}

/**
 * Return the network's input of a picture: (H, W, 3) bytes, RGB, black beside the place.
 *
 * @param {Uint8ClampedArray} pixels Of the picture, RGBA, row by row.
 */
export function warp(view, pixels) {
  const { place, inputHeight, inputWidth } = view;
  const [height, width] = [place[1] - place[0], place[3] - place[2]];
  const seen = resize(shrunk(cropped(pixels, view), view.scaleX, view.scaleY), height, width);
  const input = new Uint8Array(inputHeight * inputWidth * 3);
  for (let y = 0; y < height; y++) {
    const row = seen.bytes.subarray(y * width * 3, (y + 1) * width * 3);
    input.set(row, ((place[0] + y) * inputWidth + place[2]) * 3);
  }
  return input;
}

/** Return the view's crop of a picture, RGB. */
function cropped(pixels, view) {
  const [top, bottom, left, right] = view.crop;
  const [height, width] = [bottom - top, right - left];
  const bytes = new Uint8Array(height * width * 3);
  for (let y = 0, at = 0; y < height; y++) {
    let from = ((top + y) * view.width + left) * 4;
    for (let x = 0; x < width; x++, from += 4) {
      bytes[at++] = pixels[from];
      bytes[at++] = pixels[from + 1];
      bytes[at++] = pixels[from + 2];
    }
  }
  return { bytes, height, width };
}

/** Average pixels so that bilinear samples can do the rest of a scaling. */
function shrunk(image, scaleX, scaleY) {
  while (Math.max(scaleX, scaleY) <= 0.5 && Math.min(image.height, image.width) >= 2) {
    image = average(image, Math.floor(image.height / 2), Math.floor(image.width / 2));
    scaleX *= 2;
    scaleY *= 2;
  }
  const [restX, restY] = [restFactor(scaleX), restFactor(scaleY)];
  if (restX === 1 && restY === 1) return image;
  const height = Math.max(1, Math.floor(image.height / restY));
  return average(image, height, Math.max(1, Math.floor(image.width / restX)));
}

function restFactor(scale) {
  return scale >= SMALLEST_BILINEAR_SCALE ? 1 : 2 ** Math.trunc(Math.log2(1 / scale));
}
