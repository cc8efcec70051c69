from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from lanedet.arrays import ByteArray, FloatArray
from lanedet.formats import culane_rows, sample_culane_lane
from lanedet.simulation import (
    RECIPE,
    Effect,
    Projection,
    render_scene,
    sample_scene,
    scene_lanes,
)
from lanedet.simulation.export.scene_files import (
    SceneCollection,
    decode_scene,
    encode_scene,
)
from lanedet.simulation.roadscenes.fingerprint import (
    Fingerprint,
    fingerprint,
    format_fingerprints,
    parse_fingerprints,
)
from lanedet.simulation.roadscenes.freezing import spread_scenes
from lanedet.simulation.world.scene import Scene

SHAPE = (288, 800)
NUM_SCENES = 600
COLLECTION = SceneCollection(5, SHAPE, "culane")


@cache
def scenes() -> list[Scene]:
    """Scenes as a definition freezes them, of each category."""
    numbers = spread_scenes(COLLECTION, range(NUM_SCENES))
    return [sample_scene(5, number, "culane") for number in numbers]


def go_on(images: Sequence[ByteArray], recipe: Sequence[Effect]) -> list[ByteArray]:
    """Apply further effects. Each has random numbers of its own, whatever precedes."""

    def begin_with(begun: ByteArray) -> Effect:
        return lambda *_: begun.copy()

    return [
        render_scene(scene, SHAPE, (begin_with(image), *recipe))
        for scene, image in zip(scenes(), images, strict=True)
    ]


MARKINGS, NOISE = (
    [effect.__name__ for effect in RECIPE].index(name)
    for name in ("paint_markings", "add_noise")
)


@cache
def begun(first: int) -> list[ByteArray]:
    """The pictures before the markings, or before the noise."""
    if first == NOISE:
        return go_on(begun(MARKINGS), RECIPE[MARKINGS:NOISE])
    return [render_scene(scene, SHAPE, RECIPE[:first]) for scene in scenes()]


@cache
def pictures() -> list[ByteArray]:
    return go_on(begun(NOISE), RECIPE[NOISE:])


def _on_rows(lanes: Sequence[FloatArray]) -> list[FloatArray]:
    return [sample_culane_lane(lane, culane_rows(SHAPE[0])) for lane in lanes]


@cache
def lanes() -> list[list[FloatArray]]:
    return [_on_rows(scene_lanes(each, SHAPE)) for each in scenes()]


@cache
def files() -> list[ByteArray]:
    """The pictures as they are stored."""
    return [decode_scene(encode_scene(image)) for image in pictures()]


def stored(image: ByteArray, lanes: Sequence[FloatArray]) -> Fingerprint:
    return fingerprint(decode_scene(encode_scene(image)), lanes)


@cache
def originals() -> list[Fingerprint]:
    return list(map(fingerprint, files(), lanes()))


def differences(images: Iterable[ByteArray]) -> list[str]:
    """What is noticed, scene by scene, of pictures that are drawn otherwise."""
    return [
        stored(image, those).difference(original)
        for image, those, original in zip(images, lanes(), originals(), strict=True)
    ]


def test_a_picture_goes_on_as_if_drawn_at_once() -> None:
    assert np.array_equal(pictures()[7], render_scene(scenes()[7], SHAPE))


def test_means_edges_and_lanes_by_hand() -> None:
    image = np.zeros((50, 60, 3), np.uint8)
    image[:10, :10] = 255
    found = fingerprint(image, [np.array([[30.0, 40.0], [15.0, 25.0], [15.0, 10.0]])])
    assert found.grey == (255, *[0] * 29, 128, 128)
    # Ten steps of 255 to the right and ten down, of 100 pixels: 255 * sqrt(0.1).
    assert found.edges == (255, *[0] * 29)
    assert found.lanes == ((2048, 1024, 1024, 3277, 819),)


def test_edges_by_hand() -> None:
    image = np.zeros((50, 60, 3), np.uint8)
    image[:, ::2] = 10  # a step of 10 to the right everywhere, none down
    edges = fingerprint(image, []).edges
    assert set(edges[:5]) == {round(4 * 10 / np.sqrt(2))}


def test_scenes_of_each_category_from_the_first_to_the_last() -> None:
    numbers = spread_scenes(COLLECTION, range(NUM_SCENES))
    of_category: dict[str | None, list[int]] = {}
    for number, scene in zip(numbers, scenes(), strict=True):
        of_category.setdefault(scene.category, []).append(number)
    assert len(of_category) == 9
    assert {len(those) for those in of_category.values()} == {3}
    assert (numbers[0], numbers[-1]) == (0, NUM_SCENES - 1)
    assert spread_scenes(SceneCollection(5, SHAPE), range(9)) == [0, 4, 8]
    assert spread_scenes(COLLECTION, []) == []


@pytest.mark.parametrize("num_channels", [1, 3])
def test_a_grey_level_anywhere_is_tolerated(num_channels: int) -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(-1, 2, (*SHAPE, num_channels), np.int16)
    changed = [np.clip(image + levels, 0, 255) for image in pictures()]
    assert set(differences(image.astype(np.uint8) for image in changed)) == {""}


