"""What all trees of scenes share, whatever their format."""

import json
import subprocess
import sys
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from filelock import FileLock

from lanedet import __version__
from lanedet.datasets.checks import check_bdd100k, check_culane, check_tusimple
from lanedet.formats import (
    read_bdd100k_labels,
    read_culane_labels,
    read_tusimple_labels,
)
from lanedet.formats.label_faults import LabelFaults
from lanedet.simulation import TREE_FORMATS, write_scene_tree
from lanedet.simulation.export.culane import LISTS
from lanedet.simulation.export.scene_files import PROVENANCE_FILE, drawing_code
from lanedet.simulation.export.scene_tree import CATEGORIES_FILE
from lanedet.simulation.sampling.categories import CULANE_FRAMES
from lanedet.structures import LaneSample

pytestmark = pytest.mark.usefixtures("scenes_drawn_once")

SHAPE = (90, 160)
CHECKS = {"tusimple": check_tusimple, "culane": check_culane, "bdd100k": check_bdd100k}


def read_tusimple(root: Path) -> list[LaneSample]:
    files = TREE_FORMATS["tusimple"].shares
    return [each for name in files for each in read_tusimple_labels(root / name, root)]


def read_culane(root: Path) -> list[LaneSample]:
    return [
        each
        for list_file in LISTS.values()
        for each in read_culane_labels(root / list_file, root, LabelFaults())
    ]


def read_bdd100k(root: Path) -> list[LaneSample]:
    return [
        each
        for folder in ("train", "val", "test")
        for each in read_bdd100k_labels(
            root / "labels/100k" / folder,
            root / "images/100k" / folder,
            LabelFaults(),
        )
    ]


READERS = {"tusimple": read_tusimple, "culane": read_culane, "bdd100k": read_bdd100k}
LABELS = [
    (name, label) for name, layout in TREE_FORMATS.items() for label in layout.labels
]


@pytest.fixture(scope="module", params=TREE_FORMATS)
def tree_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def tree(tree_format: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(tree_format)
    write(root, tree_format)
    return root


def write(root: Path, tree_format: str, **options: int) -> dict[str, int]:
    arguments = {"num_scenes": 12, "seed": 4, **options}
    return write_scene_tree(
        root, shape=SHAPE, category="culane", tree_format=tree_format, **arguments
    )


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def complete(root: Path, tree_format: str) -> bool:
    return (root / TREE_FORMATS[tree_format].labels[-1]).exists()


def test_the_check_of_data_sets_finds_nothing_wrong(
    tree: Path, tree_format: str
) -> None:
    report = CHECKS[tree_format](tree, True)
    assert report.is_complete, report.lines()
    found = {count.what: count.found for count in report.counts}
    assert sum(n for what, n in found.items() if "lanes" not in what) >= 11


def test_workers_do_not_change_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    num_scenes = 9  # workers get eight at a time
    write(one, "culane", num_scenes=num_scenes)
    workers = []
    start = SpawnProcess.start

    def count(process: SpawnProcess) -> None:
        workers.append(process)
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", count)
    write(two, "culane", num_scenes=num_scenes, num_workers=2)
    assert contents(one) == contents(two)
    assert len(workers) == 2


def test_the_tree_says_how_it_was_made(tree: Path, tree_format: str) -> None:
    assert json.loads((tree / PROVENANCE_FILE).read_text()) == {
        "format": tree_format,
        "num": 12,
        "seed": 4,
        "size": "160x90",
        "category": "culane",
        "lanedet": __version__,
        "drawing": drawing_code(),
    }


def test_the_tree_says_which_scene_is_of_which_category(tree: Path) -> None:
    scenes_of = json.loads((tree / CATEGORIES_FILE).read_text())
    assert scenes_of.keys() <= CULANE_FRAMES.keys()
    assert len(scenes_of) >= 3
    assert sum(len(scenes) for scenes in scenes_of.values()) == 12


def test_scenes_of_an_earlier_run_do_not_stay(tree_format: str, tmp_path: Path) -> None:
    write(tmp_path, tree_format, num_scenes=6, seed=0)
    write(tmp_path, tree_format, num_scenes=4, seed=1)
    fresh = tmp_path / "fresh"
    write(fresh, tree_format, num_scenes=4, seed=1)
    made = contents(fresh)
    assert {f"fresh/{name}": data for name, data in made.items()} | made == contents(
        tmp_path
    )


def test_an_interrupted_run_leaves_no_labels(
    tree_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, tree_format, num_scenes=4, seed=0)
    written = []
    write_bytes = Path.write_bytes

    def interrupt(path: Path, data: bytes) -> int:
        written.append(path)
        if sum(each.suffix == ".jpg" for each in written) == 3:
            raise KeyboardInterrupt
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, tree_format, num_scenes=4, seed=1)
    names = {path.name for path in tmp_path.iterdir()}
    assert not names & {CATEGORIES_FILE, *TREE_FORMATS[tree_format].labels}
    monkeypatch.undo()
    write(tmp_path, tree_format, num_scenes=4, seed=1)  # it can be repeated
    assert complete(tmp_path, tree_format)


