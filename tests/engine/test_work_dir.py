import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from lanedet.engine import load_config, set_work_dir
from lanedet.engine.work_dir import claimed_work_dir

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"


def test_work_dir_of_the_command_line_goes_first() -> None:
    config = load_config(SCENES)
    set_work_dir(config, None)
    assert config.work_dir == "work_dirs/enet_sad_scenes"
    config.work_dir = "from_config"
    set_work_dir(config, None)
    assert config.work_dir == "from_config"
    set_work_dir(config, "from_command_line")
    assert config.work_dir == "from_command_line"


def test_a_work_dir_is_one_runs_until_it_ends(tmp_path: Path) -> None:
    config = Config({"work_dir": str(tmp_path / "new" / "run")})
    with (
        claimed_work_dir(config),
        pytest.raises(OSError, match=r"new/run', and another one does.* --work-dir"),
        claimed_work_dir(config),
    ):
        pass
    with claimed_work_dir(config):
        assert Path(config.work_dir).is_dir()


def test_a_work_dir_that_tensorboard_cannot_open_is_refused_at_once(
    tmp_path: Path,
) -> None:
    odd = tmp_path / os.fsdecode(b"runs\xff")
    expected = (
        r"TensorBoard opens no other .*runs\\udcff'\. Name another with --work-dir"
    )
    with (
        pytest.raises(ValueError, match=expected),
        claimed_work_dir(Config({"work_dir": str(odd)})),
    ):
        pass
    assert not odd.exists()
    odd.mkdir()
    (tmp_path / "link").symlink_to(odd)
    with claimed_work_dir(Config({"work_dir": str(tmp_path / "link")})):
        pass


def test_a_killed_run_leaves_its_work_dir_free(tmp_path: Path) -> None:
    config = Config({"work_dir": str(tmp_path)})
    code = (
        "import sys\nfrom lanedet.files import claim_folder\n"
        "with claim_folder(sys.argv[1]):\n    print('held', flush=True)\n    input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(OSError, match="another one does"), claimed_work_dir(config):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with claimed_work_dir(config):
        pass
