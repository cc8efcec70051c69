"""Which processor the page computes on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route

GRAPHICS = "**/onnxruntime/ort.webgpu.bundle.min.mjs"
PROGRAM = """
export const env = { wasm: {} };
export class Tensor {}
const run = async () => {
  await new Promise((done) => setTimeout(done, MILLISECONDS));
  return { rows: { data: new Float32Array(ROWS) } };
};
const session = { inputNames: ["images"], outputNames: ["rows"], run };
export const InferenceSession = { create: async () => session };
"""
TRY = """async (adapter) => {
  const gpu = { requestAdapter: async () => adapter };
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  const { LaneFinder } = await import("/finder.js");
  const session = { inputNames: ["images"], outputNames: ["rows"] };
  session.run = async () => {
    await new Promise((done) => setTimeout(done, 20));
    return { rows: { data: new Float32Array([10, 20]) } };
  };
  const finder = Object.assign(new LaneFinder(), {
    folder: new URL("/", location),
    network: new ArrayBuffer(1),
    ort: { Tensor: class {} },
    session,
    view: { inputHeight: 1, inputWidth: 1, place: [0, 1, 0, 1] },
    input: new Uint8Array(3),
    runtime: "WebAssembly",
  });
  await finder.tryGraphics();
  const { rows } = await finder.run(finder.ort, finder.session);
  return [finder.runtime, [...rows]];
}"""


@pytest.fixture
def page(modules: Page) -> Iterator[Page]:
    """A page of its own, as a module that was imported stays what it was."""
    opened = modules.context.new_page()
    opened.goto(modules.url)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("adapter", "milliseconds", "rows", "expected"),
    [
        ({}, 0, [10.01, 20], ["WebGPU", [10.01, 20]]),
        ({}, 60, [10, 20], ["WebAssembly", [10, 20]]),
        ({}, 0, [10.5, 20], ["WebAssembly", [10, 20]]),
        ({"isFallbackAdapter": True}, 0, [10, 20], ["WebAssembly", [10, 20]]),
        (None, 0, [10, 20], ["WebAssembly", [10, 20]]),
    ],
    ids=["faster", "slower", "other rows", "by software", "none"],
)
def test_graphics_take_over_where_they_find_the_same_in_less_time(
    page: Page,
    adapter: dict[str, bool] | None,
    milliseconds: int,
    rows: list[float],
    expected: list[object],
) -> None:
    program = PROGRAM.replace("MILLISECONDS", str(milliseconds))
    program = program.replace("ROWS", str(rows))

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=program)

    page.route(GRAPHICS, answer)
    runtime, found = page.evaluate(TRY, adapter)
    assert [runtime, pytest.approx(found, abs=1e-5)] == expected


def test_a_faulty_driver_leaves_the_processor_at_work(page: Page) -> None:
    page.route(GRAPHICS, lambda route: route.fulfill(status=404))
    assert page.evaluate(TRY, {}) == ["WebAssembly", [10, 20]]