def test_the_first_run_may_be_interrupted_too(
    tree_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Path, target: Path) -> Path:
        raise KeyboardInterrupt(target)

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, tree_format, num_scenes=4)
    assert not complete(tmp_path, tree_format)
    monkeypatch.undo()
    write(tmp_path, tree_format, num_scenes=4)
    assert complete(tmp_path, tree_format)
    assert not (tmp_path / ".labels.part").exists()


def test_what_says_complete_appears_last(
    tree_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeared = []
    replace = Path.replace

    def record(part: Path, target: Path) -> Path:
        if target.parent == tmp_path:
            appeared.append(target.name)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", record)
    write(tmp_path, tree_format, num_scenes=4)
    assert appeared == [
        PROVENANCE_FILE,
        CATEGORIES_FILE,
        *TREE_FORMATS[tree_format].labels,
    ]


@pytest.mark.parametrize(("tree_format", "name"), LABELS)
def test_a_real_data_set_is_left_alone(
    tmp_path: Path, tree_format: str, name: str
) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(ValueError, match=rf"has {name} .* Choose another folder"):
        write(tmp_path, tree_format)
    assert contents(tmp_path) == {name: b"precious"}


REAL_FILES = {
    "tusimple": "clips/0313-1/6040/20.jpg",
    "culane": "scenes_val/06030819_0755.MP4/00000.jpg",
    "bdd100k": "images/100k/train/0000f77c-6257be58.jpg",
}


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"precious")
    return path


def test_real_images_without_labels_are_left_alone(
    tree_format: str, tmp_path: Path
) -> None:
    name = REAL_FILES[tree_format]
    put(tmp_path / name)
    for _ in range(2):  # a first run that claims the folder lets a second delete
        with pytest.raises(ValueError, match=rf"it has {name} but no scenes\.json"):
            write(tmp_path, tree_format)
        assert contents(tmp_path) == {name: b"precious"}


def test_a_list_of_categories_of_others_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path / CATEGORIES_FILE)
    with pytest.raises(ValueError, match=f"it has {CATEGORIES_FILE} but no"):
        write(tmp_path, "tusimple")
    assert contents(tmp_path) == {CATEGORIES_FILE: b"precious"}


def test_the_error_names_some_of_many_files(tmp_path: Path) -> None:
    for number in range(1234):
        put(tmp_path / f"images/100k/val/{number:04d}.jpg")
    expected = "it has images/100k/val/0000.jpg, .*/0002.jpg and 1,231 more but no"
    with pytest.raises(ValueError, match=expected):
        write(tmp_path, "bdd100k")


