/** The page: what the user opens, and what is shown of it. */

import { drawLanes, slotColor } from "./draw.js";
import { stretchOf } from "./view.js";

const RECENT = 30; // frames over which the speed is taken
const MAX_EMPTY_SHARE = 0.5; // of the network's input, as in LaneInferencer

const part = (id) => document.getElementById(id);
const stage = part("stage");
const canvas = part("picture");
const context = canvas.getContext("2d", { willReadFrequently: true });
const video = Object.assign(document.createElement("video"), {
  muted: true,
  playsInline: true,
  loop: true,
});
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

let model;
let opened = 0; // how many things were opened: what belongs to an older one is dropped
const waiting = new Map(); // who waits for an answer of the worker, by its id
let asked = 0; // how many frames the worker was given
let times = []; // milliseconds of the last frames

worker.onmessage = ({ data }) => {
  if (data.type === "ready") return start(data);
  const promise = waiting.get(data.id);
  waiting.delete(data.id);
  if (data.type === "lanes") promise.resolve(data);
  else if (promise) promise.reject(new Error(data.message));
  else tell(data.message, true);
};
worker.onerror = (event) => {
  event.preventDefault();
  tell(
    `The network could not be started: ${event.message ?? "its program did not load"}. ` +
      "Serve the whole folder, and use a browser of 2023 or later.",
    true,
  );
};

function start(ready) {
  model = ready.model;
  part("model").textContent = `${model.name} · ${model.licence} · ONNX Runtime Web`;
  part("speed").textContent = ready.runtime;
  part("file").disabled = false;
  part("camera").disabled = !navigator.mediaDevices;
  if (!navigator.mediaDevices) {
    part("camera").title = "Browsers open cameras only to pages from localhost or https.";
  }
  tell("");
}

/** Show a sentence below the picture, or none. */
function tell(text, isError = false) {
  const notice = part("notice");
  notice.textContent = text;
  notice.hidden = !text;
  notice.classList.toggle("is-error", isError);
}

/** Draw a frame, find its lanes and draw them; the frame stays as it is till then. */
async function annotate(drawable, width, height) {
  const mine = opened;
  const frame = new OffscreenCanvas(width, height);
  const reader = frame.getContext("2d", { willReadFrequently: true });
  reader.drawImage(drawable, 0, 0, width, height);
  const { data } = reader.getImageData(0, 0, width, height);
  const answer = await new Promise((resolve, reject) => {
    const id = ++asked;
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, height, width, pixels: data.buffer }, [data.buffer]);
  });
  if (mine !== opened) return;
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
  }
  canvas.hidden = false;
  part("hint").hidden = true;
  context.drawImage(frame, 0, 0);
  drawLanes(context, answer.lanes, model.num_slots);
  report(answer);
}

function report({ lanes, milliseconds, runtime }) {
  times = [...times, milliseconds].slice(-RECENT);
  const usual = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
  part("speed").textContent = `${usual.toFixed(0)} ms a frame · ${runtime}`;
  part("lanes").replaceChildren(
    ...lanes.map(({ slot, name, score }) => {
      const item = document.createElement("li");
      const share = document.createElement("small");
      item.style.setProperty("--color", slotColor(slot, model.num_slots));
      share.textContent = ` ${Math.round(100 * score)} %`;
      item.append(name, share);
      return item;
    }),
  );
}

/** Forget what was open. */
function close() {
  opened += 1;
  times = [];
  video.pause();
  stop(video.srcObject);
  video.srcObject = null;
  if (video.src) URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  part("play").hidden = part("seek").hidden = true;
  tell("");
}

async function openFile(file) {
  close();
  const mine = opened;
  const isClip = file.type.startsWith("video/");
  try {
    const source = isClip ? await startVideo({ src: URL.createObjectURL(file) }) : await decoded(file);
    if (mine !== opened) return;
    if (isClip) part("play").hidden = part("seek").hidden = false;
    await (isClip ? follow() : annotateOnce(source));
  } catch (error) {
    if (mine !== opened) return;
    const isUnread = error instanceof DOMException;
    tell(isUnread ? unreadable(file.name) : error.message, true);
  }
}

const unreadable = (name) =>
  `This browser cannot read ${name}. Most take pictures as JPEG, PNG or WebP, and clips as ` +
  "MP4 (H.264) or WebM.";

const decoded = (file) => createImageBitmap(file, { colorSpaceConversion: "none" });

async function annotateOnce(picture) {
  warnOfShape(picture.width, picture.height);
  await annotate(picture, picture.width, picture.height);
}

async function openCamera() {
  close();
  const mine = opened;
  try {
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 } };
    const srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted });
    if (mine !== opened) return stop(srcObject);
    await startVideo({ srcObject });
    await follow();
  } catch (error) {
    if (mine !== opened) return;
    const reasons = {
      NotAllowedError: "The browser may not use the camera. Allow it beside the address.",
      NotFoundError: "There is no camera.",
      NotReadableError: "Another program uses the camera.",
    };
    tell(reasons[error.name] ?? error.message, true);
  }
}

async function startVideo(source) {
  Object.assign(video, source);
  await video.play();
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** Annotate the video frame by frame, as fast as the network goes. */
async function follow() {
  const mine = opened;
  warnOfShape(video.videoWidth, video.videoHeight);
  while (mine === opened) {
    await annotate(video, video.videoWidth, video.videoHeight);
    if (Number.isFinite(video.duration)) part("seek").value = video.currentTime / video.duration;
    await nextFrame();
  }
}

/** Return when the video shows another frame. */
function nextFrame() {
  return new Promise((resolve) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
  });
}

function warnOfShape(width, height) {
  const { scaleX, scaleY } = stretchOf(model.view, height, width);
  if (1 - Math.min(scaleX, scaleY) / Math.max(scaleX, scaleY) > MAX_EMPTY_SHARE) {
    tell("The network knows wide pictures. Hold the camera sideways, or expect poor lanes.");
  }
}

part("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  target.value = ""; // so that the same file can be opened again
  if (file) openFile(file);
});
part("camera").addEventListener("click", openCamera);
part("play").addEventListener("click", () => (video.paused ? video.play() : video.pause()));
video.addEventListener("play", () => (part("play").textContent = "Pause"));
video.addEventListener("pause", () => (part("play").textContent = "Play"));
part("seek").addEventListener("input", ({ target }) => {
  video.currentTime = target.value * video.duration;
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  stage.classList.add("is-target");
});
addEventListener("dragleave", () => stage.classList.remove("is-target"));
addEventListener("drop", (event) => {
  event.preventDefault();
  stage.classList.remove("is-target");
  const [file] = event.dataTransfer.files;
  if (file && model) openFile(file);
});
