import re
from pathlib import Path

import numpy as np
import pytest

from lanedet.video import VideoReader, VideoWriter

PAGE = Path(__file__).parents[2] / "docs/video.md"


def _read(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as reader:
        return [frame.image.astype(int) for frame in reader]


def test_what_the_page_says_can_be_drawn_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with VideoWriter(Path("drive.mp4"), 10) as writer:
        for _ in range(3):
            writer.write(np.full((180, 320, 3), 90, np.uint8))
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(code, {})
    before, after = _read(Path("drive.mp4")), _read(Path("lanes.mp4"))
    assert len(after) == 3
    for image, drawn in zip(before, after, strict=True):
        assert drawn.shape == image.shape
        corner = drawn[10:36, 10:100]
        is_red = (corner[..., 0] > 150) & (corner[..., 2] < 110)
        assert 100 < is_red.sum() < 1200
        # Lanes may be seen even in grey; most of the picture has none.
        assert np.median(np.abs(drawn - image)[60:]) < 3


def test_the_other_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with VideoWriter(Path("drive.mp4"), 10) as writer:
        for _ in range(3):
            writer.write(np.full((180, 320, 3), 90, np.uint8))
    blocks = re.findall(r"```\n(from .*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    exec(blocks[0] + "\ninferencer = LaneInferencer()\n" + blocks[1], names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("3 frames, 0.3 s long, in ")
    assert [line.split()[0] for line in lines[-3:]] == ["0.0", "0.1", "0.2"]
    assert len(Path("lanes.jsonl").read_text().splitlines()) == 3