@pytest.mark.parametrize(
    ("tree_format", "name"),
    [
        *REAL_FILES.items(),
        # Names as ours, of a scene that there is not.
        ("tusimple", "clips/0601/000012/20.jpg"),
        ("culane", "scenes_test/000012.lines.txt"),
        ("bdd100k", "images/100k/val/00000005-00000000.jpg"),
        # What lies beside ours.
        ("tusimple", "clips/0601/000004/19.jpg"),
        ("culane", "list/train.txt"),
        ("bdd100k", "labels/100k/train/0000f77c-6257be58.json"),
    ],
)
def test_files_of_others_among_scenes_are_left_alone(
    tmp_path: Path, tree_format: str, name: str
) -> None:
    write(tmp_path, tree_format)
    put(tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=rf"it has {name}, which is not of the scenes"):
        write(tmp_path, tree_format, seed=7)
    assert contents(tmp_path) == before


def test_what_systems_hide_among_scenes_is_no_file_of_others(
    tmp_path: Path, tree_format: str
) -> None:
    write(tmp_path, tree_format, num_scenes=4)
    folder = next(tmp_path.rglob("*.jpg")).parent
    for name in (".DS_Store", "Thumbs.db", "__MACOSX/._1.jpg", ".0a.part.jpg"):
        put(folder / name)
    write(tmp_path, tree_format, num_scenes=4, seed=7)
    assert complete(tmp_path, tree_format)


def test_more_scenes_than_a_tree_holds_are_not_counted(tmp_path: Path) -> None:
    said = '{"format": "tusimple", "num": 1000000000000, "seed": 0}'
    (tmp_path / PROVENANCE_FILE).write_text(said)
    with pytest.raises(ValueError, match="in the format tusimple, got too many scenes"):
        write(tmp_path, "tusimple")


def test_linked_images_of_others_are_left_alone(tmp_path: Path) -> None:
    real, root = tmp_path / "real", tmp_path / "scenes"
    put(real / "6040/20.jpg")
    write(root, "tusimple", num_scenes=4)
    for name in ("clips/0313-1/6040", "clips/0531"):
        if (root / name).exists():
            (root / name).rename(tmp_path / "aside")
        (root / name).symlink_to(real)
        with pytest.raises(ValueError, match=f"it has {name}, "):
            write(root, "tusimple", num_scenes=4)
        (root / name).unlink()
    assert (real / "6040/20.jpg").read_bytes() == b"precious"


def test_files_elsewhere_in_the_folder_stay(tree_format: str, tmp_path: Path) -> None:
    write(tmp_path, tree_format, num_scenes=4)
    kept = [put(tmp_path / name) for name in ("notes.txt", "images/10k/1.jpg")]
    write(tmp_path, tree_format, num_scenes=4, seed=7)
    assert [path.read_bytes() for path in kept] == [b"precious"] * 2


@pytest.mark.parametrize(
    "said",
    [
        *('{"format": "culane", "num": 4, "seed": 0}', "{}", "[]", "{", '{"num": 4}'),
        *("[" * 99_999, '{"format": "tusimple", "num": 1e400, "seed": 0}'),
    ],
)
def test_scenes_in_another_format_are_left_alone(tmp_path: Path, said: str) -> None:
    (tmp_path / PROVENANCE_FILE).write_text(said)
    with pytest.raises(ValueError, match=r"in the format tusimple, got (culane|unkn)"):
        write(tmp_path, "tusimple")
    assert contents(tmp_path) == {PROVENANCE_FILE: said.encode()}


