"""Without the extra these tests are left out, also where they are named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_module_that_is_named_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "without.py").write_text("import sys\nsys.modules['pyarrow'] = None\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.getenv("PYTHONPATH")])])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-rs", "-p", "without"),
            *("-p", "no:cacheprovider", "tests/archive/test_layout.py"),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 skipped" in done.stdout, done.stdout + done.stderr
    assert "needs the extra lanedet[ray]" in done.stdout
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
