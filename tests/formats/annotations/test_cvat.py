import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lanedet.formats import LabelError
from lanedet.formats.annotations import (
    check_cvat_name,
    read_annotations,
    read_cvat,
    write_cvat,
)
from lanedet.formats.annotations.pictures import Archive

LANE = '<polyline label="lane" points="10.5,80.5;60.5,20.5"/>'
IMAGES = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><original_size><width>5</width></original_size></task></meta>
  <image id="0" name="a.jpg" width="160" height="90">
    <polyline label="lane" source="manual" occluded="0" points="10.5,80.5;60.5,20.5"
        z_order="0"><attribute name="color">white</attribute></polyline>
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


def project(*items: str, tasks: str = "") -> str:
    """A project's file, with the fields that CVAT 2 writes."""
    return (
        f"<annotations><meta><project><id>1</id><tasks>{tasks}</tasks></project></meta>"
        f"{''.join(items)}</annotations>"
    )


def task(
    number: int,
    subset: str,
    mode: str = "interpolation",
    size: str = "160x90",
    length: str = "",
) -> str:
    width, height = size.split("x")
    return (
        f"<task><id>{number}</id>{length}<mode>{mode}</mode><subset>{subset}</subset>"
        f"<segments><segment><id>7</id><start>0</start></segment></segments>"
        f"<original_size><width>{width}</width><height>{height}</height>"
        "</original_size><source>drive.mp4</source></task>"
    )


def track(number: int, subset: str | None, x: float, *frames: int) -> str:
    of_subset = "" if subset is None else f' subset="{subset}"'
    shapes = "".join(
        f'<polyline frame="{frame}" outside="0" points="{x},80.5;60.5,20.5"/>'
        for frame in frames
    )
    return f'<track id="0" label="lane" task_id="{number}"{of_subset}>{shapes}</track>'


def place(pictures: Path, *names: str) -> None:
    for name in names:
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / "b.png", pictures / name)


VIDEOS = project(
    track(3, "train", 10.5, 0, 1),
    track(4, "val", 20.5, 0),
    tasks=task(3, "train") + task(4, "val"),
)


def starts(samples: list) -> dict[str, list[float]]:
    return {s.raw_file: [lane[0, 0] for lane in s.gt_lanes] for s in samples}


@pytest.mark.parametrize("has_subset", [True, False], ids=["in tracks", "in tasks"])
def test_videos_of_a_project_are_kept_apart(pictures: Path, has_subset: bool) -> None:
    text = VIDEOS
    if not has_subset:
        text = text.replace(' subset="train"', "").replace(' subset="val"', "")
    frames = ("train/frame_000000", "train/frame_000001", "val/frame_000000")
    place(pictures, *(f"images/{name}.PNG" for name in frames))
    found = read_annotations(write(pictures, text), read_cvat)
    assert starts(found.samples) == {
        "train/frame_000000.PNG": [10],
        "train/frame_000001.PNG": [10],
        "val/frame_000000.PNG": [20],
    }
    images = pictures / "images"
    assert len(read_annotations(pictures, read_cvat, pictures=images).samples) == 3


def test_a_folder_of_one_subset_gives_its_frames_alone(pictures: Path) -> None:
    place(pictures, "images/val/frame_000000.png", "images/val/frame_000001.png")
    path, val = write(pictures, VIDEOS), pictures / "images" / "val"
    with pytest.raises(
        LabelError, match=r"no picture 'train/frame_000000' in .*'train'"
    ):
        read_annotations(path, read_cvat, pictures=val)
    found = read_annotations(path, read_cvat, pictures=val, on_error="skip")
    assert starts(found.samples) == {"val/frame_000000.png": [20]}


@pytest.mark.parametrize(
    "frames", [(0, 0), (0, 1)], ids=["colliding numbers", "other numbers"]
)
def test_frames_outside_their_subsets_are_ambiguous(
    pictures: Path, frames: tuple[int, int]
) -> None:
    place(pictures, "images/frame_000000.png", "frame_000001.png")
    text = project(track(3, "train", 10, frames[0]), track(4, "val", 20, frames[1]))
    with pytest.raises(LabelError, match="holds several tasks"):
        read_annotations(write(pictures, text), read_cvat)


