import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

LoadTool = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def demo(load_tool: LoadTool) -> ModuleType:
    return load_tool("demo")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A step's command: writes its product, then succeeds or fails."""
    path = tmp_path / "step.py"
    path.write_text(
        "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('x'); "
        "sys.exit(int(sys.argv[2]))"
    )
    return path


def test_a_step_is_done_when_it_has_succeeded(
    demo: ModuleType, script: Path, tmp_path: Path
) -> None:
    product = tmp_path / "out" / "product"
    step = demo.Step("Step", product, f"{script} {product} 0")
    assert not step.is_done()
    step.run()
    assert step.is_done()
    assert list(product.parent.iterdir()) == [product]


def test_what_a_failed_step_has_made_stays_and_is_not_taken_for_done(
    demo: ModuleType, script: Path, tmp_path: Path
) -> None:
    product = tmp_path / "product"
    with pytest.raises(SystemExit) as caught:
        demo.Step("Step", product, f"{script} {product} 3").run()
    assert caught.value.code == 3
    assert product.read_text() == "x"
    assert not demo.Step("Step", product, "").is_done()
    step = demo.Step("Step", product, f"{script} {product} 0")
    step.run()
    assert step.is_done()


def test_a_step_follows_its_sources(demo: ModuleType, tmp_path: Path) -> None:
    source, product = tmp_path / "scenes.json", tmp_path / "weights.safetensors"
    checkpoint = tmp_path / "iter_9.pth"
    step = demo.Step("Train", product, "train.py", (source,), can_resume=True)
    for path, seconds in ((source, 100), (checkpoint, 200), (product, 300)):
        path.touch()
        os.utime(path, (seconds, seconds))
    assert step.is_done()
    assert step.full_command() == "train.py --resume"
    os.utime(source, (400, 400))  # other scenes than the checkpoints have seen
    assert not step.is_done()
    assert step.full_command() == "train.py"


_SLOW = """
import signal, sys, time

def save(*_):
    time.sleep(1)
    open(sys.argv[1], "w").close()
    sys.exit()

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, save)
open(sys.argv[1] + ".ready", "w").close()
time.sleep(60)
"""
_WAIT = """
import subprocess, sys
from lanedet.runtime import user_errors
from lanedet.cli import demo
with user_errors():
    demo.wait_for(subprocess.Popen([sys.executable, "-c", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(
    ("number", "to_group"), [(signal.SIGINT, True), (signal.SIGTERM, False)]
)
def test_an_interrupted_step_may_save_what_it_has(
    tmp_path: Path, number: signal.Signals, to_group: bool
) -> None:
    saved = tmp_path / "saved"
    process = subprocess.Popen(
        [sys.executable, "-c", _WAIT, _SLOW, str(saved)],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not saved.with_name("saved.ready").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    if to_group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    assert saved.exists()  # a second after the signal