def rounding(share: float, number: int) -> Effect:
    """Change a share of the values by a grey level up or down."""

    def change(image: ByteArray, projection: Projection) -> ByteArray:
        rng, values = projection.rng(f"round_{number}"), image.reshape(-1)
        places = rng.integers(values.size, size=round(share * values.size))
        steps = rng.choice(np.array([-1, 1], np.int16), places.size)
        values[places] = np.clip(values[places] + steps, 0, 255)
        return values.reshape(image.shape)

    return change


def test_rounding_in_each_effect_is_tolerated() -> None:
    recipe = [
        each
        for number, effect in enumerate(RECIPE)
        for each in (effect, rounding(0.002, number))
    ]
    for index in range(0, len(scenes()), 3):
        drawn = render_scene(scenes()[index], SHAPE, recipe)
        assert not np.array_equal(drawn, pictures()[index])
        assert stored(drawn, lanes()[index]).difference(originals()[index]) == ""


@pytest.mark.parametrize(
    ("effect", "num_noticed"),
    [
        # Where it is worn away or there is none, nothing changes; three in nine.
        ("paint_markings", 15),
        # Most of these cameras have next to none.
        ("add_noise", 2),
        ("compress_jpeg", 3),
        ("compress_video", 4),
    ],
)
def test_what_is_left_out_is_noticed(effect: str, num_noticed: int) -> None:
    first = MARKINGS if effect == "paint_markings" else NOISE
    recipe = [each for each in RECIPE[first:] if each.__name__ != effect]
    assert len(recipe) == len(RECIPE) - first - 1
    found = differences(go_on(begun(first), recipe))
    assert sum(map(bool, found)) >= num_noticed


@pytest.mark.parametrize("shift", [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0), (0.7, 0.0)])
def test_moved_labels_are_noticed(shift: tuple[float, float]) -> None:
    for file, those, original in zip(files(), lanes(), originals(), strict=True):
        moved = [lane + np.array(shift) for lane in those]
        noticed = fingerprint(file, moved).difference(original)
        assert ("a lane lies" in noticed) == bool(original.lanes)
    assert sum(bool(each.lanes) for each in originals()) >= 20


def test_labels_may_be_rounded() -> None:
    for file, those, original in zip(files(), lanes(), originals(), strict=True):
        rounded = [np.round(lane, 1) for lane in those]
        assert fingerprint(file, rounded).difference(original) == ""


def test_a_lane_more_a_lane_less_and_a_shorter_lane() -> None:
    index = next(i for i, each in enumerate(originals()) if len(each.lanes) == 3)
    image, original = pictures()[index], originals()[index]
    three = lanes()[index]
    assert stored(image, three[1:]).difference(original) == "it has 2 lanes, not 3"
    more = stored(image, [*three, three[0]])
    assert more.difference(original) == "it has 4 lanes, not 3"
    assert stored(image, []).difference(original) == "it has 0 lanes, not 3"
    shorter = [three[0][:-1], *three[1:]]
    assert "a lane lies" in stored(image, shorter).difference(original)
    point = stored(image, [*three, three[0][:1]])
    assert point == original, "one point is no label"


def test_another_camera_and_another_tint_are_noticed() -> None:
    turned = replace(scenes()[0], camera=replace(scenes()[0].camera, yaw_rad=0.05))
    moved = _on_rows(scene_lanes(turned, SHAPE))
    again = stored(render_scene(turned, SHAPE), moved)
    assert again.difference(originals()[0]).count(",") == 2
    warm = np.array([1.1, 1.0, 0.9])
    tinted = differences(
        np.clip(image * warm, 0, 255).astype(np.uint8) for image in pictures()
    )
    assert sum("means differ" in each for each in tinted) >= 20


def test_lines_and_back() -> None:
    lane = (1, 2, 4095, 0, 16)
    some = {
        3: replace(originals()[0], lanes=(lane,) * 4),
        41: replace(originals()[1], lanes=()),
        9999: replace(originals()[2], lanes=(lane,) * 5),
    }
    lines = format_fingerprints(some)
    assert len(lines) == 9
    assert lines[-1] == "9999 lanes " + ".".join(["001002fff000010"] * 5)
    assert parse_fingerprints(lines) == some
    assert parse_fingerprints([]) == {}


@pytest.mark.parametrize(
    "line", ["0", "0 " + "9e" * 35, "x grey 00", "0 grey 00 00", ""]
)
def test_what_is_no_line(line: str) -> None:
    with pytest.raises(ValueError, match="A line of a fingerprint must be a scene's"):
        parse_fingerprints([line])


@pytest.mark.parametrize(
    ("part", "digits"),
    [
        ("grey", "00"),
        ("grey", "zz" * 32),
        ("edges", "00" * 31),
        ("lanes", "123"),
        ("lanes", "1" * 15 + "." + "1" * 14),
        ("lanes", "x" * 15),
        ("gray", "00"),
    ],
)
def test_what_is_no_fingerprint(part: str, digits: str) -> None:
    lines = format_fingerprints({7: originals()[0]})
    others = [line for line in lines if f" {part} " not in line]
    with pytest.raises(ValueError, match="of scene 7 must have a line grey of 64 hexa"):
        parse_fingerprints([*others, f"7 {part} {digits}"])
    with pytest.raises(ValueError, match="Scene 7 must have one line edges, got two"):
        parse_fingerprints([*lines, lines[1]])
    with pytest.raises(ValueError, match="of scene 7 must have"):
        parse_fingerprints(lines[1:])