SHARED = r"'frame_000000' of subset 'train' may be of the tasks 3, 14, which share its "


@pytest.mark.parametrize(
    "length",
    [
        "<size>1</size>",
        "<size>1</size><start_frame>0</start_frame><stop_frame>0</stop_frame>",
        "<stop_frame>0</stop_frame>",
    ],
)
def test_two_videos_of_one_subset_share_their_numbers(
    pictures: Path, length: str
) -> None:
    place(pictures, "images/train/frame_000000.png", "images/train/frame_000001.png")
    tasks = task(3, "train", length="<size>2</size>")
    tasks += task(14, "train", length=length)
    text = project(track(3, "train", 10, 0, 1), track(14, "train", 20, 0), tasks=tasks)
    path = write(pictures, text)
    expected = f"{SHARED}number. Export the tasks one at a time, or give each a subset"
    with pytest.raises(LabelError, match=expected):
        read_annotations(path, read_cvat)
    # The second has one frame, so that the other one is of the first.
    found = read_annotations(path, read_cvat, on_error="skip")
    assert starts(found.samples) == {"train/frame_000001.png": [9.5]}
    assert len(found.faults) == 2


@pytest.mark.parametrize("length", ["", "<size>9</size>", "<stop_frame>1</stop_frame>"])
def test_a_frame_without_lanes_may_be_of_the_other_video_too(
    pictures: Path, length: str
) -> None:
    place(pictures, "images/train/frame_000000.png", "images/train/frame_000001.png")
    tasks = task(3, "train") + task(14, "train", length=length)
    text = project(track(3, "train", 10, 1), tasks=tasks)
    with pytest.raises(LabelError, match="may be of the tasks 3, 14"):
        read_annotations(write(pictures, text), read_cvat)
    # With subsets of their own they share nothing.
    text = project(
        track(3, "train", 10, 1),
        tasks=task(3, "train") + task(14, "val", length=length),
    )
    found = read_annotations(write(pictures, text), read_cvat)
    assert starts(found.samples) == {"train/frame_000001.png": [9.5]}


def test_two_tasks_of_one_subset_with_equal_names(pictures: Path) -> None:
    place(pictures, "images/train/a.png", "images/train/b.png")
    text = project(
        *(image("a.png", "train"), image("A.png", "train", 4)),
        *(image("b.png", "train"), image("c/b.png", "train", 4)),
    )
    place(pictures, "images/train/c/b.png")
    path = write(pictures, text)
    with pytest.raises(
        LabelError, match=r"'a.png' of subset .* tasks 3, 4, which share its name"
    ):
        read_annotations(path, read_cvat)
    found = read_annotations(path, read_cvat, on_error="skip")
    assert [s.raw_file for s in found.samples] == ["train/b.png", "train/c/b.png"]


def test_tracks_that_do_not_say_their_task(pictures: Path) -> None:
    place(pictures, "images/frame_000000.png")
    one = track(3, None, 10, 0).replace(' task_id="3"', "")
    text = project(one, tasks=task(3, "train") + task(4, "val"))
    with pytest.raises(LabelError, match=r"must say of which task .* holds 2"):
        read_annotations(write(pictures, text), read_cvat)
    place(pictures, "images/train/frame_000000.png")
    path = write(pictures, project(one, tasks=task(3, "train")))
    assert starts(read_annotations(path, read_cvat).samples) == {
        "train/frame_000000.png": [9.5]
    }


def test_each_task_has_a_size_of_its_own(pictures: Path) -> None:
    place(pictures, "images/train/frame_000000.png", "images/val/frame_000000.png")
    tasks = task(3, "train") + task(4, "val", size="160x91")
    text = project(track(3, "train", 10, 0), track(4, "val", 20, 0), tasks=tasks)
    with pytest.raises(LabelError, match=r"picture of 160x91, but .*val"):
        read_annotations(write(pictures, text), read_cvat)


