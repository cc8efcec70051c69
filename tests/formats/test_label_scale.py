import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.datasets import (
    ApplyView,
    BDD100KDataset,
    CULaneDataset,
    LoadImage,
    LoadLaneMask,
    RasterizeLaneMask,
    ToTensors,
    TuSimpleDataset,
)
from lanedet.formats import LabelError
from lanedet.formats.label_scale import LabelScale
from lanedet.ops import StretchView
from lanedet.structures import LaneSample

PIPELINE = [
    dict(type=LoadImage),
    dict(type=ApplyView, view=dict(type=StretchView, input_shape=(60, 100))),
    dict(type=ToTensors),
]
# A label for 1200x600, and images of 300x150: (x + 0.5) / 4 - 0.5.
LABEL_SHAPE = (600, 1200)
LANE = [[401.5, 589.5], [801.5, 309.5]]
SCALED = [[100.0, 147.0], [200.0, 77.0]]


def write_image(path: Path, shape: tuple[int, int] = (150, 300)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.zeros((*shape, 3), np.uint8))


def culane_tree(
    root: Path, lanes: str = "401.5 589.5 801.5 309.5\n", name: str = "a/1"
) -> None:
    write_image(root / f"{name}.jpg")
    (root / f"{name}.lines.txt").write_text(lanes)
    (root / "list").mkdir(exist_ok=True)
    with (root / "list/train_gt.txt").open("a") as file:
        file.write(f"/{name}.jpg\n")


def culane(
    root: Path, label_shape: tuple[int, int] | None = LABEL_SHAPE
) -> CULaneDataset:
    return CULaneDataset(
        data_root=str(root), pipeline=PIPELINE, label_shape=label_shape
    )


def tusimple_tree(root: Path, xs: list[int], rows: list[int], name: str = "1") -> None:
    raw_file = f"clips/0531/{name}/20.jpg"
    write_image(root / raw_file)
    label = {"lanes": [xs], "h_samples": rows, "raw_file": raw_file}
    with (root / "label.json").open("a") as file:
        file.write(json.dumps(label) + "\n")


def tusimple(root: Path, **options: object) -> TuSimpleDataset:
    defaults = {"ann_files": "label.json", "label_shape": LABEL_SHAPE}
    return TuSimpleDataset(data_root=str(root), pipeline=PIPELINE, **defaults | options)


def bdd100k_tree(root: Path) -> None:
    write_image(root / "images/100k/train/a.jpg")
    label = {
        "name": "a",
        "labels": [
            {
                "category": "lane",
                "attributes": {"laneDirection": "parallel"},
                "poly2d": [{"vertices": LANE, "types": "LL", "closed": False}],
            }
        ],
    }
    (root / "labels").mkdir()
    file = root / "labels/bdd100k_labels_images_train.json"
    file.write_text(json.dumps([label]))


def test_labels_of_culane_are_scaled_to_the_image_that_is_there(tmp_path: Path) -> None:
    culane_tree(tmp_path)
    sample = culane(tmp_path)[0]["data_samples"]
    np.testing.assert_allclose(sample.gt_lanes, [SCALED], atol=1e-9)
    assert sample.ori_shape == (150, 300)
    assert sample.label_shape == LABEL_SHAPE


def test_labels_of_tusimple_are_scaled_and_their_rows_stay(tmp_path: Path) -> None:
    tusimple_tree(tmp_path, [400, -2, 800], [590, 450, 310])
    sample = tusimple(tmp_path)[0]["data_samples"]
    expected = (np.array([[400, 590], [800, 310]]) + 0.5) / 4 - 0.5
    np.testing.assert_allclose(sample.gt_lanes, [expected], atol=1e-9)
    assert sample.rows.tolist() == [590, 450, 310]


def test_labels_of_bdd100k_are_scaled(tmp_path: Path) -> None:
    bdd100k_tree(tmp_path)
    dataset = BDD100KDataset(
        data_root=str(tmp_path),
        split="train",
        pipeline=PIPELINE,
        label_shape=LABEL_SHAPE,
    )
    sample = dataset[0]["data_samples"]
    np.testing.assert_allclose(sample.gt_lanes, [SCALED], atol=1e-6)


def test_a_mask_is_scaled_with_its_label(tmp_path: Path) -> None:
    image, mask = tmp_path / "images/a.jpg", tmp_path / "masks/a.png"
    write_image(image)
    pixels = np.zeros(LABEL_SHAPE, np.uint8)
    pixels[:, 400:440] = 255
    mask.parent.mkdir()
    assert cv2.imwrite(str(mask), pixels)
    sample = LaneSample(metainfo={"img_path": str(image), "gt_mask_path": str(mask)})
    sample.gt_lanes = []
    LabelScale(LABEL_SHAPE).apply(sample, "here")
    results = {"data_samples": sample, "rng": np.random.default_rng(0)}
    view = dict(type=StretchView, input_shape=(150, 300))
    for step in (LoadImage(), ApplyView(view), RasterizeLaneMask(4), LoadLaneMask()):
        results = step(results)
    class_map = np.asarray(sample.gt_class_map)
    assert np.flatnonzero(class_map[75]).tolist() == list(range(100, 110))


