"""What several tests share: a small detector and small data.

The parent of pytest-xdist's workers reads this file, too, and runs no test. So what
takes seconds to import is imported by the fixtures.
"""

import ast
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage among thousands of tests, which stay, now nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


_NUM_FROZEN = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage as often as ever, but not among what tests have imported.

    Those are half a million objects, which each full collection would look through for
    0.2 s: mmengine asks for one with each data set, torch's exporter and Python itself
    for as many. What is alive between two tests when much was imported stays.
    """
    number, stash = len(sys.modules), item.config.stash
    if number > stash.get(_NUM_FROZEN, 0) + 100:
        gc.collect()  # nothing shall stay that nobody uses
        gc.freeze()
        stash[_NUM_FROZEN] = number


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Compute on one thread: small tensors gain nothing from more."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def configs_not_laid_out() -> Iterator[Callable[..., tuple[str, bool]]]:
    """Write configs down as they are: mmengine lays each out, in half a second.

    Returns what lays them out.
    """
    from mmengine.config import config as mmengine_config

    def parse(text: str, **options: Any) -> tuple[str, bool]:
        ast.parse(text)  # what cannot be laid out is no Python
        return text, False

    lay_out = mmengine_config.FormatCode
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmengine_config, "FormatCode", parse)
        yield lay_out


@pytest.fixture(scope="session", autouse=True)
def machine_looked_at_once() -> Iterator[None]:
    """Let mmengine look for compilers, GPUs and mmcv once, not with every run.

    For mmcv it looks once for each module of a network.
    """
    from mmengine.model import utils
    from mmengine.runner import runner

    with pytest.MonkeyPatch.context() as patch:
        for place, name in ((runner, "collect_env"), (utils, "mmcv_full_available")):
            patch.setattr(place, name, cache(getattr(place, name)))
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once(exports_folder: Path) -> Iterator[None]:
    """Let one worker compile a function, and all others wait for it in numba's cache.

    Where that cache is empty, each would take 20 s for the same functions otherwise.
    """
    from filelock import FileLock
    from numba.core.caching import NullCache
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.dispatcher import Dispatcher

    compile_now = Dispatcher.compile

    def compile_once(self: Any, signature: Any) -> Any:
        name = f"{self.py_func.__module__}.{self.py_func.__qualname__}"
        if isinstance(self._cache, NullCache):
            return compile_now(self, signature)
        # numba's own lock first: a thread that has it may want the other one, too.
        with (
            global_compiler_lock,
            FileLock(exports_folder / f"{name}.lock", is_singleton=True),
        ):
            return compile_now(self, signature)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dispatcher, "compile", compile_once)
        yield


@pytest.fixture
def configs_laid_out(
    configs_not_laid_out: Callable[..., tuple[str, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Write configs down as users have them."""
    from mmengine.config import config as mmengine_config

    monkeypatch.setattr(mmengine_config, "FormatCode", configs_not_laid_out)


@pytest.fixture(scope="session", autouse=True)
def stops_at_ctrl_c() -> Iterator[None]:
    """Stop at SIGINT, which a shell's script lets its background jobs ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def closes_with_terminal() -> Iterator[None]:
    """End on SIGHUP, also where the tests themselves run under ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(scope="session", autouse=True)
def exports_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Have one folder for what exports.py makes: each file takes a worker seconds."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers of this session
    folder /= "exports"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANEDET_TESTS_EXPORTS", str(folder))
        yield folder


INPUT_SHAPE = (32, 64)
NUM_LANES = 4


def _model_config(backbone: type) -> dict[str, Any]:
    from lanedet.models import (
        ExistenceBranch,
        LaneDetector,
        LaneSegmentationHead,
        SelfAttentionDistiller,
        TransposedConvClassifier,
    )
    from lanedet.ops import LetterboxView

    return dict(
        type=LaneDetector,
        backbone=dict(type=backbone),
        head=dict(
            type=LaneSegmentationHead,
            num_lanes=NUM_LANES,
            seg_stage="D2",
            classifier=dict(type=TransposedConvClassifier),
            existence_branch=dict(type=ExistenceBranch, stage="E4"),
        ),
        distiller=dict(type=SelfAttentionDistiller, start=0.0),
        view=dict(type=LetterboxView, input_shape=INPUT_SHAPE),
    )


@pytest.fixture
def model_config() -> dict[str, Any]:
    """Config of an ENet-SAD of few blocks for 32x64 inputs and four lane slots."""
    from exports import ShortENet

    return _model_config(ShortENet)


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A weights file of an untrained ENet-SAD that any process can open."""
    import torch

    from lanedet.models import ENet, build_model, describe_model, save_weights

    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    description = describe_model(_model_config(ENet))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state_dict = build_model(description).state_dict()
    save_weights(path, description, state_dict, {})
    return path.read_bytes()


@pytest.fixture
def make_batch() -> Callable[[int], dict[str, Any]]:
    """Return a function that makes a batch of random images with one lane each."""
    import torch

    from lanedet.ops import LetterboxView
    from lanedet.structures import LaneSample

    def make(size: int = 2) -> dict[str, Any]:
        rng = np.random.default_rng(0)
        view = LetterboxView(INPUT_SHAPE)((64, 128))
        samples = []
        for number in range(size):
            sample = LaneSample(metainfo={"ori_shape": (64, 128), "view": view})
            sample.gt_lanes = [np.array([[30.0 + number, 60.0], [60.0, 20.0]])]
            class_map = np.zeros(INPUT_SHAPE, np.uint8)
            class_map[10:, 20 + number : 23 + number] = 2
            sample.gt_class_map = class_map
            sample.gt_existence = np.array([0.0, 1.0, 0.0, 0.0])
            samples.append(sample)
        images = rng.integers(0, 256, (size, 3, *INPUT_SHAPE), dtype=np.uint8)
        return {
            "inputs": [torch.from_numpy(image) for image in images],
            "data_samples": samples,
        }

    return make


@pytest.fixture(scope="session")
def scenes_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TuSimple tree of 16 generated scenes, 320x180."""
    from lanedet.simulation import write_scene_tree

    root = tmp_path_factory.mktemp("scenes")
    write_scene_tree(root, num_scenes=16, seed=0, shape=(180, 320))
    return root


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with the pictures a.jpg, b.png and day/c.jpg, 160x90."""
    folder = tmp_path / "pictures"
    (folder / "day").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.png", "day/c.jpg")):
        image = np.full((90, 160, 3), 40 * number, dtype=np.uint8)
        assert cv2.imwrite(str(folder / name), image)
    return folder
