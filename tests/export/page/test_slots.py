import numpy as np
from playwright.sync_api import Page

from lanedet.ops import slot_name, slots_under_camera
from lanedet.visualization.draw import slot_color

SLOTS = """async (cases) => {
    const { slotsUnderCamera } = await import("/slots.js");
    return cases.map(([lanes, slots]) => slotsUnderCamera(lanes, slots, 720, 6));
}"""
NAMES = """async (counts) => {
    const { slotName } = await import("/slots.js");
    const { slotColor } = await import("/draw.js");
    return counts.map((count) => Array.from({ length: count }, (_, slot) =>
        [slotName(slot, count), slotColor(slot, count)]));
}"""


def test_slots_are_dealt_as_in_python(modules: Page) -> None:
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(200):
        slots = np.sort(rng.choice(6, rng.integers(0, 6), replace=False)).tolist()
        lanes = []
        for _slot in slots:
            ys = np.linspace(*rng.uniform((400, 200), (720, 390)), rng.integers(2, 9))
            xs = rng.uniform(0, 1280) + rng.uniform(-2, 2) * (ys - ys[0])
            lanes.append(np.stack([xs + rng.normal(0, 2, len(ys)), ys], axis=1))
        cases.append((lanes, slots))
    answers = modules.evaluate(
        SLOTS, [[[lane.tolist() for lane in lanes], slots] for lanes, slots in cases]
    )
    wanted = [slots_under_camera(lanes, slots, 720, 6) for lanes, slots in cases]
    assert answers == wanted
    moved = [slots != dealt for (_, slots), dealt in zip(cases, wanted, strict=True)]
    assert sum(moved) > 20


def test_names_and_colours_are_those_of_python(modules: Page) -> None:
    counts = [1, 4, 5, 6, 12]
    for count, named in zip(counts, modules.evaluate(NAMES, counts), strict=True):
        for slot, (name, color) in enumerate(named):
            assert name == slot_name(slot, count)
            assert color == "#{:02x}{:02x}{:02x}".format(*slot_color(slot, count))
