"""What needs no framework does not wait for one."""

import pkgutil
import subprocess
import sys

import lanedet.formats
import lanedet.images
import lanedet.ops
import lanedet.simulation
import lanedet.structures

ROOMS = (
    lanedet.formats,
    lanedet.images,
    lanedet.ops,
    lanedet.simulation,
    lanedet.structures,
)


def test_files_scenes_and_mathematics_are_imported_without_a_framework() -> None:
    names = [
        module.name
        for room in ROOMS
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ]
    assert len(names) > 100
    code = (
        f"import importlib, sys\n"
        f"for name in {names}: importlib.import_module(name)\n"
        f"assert not {{'torch', 'mmengine'}} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
