"""The figures on the page about archives follow from the rates that it names."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scale", DOCS / "scale.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(table: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return {cells[0]: cells[1:] for cells in lines}


def number(text: str) -> float:
    return float(text.replace(",", "").split()[0].lstrip("$("))


def test_the_page_has_the_tables_of_the_script(scale: ModuleType) -> None:
    page = (DOCS / "scale.md").read_text(encoding="utf-8")
    found = scale.tables(scale.Assumptions(), scale.ARCHIVES_H)
    assert scale.put_into(page, found) == page
    assert all(table in page for table in found.values())


def test_the_arithmetic_by_hand(
    scale: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ms = {"decode": 3, "resize": 1, "network": 40, "lanes": 3, "track": 2, "write": 1}
    monkeypatch.setattr(scale, "MEASURED_MS", {"PyTorch": ms})
    monkeypatch.setattr(scale, "SCALING", {1: 1.0, 2: 1.8})
    monkeypatch.setattr(scale, "TABLE_BYTES_PER_FRAME", 1000.0)
    given = scale.Assumptions(
        frame_rate=20.0,
        bit_rate=8e6,
        cores=10,
        gpu_cores=4,
        core_price=0.1,
        gpu_price=0.8,
    )
    machines = rows_of(scale.tables(given, (100,))["machines"])
    # 50 ms of a core for a frame: 10 cores at nine tenths are 180 frames/s, nine times
    # as fast as the video, of which each hour costs a ninth of a dollar.
    rate, times_real, reads, writes, price = machines["10 cores, PyTorch"]
    assert (rate, times_real, reads, writes) == ("180", "9.0", "72", "0.18")
    assert price == "0.111"
    # Without the network 10 ms are left: 4 cores at nine tenths are 360 frames/s.
    rate, times_real, *_, price = machines["4 cores and a GPU (estimate)"]
    assert (rate, times_real) == ("360", "18.0")
    assert price == "0.067"
    archives = rows_of(scale.tables(given, (100,))["archives"])
    assert archives["frames"] == ["7,200,000"]
    assert archives["video"] == ["360.0 GB"]
    assert archives["lanes, as Parquet"] == ["7.2 GB"]
    assert archives["machine-hours, 10 cores, PyTorch"] == ["11.1 ($11)"]
    weeks = archives["machines for a week, 10 cores, PyTorch"]
    assert number(weeks[0]) == pytest.approx(11.11 / 168, abs=0.005)


def test_a_slow_gpu_decides_itself(scale: ModuleType) -> None:
    given = scale.Assumptions(gpu_peak=1e12)
    by_gpu, by_cores = scale.gpu_frames_per_s(given)
    assert by_gpu == pytest.approx(1e12 * 0.03 / (2 * scale.MACS))
    assert by_gpu < by_cores
    machines = rows_of(scale.tables(given, (1,))["machines"])
    assert machines["16 cores and a GPU (estimate)"][0] == f"{by_gpu:,.0f}"
