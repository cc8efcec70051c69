"""How workers share what a cluster has."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lanedet.archive import ArchiveJob, ModelFiles, cluster
from lanedet.archive.ray_engine import gpu_share, share_gpus


def test_workers_share_gpus_evenly_and_never_have_more_than_one() -> None:
    assert gpu_share("cuda", 8, 64) == 0.125
    assert gpu_share("cuda", 1, 3) == 0.3333  # thrice that is no more than one
    assert gpu_share("cuda:0", 4, 2) == 1.0
    assert gpu_share("cpu", 8, 64) == 0.0
    assert gpu_share(None, 8, 64) == 0.0


GPU_NODE, CPU_NODE = {"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0}


def test_without_a_device_workers_share_the_gpus_that_are_there(
    make_job: Callable[..., ArchiveJob],
) -> None:
    said: list[str] = []
    job = make_job("/table")  # of weights, which PyTorch runs
    assert share_gpus(job, [GPU_NODE, GPU_NODE], 16, said.append) == (job, 0.25)
    assert said == [
        "The cluster has GPUs: 16 workers get 0.25 of one each. --device cpu leaves "
        "them alone."
    ]


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        pytest.param("a.safetensors", [GPU_NODE, CPU_NODE], id="not-all-nodes"),
        pytest.param("a.xml", [GPU_NODE], id="runtime-of-cpus"),
    ],
)
def test_gpus_that_are_not_used_are_told_of(
    make_job: Callable[..., ArchiveJob], name: str, nodes: list[dict[str, float]]
) -> None:
    said: list[str] = []
    job = replace(make_job("/table"), model=ModelFiles(name, {name: b"1"}))
    shared, share = share_gpus(job, nodes, 16, said.append)
    assert (shared, share) == (replace(job, device="cpu"), 0.0)
    assert said == [
        "The cluster has GPUs, which are left alone: --device cuda uses them."
    ]


def test_of_a_device_that_is_named_nothing_is_said(
    make_job: Callable[..., ArchiveJob],
) -> None:
    said: list[str] = []
    for device, share in {"cpu": 0.0, "cuda": 0.5}.items():
        job = make_job("/table", device=device)
        assert share_gpus(job, [GPU_NODE], 4, said.append) == (job, share)
    job = make_job("/table")
    assert share_gpus(job, [CPU_NODE], 4, said.append) == (job, 0.0)
    assert not said


def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="'cuda' needs a cluster with GPUs"):
        gpu_share("cuda", 0, 4)


@pytest.mark.parametrize("number", [0, 5])
def test_workers_without_cores_are_refused_before_ray_starts(
    make_job: Callable[..., ArchiveJob], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(cluster, "num_usable_cores", lambda: 1)
    monkeypatch.setattr(cluster, "_connect", None)
    with (
        pytest.raises(ValueError, match=f"{number}"),
        cluster.ray_engine(make_job("/table"), num_workers=number),
    ):
        pass