def test_without_a_label_shape_labels_stay_and_do_not_fit(tmp_path: Path) -> None:
    culane_tree(tmp_path)
    with pytest.raises(ValueError, match="or say that size: label_shape=\\(H, W\\)"):
        culane(tmp_path, None)[0]


def test_a_label_that_does_not_fit_its_size_is_named_with_its_line(
    tmp_path: Path,
) -> None:
    culane_tree(tmp_path, "10 500 20 400\n10 700 20 600\n")
    with pytest.raises(
        LabelError, match=r"1\.lines\.txt:2: .*\(10, 700\), outside .* 1200x600"
    ):
        culane(tmp_path)
    tusimple_tree(tmp_path, [100, 200], [500, 400], "1")
    tusimple_tree(tmp_path, [100, 3000], [500, 400], "2")
    with pytest.raises(LabelError, match=r"label\.json:2: .*\(3000, 400\), outside"):
        tusimple(tmp_path)
    assert len(tusimple(tmp_path, on_error="skip")) == 1


def test_points_a_little_beyond_the_border_are_labels(tmp_path: Path) -> None:
    culane_tree(tmp_path, "-60 600 20 400\n1290 600 1100 400\n")
    assert len(culane(tmp_path)) == 1


def test_images_of_several_sizes_are_refused(tmp_path: Path) -> None:
    tusimple_tree(tmp_path, [100, 200], [500, 400], "1")
    tusimple_tree(tmp_path, [100, 200], [500, 400], "2")
    write_image(tmp_path / "clips/0531/2/20.jpg", (300, 600))
    with pytest.raises(
        LabelError, match=r"label\.json:2: .*600x300, and .* 300x150\. With label_shape"
    ):
        tusimple(tmp_path)


def test_images_of_several_label_files_must_have_one_size_too(tmp_path: Path) -> None:
    tusimple_tree(tmp_path, [100, 200], [500, 400], "1")
    (tmp_path / "label.json").rename(tmp_path / "first.json")
    tusimple_tree(tmp_path, [100, 200], [500, 400], "2")
    files = ["first.json", "label.json"]
    assert len(tusimple(tmp_path, ann_files=files)) == 2
    write_image(tmp_path / "clips/0531/2/20.jpg", (300, 600))
    with pytest.raises(
        LabelError, match=r"\(150, 300\) of .*1/20\.jpg' and \(300, 600\) of"
    ):
        tusimple(tmp_path, ann_files=files)


def test_an_image_that_is_missing_or_broken_gives_no_size(tmp_path: Path) -> None:
    tusimple_tree(tmp_path, [100, 200], [500, 400])
    image = tmp_path / "clips/0531/1/20.jpg"
    image.write_bytes(b"no image")
    with pytest.raises(LabelError, match=r"label\.json:1: the image gives no size"):
        tusimple(tmp_path)
    image.unlink()
    with pytest.raises(LabelError, match=r"label\.json:1: the image gives no size"):
        tusimple(tmp_path)


@pytest.mark.parametrize(("height", "warns"), [(600, False), (611, False), (620, True)])
def test_an_aspect_more_than_two_percent_off_is_told(
    tmp_path: Path, height: int, warns: bool
) -> None:
    culane_tree(tmp_path)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        culane(tmp_path, (height, 1200))
    reported = [str(each.message) for each in found if "aspect" in str(each.message)]
    assert len(reported) == warns
    if warns:
        assert "1200x620, of aspect 1.935" in reported[0]
        assert "300x150, of aspect 2.000" in reported[0]


@pytest.mark.parametrize("shape", [(0, 100), (100,), (1.5, 100), ("1", "2"), (True, 9)])
def test_a_label_shape_must_be_a_size(shape: object) -> None:
    with pytest.raises(ValueError, match=r"label_shape must be \(H, W\)"):
        LabelScale(shape)  # type: ignore[arg-type]


def test_a_list_from_a_config_is_a_size() -> None:
    assert LabelScale([600, 1200]).label_shape == (600, 1200)  # type: ignore[arg-type]


def test_an_image_that_an_exif_tag_turns_is_refused(tmp_path: Path) -> None:
    sample = LaneSample(
        metainfo={
            "img_path": str(tmp_path / "1.jpg"),
            "ori_shape": (300, 150),
            "label_shape": (1200, 600),
        }
    )
    write_image(tmp_path / "1.jpg")
    with pytest.raises(ValueError, match="an EXIF tag turns it"):
        LoadImage()({"data_samples": sample})
