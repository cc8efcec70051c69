"""Several data sets as one: what is in it, how often, and where it lies."""

import json
from collections import Counter
from pathlib import Path

import pytest

from lanedet.datasets import EndlessSampler, LoadImage, MixedDataset, TuSimpleDataset
from lanedet.formats import LabelError
from lanedet.images import read_image, write_image

FIRST, SECOND = "label_data_0313.json", "label_data_0601.json"


def mix(root: Path, *files: str, **arguments: object) -> MixedDataset:
    """Return label files of one tree together, each a part of its own."""
    parts = [
        dict(type=TuSimpleDataset, data_root=root.name, ann_files=name)
        for name in files
    ]
    return MixedDataset(
        data_root=str(root.parent), parts=parts, pipeline=[LoadImage()], **arguments
    )


def names(dataset: MixedDataset) -> list[str]:
    draws = range(len(dataset))
    return [dataset.results_of(draw)["data_samples"].raw_file for draw in draws]


def alone(root: Path, name: str) -> TuSimpleDataset:
    return TuSimpleDataset(data_root=str(root), ann_files=name, pipeline=[LoadImage()])


def test_parts_follow_one_another_as_often_as_is_wanted(scenes_root: Path) -> None:
    first, second = (names(alone(scenes_root, name)) for name in (FIRST, SECOND))
    assert names(mix(scenes_root, FIRST, SECOND)) == first + second
    assert names(mix(scenes_root, FIRST, SECOND, repeats=[2, 1])) == (
        first + first + second
    )


def test_a_shuffled_pass_sees_each_as_often_as_it_is_repeated(
    scenes_root: Path,
) -> None:
    dataset = mix(scenes_root, FIRST, SECOND, repeats=[3, 1])
    draws = iter(EndlessSampler(dataset, seed=0))
    seen = Counter(
        dataset.results_of(next(draws))["data_samples"].raw_file
        for _ in range(len(dataset))
    )
    wanted = dict.fromkeys(names(alone(scenes_root, FIRST)), 3)
    wanted |= dict.fromkeys(names(alone(scenes_root, SECOND)), 1)
    assert seen == wanted


def test_repeats_of_a_frame_are_augmented_apart(scenes_root: Path) -> None:
    dataset = mix(scenes_root, FIRST, repeats=[2])
    half = len(dataset) // 2
    one, other = dataset.results_of(0), dataset.results_of(half)
    assert one["data_samples"].raw_file == other["data_samples"].raw_file
    assert one["rng"].random() != other["rng"].random()


def test_every_part_is_as_strict_as_the_whole(scenes_root: Path) -> None:
    root = scenes_root.parent / "broken labels of a part"
    root.mkdir()
    (root / "clips").symlink_to(scenes_root / "clips")
    whole = (scenes_root / FIRST).read_text()
    (root / FIRST).write_text(whole)
    (root / SECOND).write_text(whole + "no label\n")
    with pytest.raises(LabelError, match=SECOND):
        mix(root, FIRST, SECOND)
    skipping = mix(root, FIRST, SECOND, on_error="skip")
    assert len(skipping) == 2 * len(whole.splitlines())


def test_parts_may_be_copies_of_several_sizes(scenes_root: Path) -> None:
    small = scenes_root.parent / "copies of half the size"
    labels = (scenes_root / FIRST).read_text().splitlines()[:1]
    name = json.loads(labels[0])["raw_file"]
    image = read_image(scenes_root / name)
    height, width = image.shape[:2]
    (small / name).parent.mkdir(parents=True)
    write_image(small / name, image[::2, ::2])
    (small / FIRST).write_text(labels[0] + "\n")
    part = dict(type=TuSimpleDataset, ann_files=FIRST, label_shape=(height, width))
    dataset = MixedDataset(
        data_root=str(small.parent),
        parts=[dict(part, data_root=root.name) for root in (scenes_root, small)],
        pipeline=[LoadImage()],
    )
    last = dataset.results_of(len(dataset) - 1)["data_samples"]
    assert dataset.results_of(0)["data_samples"].ori_shape == (height, width)
    assert last.ori_shape == (height // 2, width // 2)


def test_a_part_must_say_where_it_lies(scenes_root: Path) -> None:
    part = dict(type=TuSimpleDataset, ann_files=FIRST)
    with pytest.raises(ValueError, match="must name its data_root"):
        MixedDataset(data_root=str(scenes_root), parts=[part], pipeline=[])


@pytest.mark.parametrize("repeats", [[1], [1, 0], [1, 1, 1]])
def test_repeats_must_be_one_number_per_part(
    scenes_root: Path, repeats: list[int]
) -> None:
    with pytest.raises(ValueError, match="one number per part, each at least 1"):
        mix(scenes_root, FIRST, SECOND, repeats=repeats)


def test_a_whole_of_nothing_is_refused(scenes_root: Path) -> None:
    with pytest.raises(ValueError, match="at least one data set"):
        mix(scenes_root)
