from pathlib import Path

import numpy as np
import pytest

from lanedet.datasets import LabelError
from lanedet.datasets.annotations import read_annotations, read_cvat, write_cvat

LANE = '<polyline label="lane" points="10.5,80.5;60.5,20.5"/>'
IMAGES = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><original_size><width>5</width></original_size></task></meta>
  <image id="0" name="a.jpg" width="160" height="90">
    <polyline label="lane" source="manual" occluded="0" points="10.5,80.5;60.5,20.5"
        z_order="0"><attribute name="colour">white</attribute></polyline>
    <polyline label="kerb" points="1,2;3,4"></polyline>
    <box label="car" xtl="1" ytl="2" xbr="3" ybr="4"/>
  </image>
  <image id="1" name="day/c.jpg" width="160" height="90">
  </image>
</annotations>
"""
VIDEO = """<annotations>
  <meta><task><original_size><width>160</width><height>{height}</height></original_size>
  </task></meta>
  <track id="0" label="lane">
    <polyline frame="0" outside="0" keyframe="1" points="10.5,80.5;60.5,20.5"/>
    <polyline frame="1" outside="0" keyframe="0" points="11.5,80.5;61.5,20.5"/>
    <polyline frame="2" outside="1" keyframe="1" points="11.5,80.5;61.5,20.5"/>
  </track>
  <track id="1" label="lane">
    <polyline frame="1" outside="0" points="100.5,80.5;80.5,20.5"/>
  </track>
</annotations>
"""


def write(pictures: Path, text: str) -> Path:
    path = pictures / "annotations.xml"
    path.write_text(text)
    return path


def one_image(shapes: str, name: str = "a.jpg", size: str = "90") -> str:
    image = f'<image name="{name}" width="160" height="{size}">\n{shapes}\n</image>'
    return f'<annotations>{image}\n<image name="b.png">{LANE}</image></annotations>'


def test_lanes_in_pixel_centres(pictures: Path) -> None:
    write(pictures, IMAGES)
    found = read_annotations(pictures, read_cvat, labels=["lane"])
    (sample,) = found.samples
    assert sample.raw_file == "a.jpg"
    np.testing.assert_array_equal(sample.gt_lanes[0], [[10, 80], [60, 20]])
    assert [sample.raw_file for sample in found.empty] == ["day/c.jpg"]
    assert found.others == {"polyline 'kerb'": 1, "box": 1}
    assert read_annotations(pictures, read_cvat).num_lanes == 2


def test_tracks_of_a_video(pictures: Path) -> None:
    path = write(pictures, VIDEO.format(height=90))
    images = pictures / "images"
    images.mkdir()
    for number, name in enumerate(("a.jpg", "b.png")):
        suffix = Path(name).suffix.upper() if number else ".jpg"
        (pictures / name).rename(images / f"frame_{number:06d}{suffix}")
    found = read_annotations(path, read_cvat)
    assert [s.raw_file for s in found.samples] == [
        "frame_000000.jpg",
        "frame_000001.PNG",
    ]
    assert [len(s.gt_lanes) for s in found.samples] == [1, 2]
    write(pictures, VIDEO.format(height=91))
    with pytest.raises(LabelError, match="picture of 160x91"):
        read_annotations(path, read_cvat)


BROKEN = [
    pytest.param(one_image("", "none.jpg"), "no picture 'none.jpg'", id="no picture"),
    pytest.param(one_image("", size="91"), "picture of 160x91", id="size"),
    pytest.param(one_image("", "../.."), "must have a name", id="no name"),
    pytest.param(
        one_image(LANE.replace("10.5,", "")),
        r"annotations\.xml:2: points must read 'x,y;x,y'",
        id="half a point",
    ),
    pytest.param(
        one_image(LANE.replace("10.5", "nan")), "xml:2: .* finite", id="not finite"
    ),
    pytest.param(
        one_image(LANE.replace(";60.5,20.5", "")), "two points", id="one point"
    ),
]


@pytest.mark.parametrize(("text", "match"), BROKEN)
def test_broken_images(pictures: Path, text: str, match: str) -> None:
    path = write(pictures, text)
    with pytest.raises(LabelError, match=match):
        read_annotations(path, read_cvat)
    found = read_annotations(path, read_cvat, on_error="skip")
    assert [sample.raw_file for sample in found.samples] == ["b.png"]
    assert len(found.faults) == 1


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>
<annotations><image name="&lol2;"/></annotations>"""


@pytest.mark.parametrize(
    ("text", "match"),
    [
        pytest.param("<a>\n<b>", r"annotations\.xml:2: not valid XML", id="cut off"),
        pytest.param("<a/>", "CVAT for images 1.1", id="another format"),
        pytest.param(BOMB, "this XML cannot be read", id="entities"),
        pytest.param(
            VIDEO.format(height=90).replace('frame="0"', 'frame="x"'),
            r"annotations\.xml:5: a track's shape needs a frame, got 'x'",
            id="no frame",
        ),
    ],
)
def test_broken_files(pictures: Path, text: str, match: str) -> None:
    with pytest.raises(LabelError, match=match):
        read_annotations(write(pictures, text), read_cvat)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No CVAT file"):
        read_annotations(tmp_path, read_cvat)


def test_round_trip(pictures: Path) -> None:
    write(pictures, one_image(LANE))
    samples = read_annotations(pictures, read_cvat).samples
    samples[0].gt_lanes = [*samples[0].gt_lanes, np.array([[1.25, 80.0], [3.0, 2.5]])]
    write_cvat(samples, pictures)
    again = read_annotations(pictures, read_cvat).samples
    for one, other in zip(samples, again, strict=True):
        assert one.ori_shape == other.ori_shape
        for lane, same in zip(one.gt_lanes, other.gt_lanes, strict=True):
            np.testing.assert_allclose(lane, same)