HOLD_LOCK = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_makes_scenes_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "culane", num_scenes=3)
    before = contents(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, tmp_path / ".lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(OSError, match=f"Another process .* in '{tmp_path}'. Wait"):
            write(tmp_path, "culane", num_scenes=3, seed=7)
        assert contents(tmp_path) == before
        other.communicate()
    write(tmp_path, "culane", num_scenes=3, seed=7)  # whose lock ended with it
    assert contents(tmp_path) != before


def test_the_folder_is_locked_until_the_labels_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = FileLock(tmp_path / ".lock")
    refused = []
    replace = Path.replace

    def check_lock(part: Path, target: Path) -> Path:
        with pytest.raises(TimeoutError):
            lock.acquire(timeout=0)
        if target.parent == tmp_path:
            refused.append(target.name)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", check_lock)
    write(tmp_path, "culane", num_scenes=3)
    assert refused == [PROVENANCE_FILE, CATEGORIES_FILE, "list"]
    with lock.acquire(timeout=0):  # and free when they are
        assert lock.is_locked


@pytest.mark.parametrize("num_scenes", [4, 5, 7, 10, 33, 100, 2001])
def test_split_counts_cover_all_scenes(tree_format: str, num_scenes: int) -> None:
    counts = TREE_FORMATS[tree_format].split_counts(num_scenes)
    assert sum(counts.values()) == num_scenes
    assert min(counts.values()) >= 1
    if num_scenes >= 100:
        for name, share in TREE_FORMATS[tree_format].shares.items():
            assert counts[name] == pytest.approx(share * num_scenes, abs=3)


@pytest.mark.slow
def test_every_image_has_its_record_and_every_lane_lies_in_its_image(
    tree_format: str, tmp_path: Path
) -> None:
    num_scenes = 300
    write_scene_tree(
        tmp_path, num_scenes, 9, SHAPE, 1, "diverse", tree_format=tree_format
    )
    samples = READERS[tree_format](tmp_path)
    named = {Path(sample.img_path) for sample in samples}
    assert len(samples) == num_scenes
    assert named == set(tmp_path.rglob("*.jpg"))
    height, width = SHAPE
    for sample in samples:
        for lane in sample.gt_lanes:
            assert (lane >= 0).all()
            # TuSimple's labels are whole numbers.
            assert (lane <= [width - 0.5, height - 1]).all()


def test_scenes_without_a_category_are_not_listed(tmp_path: Path) -> None:
    write_scene_tree(tmp_path, 3, 0, SHAPE, tree_format="culane")
    assert not (tmp_path / CATEGORIES_FILE).exists()
    assert not (tmp_path / "list/test_split").exists()
    read = read_culane_labels(tmp_path / "list/test.txt", tmp_path, LabelFaults())
    assert "category" not in read[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"num_scenes": 2},
            "num_scenes, one or more for each split, must be from 3 to 10000000, got 2",
        ),
        ({"num_scenes": 10**12}, "must be from 3 to 10000000, got 1000000000000"),
        ({"num_workers": 257}, "num_workers must be at most 256, got 257"),
        ({"seed": -1}, "seed must be from 0 to 4294967295, got -1"),
        ({"seed": 2**32}, "seed must be from 0 to 4294967295, got 4294967296"),
        ({"seed": 20_001}, "must not be 20001: those scenes are the train split"),
        ({"seed": 20_003}, "must not be 20003: those scenes are the test split"),
        ({"seed": 0.5}, "seed must be from 0 to 4294967295, a whole number"),
        ({"num_scenes": 8.0}, "each split, must be from 3 to 10000000, a whole"),
        ({"shape": (90.0, 160.0)}, "two whole numbers"),
        ({"shape": (10, 20)}, "at least"),
        ({"num_workers": 0}, "num_workers must be at least 1"),
        ({"category": "jungle"}, "category must be one of .*, got 'jungle'"),
        ({"tree_format": "kitti"}, "one of tusimple, culane, bdd100k, got 'kitti'"),
    ],
)
def test_bad_input(tmp_path: Path, options: dict[str, object], message: str) -> None:
    good = {"num_scenes": 8, "seed": 0, "shape": SHAPE, "tree_format": "culane"}
    with pytest.raises(ValueError, match=message):
        write_scene_tree(tmp_path, **{**good, **options})  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