def image(name: str, subset: str, task_id: int = 3) -> str:
    return (
        f'<image name="{name}" subset="{subset}" task_id="{task_id}" width="160" '
        f'height="90">{LANE}</image>'
    )


def test_pictures_of_a_project_have_their_subset_in_their_names(pictures: Path) -> None:
    text = project(image("b.png", "train"), image("b.png", "val", 4))
    place(pictures, "images/train/b.png", "val/b.png")
    found = read_annotations(write(pictures, text), read_cvat)
    assert [sample.raw_file for sample in found.samples] == ["train/b.png", "val/b.png"]
    assert [Path(sample.img_path).parent.name for sample in found.samples] == [
        "train",
        "val",
    ]


def test_pictures_with_names_of_their_own_may_lie_in_one_folder(pictures: Path) -> None:
    text = project(image("a.jpg", "train"), image("b.png", "val", 4))
    found = read_annotations(write(pictures, text), read_cvat)
    assert [s.raw_file for s in found.samples] == ["train/a.jpg", "val/b.png"]
    text = project(image("b.png", "train"), image("b.png", "val", 4))
    with pytest.raises(LabelError, match="must lie in a folder 'train'"):
        read_annotations(write(pictures, text), read_cvat)


def test_a_subset_leads_nowhere_else(pictures: Path) -> None:
    text = project(image("b.png", "../../day"), image("b.png", "/etc", 4))
    place(pictures, "day/b.png", "etc/b.png")
    found = read_annotations(write(pictures, text), read_cvat)
    assert [s.raw_file for s in found.samples] == ["day/b.png", "etc/b.png"]


@pytest.mark.parametrize("kind", ["task", "job"])
def test_frames_of_a_task_of_pictures_have_no_names(pictures: Path, kind: str) -> None:
    place(pictures, "images/frame_000000.png", "images/frame_000001.png")
    meta = f"<meta><{kind}><id>3</id><mode>annotation</mode></{kind}></meta>"
    text = VIDEO.format(height=90).replace("<annotations>", f"<annotations>{meta}", 1)
    text = text[: text.index("<meta><task><ori")] + text[text.index("<track") :]
    with pytest.raises(LabelError, match=r"Export the task as 'CVAT for images 1\.1'"):
        read_annotations(write(pictures, text), read_cvat)
    shutil.rmtree(pictures / "images")
    text = VIDEO.format(height=90)
    with pytest.raises(
        LabelError, match=r"If .* is one of pictures, export it as 'CVAT"
    ):
        read_annotations(write(pictures, text), read_cvat)


