from pathlib import Path

import numpy as np
import pytest
import torch

from lanedet.benchmark.inference_figures import (
    Measured,
    NetworkWork,
    figures_table,
    file_bytes,
    lane_distance,
    limit_figures,
    model_description,
    network_work,
    time_figures,
)
from lanedet.benchmark.subject_process import Start
from lanedet.formats.models import (
    ExportFacts,
    ModelMetadata,
    sidecar_of,
    sidecar_text,
)
from lanedet.models import build_model, save_weights

DESCRIPTION = {
    "type": "LaneDetector",
    "backbone": {"type": "ENet"},
    "head": {
        "type": "LaneSegmentationHead",
        "num_lanes": 4,
        "seg_stage": "D2",
        "classifier": {"type": "TransposedConvClassifier"},
        "existence_branch": {"type": "ExistenceBranch", "stage": "E4"},
    },
    "view": {"type": "LetterboxView", "input_shape": [32, 64]},
}


def measured(seconds: list[float]) -> Measured:
    return Measured(
        Start(ready_s=0.5, load_s=0.25, lanes=None),
        seconds=seconds,
        core_seconds=[2 * each for each in seconds],
        batch_seconds=[0.1, 0.2, 0.4],
        peak_bytes=3 * 2**20,
    )


def test_times_by_hand() -> None:
    # 1 to 101 ms: the shares 0.5, 0.95 and 0.99 of the 100 steps between them.
    figures = time_figures(measured([n / 1000 for n in range(101, 0, -1)]), 8)
    assert figures == {
        "ready_s": 0.5,
        "load_s": 0.25,
        "min_ms": pytest.approx(1.0),
        "p50_ms": pytest.approx(51.0),
        "p95_ms": pytest.approx(96.0),
        "p99_ms": pytest.approx(100.0),
        "core_ms": pytest.approx(102.0),
        "images_per_s": pytest.approx(40.0),
        "peak_mib": 3.0,
    }


def test_shares_of_the_limits_by_hand() -> None:
    # 1 GMAC at 50 GMAC/s takes 20 ms, 2 GB at 40 GB/s takes 50 ms, of 100 ms.
    work, seconds = NetworkWork(10**9, 2 * 10**9), [0.2, 0.1, 0.3]
    rates = {"macs": 50e9, "num_bytes": 40e9}
    figures = limit_figures(measured(seconds), work, rates)
    assert figures == pytest.approx({"of_macs": 0.2, "of_bytes": 0.5})
    assert limit_figures(measured(seconds), work, {}) == {}


def test_what_a_network_does_grows_with_its_input() -> None:
    torch.manual_seed(0)
    small = network_work(build_model(DESCRIPTION))
    view = {"type": "LetterboxView", "input_shape": [64, 128]}
    large = network_work(build_model({**DESCRIPTION, "view": view}))
    assert large.macs == pytest.approx(4 * small.macs, rel=0.01)
    weights = sum(each.nbytes for each in build_model(DESCRIPTION).parameters())
    # The weights are as many, but for those of the existence branch.
    more = large.num_bytes - weights
    assert more == pytest.approx(4 * (small.num_bytes - weights), rel=0.1)
    assert small.num_bytes > weights


def test_the_distance_of_lanes() -> None:
    lane = np.array([[0.0, 0.0], [10.0, 5.0]])
    assert lane_distance([lane, lane], [lane, lane + np.array([3, 4])]) == 5.0
    assert lane_distance([], []) == 0.0
    assert lane_distance([lane], [lane, lane]) == np.inf
    assert lane_distance([lane], [lane[:1]]) == np.inf
    assert lane_distance(None, [lane]) is None


def test_the_size_of_a_model_of_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"123")
    (tmp_path / "a.bin").write_bytes(b"45")
    assert file_bytes(tmp_path / "a.xml") == 5
    assert file_bytes(tmp_path / "a.bin") == 2


def test_the_description_of_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, DESCRIPTION, build_model(DESCRIPTION).state_dict(), {})
    assert model_description(path) == DESCRIPTION


def test_the_description_of_an_engine_lies_beside_it(tmp_path: Path) -> None:
    facts = ExportFacts("rows", "float16", None)
    texts = ModelMetadata(DESCRIPTION, facts, {}).texts()
    path = tmp_path / "lanes.engine"
    sidecar_of(path).write_text(sidecar_text(texts))
    assert model_description(path) == DESCRIPTION


def test_figures_that_are_not_known_are_dashes() -> None:
    table = figures_table({"a peer": {"p50_ms": 1.5, "peak_mib": None}})
    assert table.splitlines()[1].split() == ["a", "peer", "-", "-", "1.50", *9 * "-"]
