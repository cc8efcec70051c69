/**
 * The network, beside the page so that the page stays awake.
 *
 * It posts {type: "ready", model, runtime} once, then for each message
 * {id, height, width, pixels}, with the RGBA bytes of a picture, one of
 * {type: "lanes", id, lanes, milliseconds, runtime}. What fails is {type: "error", id,
 * message}, without an id if the network could not be started.
 */

import { LaneFinder } from "./finder.js";

let finder;
// A session takes one input at a time.
let last = start();

onmessage = ({ data }) => {
  last = last.then(() => find(data)).catch((error) => report(error, data.id));
};

async function start() {
  try {
    finder = await LaneFinder.open(new URL("./", import.meta.url));
    postMessage({ type: "ready", model: finder.model, runtime: finder.runtime });
  } catch (error) {
    report(error);
  }
}

async function find({ id, height, width, pixels }) {
  if (!finder) return;
  const begin = performance.now();
  const lanes = await finder.find(new Uint8ClampedArray(pixels), height, width);
  const milliseconds = performance.now() - begin;
  postMessage({ type: "lanes", id, lanes, milliseconds, runtime: finder.runtime });
  await finder.tryGraphics();
}

function report(error, id) {
  postMessage({ type: "error", id, message: String(error.message ?? error) });
}