class TestZip:
    @pytest.fixture
    def export(self, pictures: Path, tmp_path: Path) -> Path:
        """What CVAT exports, and what a Mac adds when it is packed again."""
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("export/annotations.xml", IMAGES)
            for name in ("a.jpg", "day/c.jpg"):
                archive.write(pictures / name, f"export/images/{name}")
            archive.writestr("__MACOSX/export/._annotations.xml", b"\0\5\x16\7")
            archive.writestr("__MACOSX/export/images/._a.jpg", b"\0\5\x16\7")
        return path

    def test_is_read_in_place(self, export: Path, pictures: Path) -> None:
        found = read_annotations(export, read_cvat, labels="lane")
        (sample,) = found.samples
        assert sample.raw_file == "a.jpg"
        assert sample.ori_shape == (90, 160)
        assert sample.picture.read_bytes() == (pictures / "a.jpg").read_bytes()
        assert [other.raw_file for other in found.empty] == ["day/c.jpg"]
        names = [path.name for path in export.parent.iterdir()]
        assert sorted(names) == ["export.zip", "pictures"]

    def test_pictures_elsewhere(self, export: Path, pictures: Path) -> None:
        found = read_annotations(export, read_cvat, pictures=pictures)
        assert found.samples[0].img_path == str(pictures / "a.jpg")

    def test_no_pictures_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("annotations.xml", IMAGES)
        with pytest.raises(LabelError, match=r"no picture 'a\.jpg' in .*of '.*zip'"):
            read_annotations(path, read_cvat)

    def test_another_program_s(self, tmp_path: Path) -> None:
        path = tmp_path / "backup.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("task.json", "{}")
        with pytest.raises(LabelError, match=r"must hold one annotations\.xml, got 0"):
            read_annotations(path, read_cvat)

    def test_what_unpacks_to_too_much(self, export: Path) -> None:
        with (
            pytest.raises(LabelError, match=r"at most 100 bytes when it is unpacked"),
            Archive(export).open("export/images/a.jpg", max_bytes=100),
        ):
            pass

    def test_what_is_packed_too_densely(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("annotations.xml", b"\n" * (1 << 25))
        with pytest.raises(LabelError, match=r"at most .* bytes when it is unpacked"):
            read_annotations(path, read_cvat)

    def test_damaged(self, export: Path) -> None:
        whole = export.read_bytes()
        place = whole.index(b"export/images/a.jpg") + 60
        export.write_bytes(whole[:place] + b"\xff" * 8 + whole[place + 8 :])
        with pytest.raises(LabelError, match=r"cannot be read out of the ZIP file"):
            read_annotations(export, read_cvat)


@pytest.mark.parametrize("encoding", ["hex", "rot13", "zip", "klingon", "idna"])
def test_an_encoding_that_is_none(pictures: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><annotations/>'
    with pytest.raises(LabelError, match=r"cannot be read|not valid XML"):
        read_annotations(write(pictures, text), read_cvat)


@pytest.mark.parametrize("place", ["<name>{}</name>", "<mode>{}</mode>", "<!--{}-->"])
def test_a_long_text_is_passed_over(pictures: Path, place: str) -> None:
    # Quadratic in the length, 4 MB took 71 s.
    text = IMAGES.replace("<task>", f"<task>{place.format('ab&amp;' * 100_000)}")
    assert read_annotations(write(pictures, text), read_cvat).num_lanes == 2


@pytest.mark.parametrize(
    ("text", "match"),
    [
        pytest.param(one_image("", "a" * 5000), "one that a file can have", id="name"),
        pytest.param(
            one_image("", "a" * 300), "no picture 'aaa", id="longer than files"
        ),
        pytest.param(
            one_image(LANE.replace("10.5,", "1,2;" * 100_000)),
            "at most 100,000 points",
            id="points",
        ),
        pytest.param("<a>" * 100_000, "not valid XML", id="depth"),
        pytest.param(
            VIDEO.format(height=90).replace('frame="0"', f'frame="{"9" * 5000}"'),
            "needs a frame, got '9999",
            id="frame",
        ),
        pytest.param(VIDEO.format(height="9" * 5000), "no picture 'frame", id="size"),
    ],
)
def test_what_is_too_large_is_said(pictures: Path, text: str, match: str) -> None:
    with pytest.raises(LabelError, match=match) as caught:
        read_annotations(write(pictures, text), read_cvat)
    assert len(str(caught.value)) < 1000


def test_names_that_xml_cannot_hold(pictures: Path) -> None:
    write(pictures, one_image(LANE))
    (one, other) = read_annotations(pictures, read_cvat).samples
    other.set_metainfo({"img_path": one.img_path})
    with pytest.raises(ValueError, match="a name of its own"):
        write_cvat([one, other], pictures)
    one.set_metainfo({"img_path": os.fsdecode(b"/x/\xe9.jpg")})
    before = (pictures / "annotations.xml").read_bytes()
    with pytest.raises(ValueError, match="Unicode text"):
        write_cvat([one], pictures)
    assert (pictures / "annotations.xml").read_bytes() == before
    check_cvat_name("12:30 \U0001f697<&\t.mp4")
