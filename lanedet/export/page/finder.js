/** From the pixels of a picture to its lanes. */

import { decodeLines } from "./decode_lines.js";
import { decodeRows } from "./decode_rows.js";
import { slotName, slotsUnderCamera } from "./slots.js";
import { makeView, toOriginal, warp } from "./view.js";

// Files of ONNX Runtime Web in onnxruntime/.
const PROCESSOR = ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"];
const GRAPHICS = ["ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"];
const DECODERS = { rows: decodeRows, lines: decodeLines };
const TRIALS = 8; // runs by which the faster of two runtimes is chosen
const MAX_DIFFERENCE = 0.05; // of a column or a probability between two runtimes

export class LaneFinder {
  /**
   * Return what finds lanes with the model in a folder.
   *
   * @param {URL} folder Where model.json, model.onnx and onnxruntime/ lie.
   */
  static async open(folder) {
    const finder = new LaneFinder();
    finder.folder = folder;
    const [model, network, ort] = await Promise.all([
      get(new URL("model.json", folder)).then((answer) => answer.json()),
      get(new URL("model.onnx", folder)).then((answer) => answer.arrayBuffer()),
      load(folder, PROCESSOR),
    ]);
    // Threads share memory, which browsers allow to isolated pages only.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 4) : 1;
    ort.env.wasm.numThreads = threads;
    const session = await ort.InferenceSession.create(network, {
      executionProviders: ["wasm"],
    });
    Object.assign(finder, { model, network, ort, session });
    finder.runtime = `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
    return finder;
  }

  /**
   * Return the lanes of a picture, leftmost first: {points, score, slot, name}.
   *
   * @param {Uint8ClampedArray} pixels RGBA, row by row.
   * @param {number} height Of the picture, in pixels, as are the points [x, y].
   * @param {number} width
   */
  async find(pixels, height, width) {
    if (this.view?.height !== height || this.view?.width !== width) {
      this.view = makeView(this.model.view, height, width);
    }
    this.input = warp(this.view, pixels);
    const outputs = await this.run(this.ort, this.session);
    const { decoder, readings, num_slots: numSlots } = this.model;
    const found = DECODERS[readings](outputs, decoder, this.view).map((lane) => ({
      ...lane,
      points: lane.points.map((point) => toOriginal(this.view, point)),
    }));
    const slots = slotsUnderCamera(
      found.map(({ points }) => points),
      found.map(({ slot }) => slot),
      height,
      numSlots,
    );
    return found
      .map((lane, i) => ({ ...lane, slot: slots[i], name: slotName(slots[i], numSlots) }))
      .sort((a, b) => a.slot - b.slot);
  }

  /** Let the graphics processor take over if it finds the same in less time. */
  async tryGraphics() {
    if (this.hasTriedGraphics) return;
    this.hasTriedGraphics = true;
    try {
      const adapter = await navigator.gpu?.requestAdapter();
      if (!adapter || (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter)) return;
      const ort = await load(this.folder, GRAPHICS);
      const session = await ort.InferenceSession.create(this.network, {
        executionProviders: ["webgpu"],
      });
      const here = await this.timed(this.ort, this.session);
      const there = await this.timed(ort, session);
      if (there.milliseconds < here.milliseconds && agree(here.outputs, there.outputs)) {
        Object.assign(this, { ort, session, runtime: "WebGPU" });
      }
    } catch (error) {
      console.info(`WebGPU is not used: ${error.message ?? error}`);
    }
  }

  /** Run the network on the last input. */
  async run(ort, session) {
    const { inputHeight, inputWidth, place } = this.view;
    const shape = [1, inputHeight, inputWidth, 3];
    const given = {
      images: new ort.Tensor("uint8", this.input, shape),
      place: new ort.Tensor("int64", BigInt64Array.from(place, BigInt), [4]),
    };
    // A graph that reads no rows has no use for their place.
    const inputs = session.inputNames.map((name) => [name, given[name]]);
    const outputs = await session.run(Object.fromEntries(inputs));
    return Object.fromEntries(session.outputNames.map((name) => [name, outputs[name].data]));
  }

  async timed(ort, session) {
    const outputs = await this.run(ort, session);
    const begin = performance.now();
    for (let trial = 0; trial < TRIALS; trial++) await this.run(ort, session);
    return { outputs, milliseconds: (performance.now() - begin) / TRIALS };
  }
}

async function load(folder, [program, binary]) {
  const files = new URL("onnxruntime/", folder);
  const url = new URL(program, files);
  const ort = await import(url).catch(() => {
    throw missing(url);
  });
  ort.env.wasm.wasmPaths = { wasm: new URL(binary, files).href };
  return ort;
}

async function get(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw missing(url);
  return answer;
}

function missing({ pathname }) {
  return new Error(
    `${pathname} is missing. Serve the whole folder that lanedet export --format web wrote.`,
  );
}

function agree(one, other) {
  return Object.keys(one).every(
    (name) =>
      !(one[name] instanceof Float32Array) ||
      one[name].every((value, i) => !(Math.abs(value - other[name][i]) > MAX_DIFFERENCE)),
  );
}
