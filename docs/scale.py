"""What it takes to find the lanes of an archive: `python docs/scale.py` writes it down.

The tables of docs/scale.md follow from a few measured rates and a few assumptions, both
in this file. `--hours`, `--core-price` and so on answer for an archive and for prices
of your own, and leave the page alone.
"""

import argparse
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

PAGE = Path(__file__).with_name("scale.md")
STEPS = ("decode", "resize", "network", "lanes", "track", "write")
ARCHIVES_H = (10, 1_000, 100_000)
SECONDS_PER_HOUR = 3600
HOURS_PER_WEEK = 7 * 24

MEASURED_MS: dict[str, dict[str, float]] = {
    "PyTorch": dict(zip(STEPS, (13.77, 1.23, 25.19, 2.53, 1.28, 0.26), strict=True)),
    "OpenVINO": dict(zip(STEPS, (12.91, 1.28, 18.06, 1.97, 1.26, 0.25), strict=True)),
    "ONNX Runtime": dict(
        zip(STEPS, (13.16, 1.34, 25.22, 2.13, 1.33, 0.26), strict=True)
    ),
}
"""Milliseconds of a core for a frame, by runtime and step, as `lanedet benchmark steps`
measures them."""

TABLE_BYTES_PER_FRAME = 952
"""What the row of a frame takes in the table that `lanedet archive` makes of the same
clip."""

SCALING = {1: 1.0, 2: 1.94}
"""How many times one worker's frames a second so many workers have, one to a core, as
`lanedet benchmark scaling` measures it."""

MACS = 0.669e9
"""Multiplications of the package's network for a frame, 192x336."""


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here: put in your own."""

    frame_rate: float = 30.0
    """Frames a second of the video."""

    bit_rate: float = 15e6
    """Bits a second of the video: of a dashcam's 1920x1080 in H.264."""

    cores: int = 16
    """Cores of a machine without a GPU."""

    gpu_cores: int = 16
    """Cores of a machine with one."""

    gpu_peak: float = 60e12
    """float16 operations a second of the GPU, as its data sheet has them, dense."""

    gpu_share: float = 0.03
    """What a network of thin layers gets of that."""

    core_price: float = 0.04
    """Dollars for a core for an hour."""

    gpu_price: float = 0.60
    """Dollars for the GPU for an hour, without the cores."""


def core_ms(runtime: str) -> float:
    """Return the milliseconds that a core works for a frame."""
    return sum(MEASURED_MS[runtime].values())


def host_ms(runtime: str) -> float:
    """Return what of that is left where a GPU runs the network."""
    return core_ms(runtime) - MEASURED_MS[runtime]["network"]


def efficiency() -> float:
    """Return how much of a core is left where all cores work."""
    most = max(SCALING)
    return min(1.0, SCALING[most] / most)


def cpu_frames_per_s(runtime: str, given: Assumptions) -> float:
    """Return the frames a second of a machine without a GPU."""
    return given.cores * efficiency() * 1000 / core_ms(runtime)


def gpu_frames_per_s(given: Assumptions) -> tuple[float, float]:
    """Return the frames a second that a GPU and the cores beside it can do."""
    by_gpu = given.gpu_peak * given.gpu_share / (2 * MACS)
    return by_gpu, given.gpu_cores * efficiency() * 1000 / host_ms("PyTorch")


def tables(given: Assumptions, hours: tuple[float, ...]) -> dict[str, str]:
    """Return the tables of the page, and what it says of the GPU, by name."""
    return {
        "steps": _steps(),
        "gpu": _gpu(given),
        "machines": _machines(given),
        "archives": _archives(given, hours),
    }


def _steps() -> str:
    rows = [
        [step, *(f"{each[step]:.2f}" for each in MEASURED_MS.values())]
        for step in STEPS
    ]
    totals = [f"**{core_ms(runtime):.1f}**" for runtime in MEASURED_MS]
    rates = [f"{1000 / core_ms(runtime):.0f}" for runtime in MEASURED_MS]
    shares = [
        f"{each['network'] / core_ms(runtime):.0%}"
        for runtime, each in MEASURED_MS.items()
    ]
    rows += [
        ["together", *totals],
        ["frames/s of a core", *rates],
        ["the network's share", *shares],
    ]
    return _markdown(["ms of a core for a frame", *MEASURED_MS], rows)


def _gpu(given: Assumptions) -> str:
    by_gpu, by_cores = gpu_frames_per_s(given)
    needed = math.ceil(given.gpu_cores * by_gpu / by_cores)
    return (
        f"The GPU is an estimate: {given.gpu_share:.0%} of "
        f"{given.gpu_peak / 1e12:.0f} TFLOP/s in float16 are {by_gpu:,.0f} frames/s at "
        f"{MACS / 1e9:.2f} GMAC. The {given.gpu_cores} cores beside it do the rest of "
        f"{by_cores:,.0f} frames/s, and {needed} could keep it busy."
    )


def _rates(given: Assumptions) -> dict[str, tuple[float, float]]:
    """Return frames a second and dollars an hour of each kind of machine."""
    cpu_price = given.cores * given.core_price
    gpu_price = given.gpu_cores * given.core_price + given.gpu_price
    return {
        **{
            f"{given.cores} cores, {runtime}": (
                cpu_frames_per_s(runtime, given),
                cpu_price,
            )
            for runtime in MEASURED_MS
        },
        f"{given.gpu_cores} cores and a GPU (estimate)": (
            min(gpu_frames_per_s(given)),
            gpu_price,
        ),
    }


def _machines(given: Assumptions) -> str:
    rows = []
    for name, (rate, price) in _rates(given).items():
        times_real = rate / given.frame_rate
        rows.append(
            [
                name,
                f"{rate:,.0f}",
                f"{times_real:.1f}",
                f"{times_real * given.bit_rate / 1e6:,.0f}",
                f"{rate * TABLE_BYTES_PER_FRAME / 1e6:.2f}",
                f"{price / times_real:.3f}",
            ]
        )
    header = [
        "machine",
        "frames/s",
        "hours of video in an hour",
        "reads Mbit/s",
        "writes MB/s",
        "$ for an hour of video",
    ]
    return _markdown(header, rows)


def _archives(given: Assumptions, hours: tuple[float, ...]) -> str:
    rates = _rates(given)
    header = ["hours of video", "frames", "video", "lanes, as Parquet"]
    header += [f"machine-hours, {name}" for name in rates]
    header += [f"machines for a week, {name}" for name in rates]
    columns = []
    for length in hours:
        frames = length * SECONDS_PER_HOUR * given.frame_rate
        column = [
            f"{length:,.0f}",
            f"{frames:,.0f}",
            _size(length * SECONDS_PER_HOUR * given.bit_rate / 8),
            _size(frames * TABLE_BYTES_PER_FRAME),
        ]
        needed = [frames / rate / SECONDS_PER_HOUR for rate, _ in rates.values()]
        prices = [price for _, price in rates.values()]
        column += [
            f"{each:,.1f} (${each * price:,.{2 * (each < 10)}f})"
            for each, price in zip(needed, prices, strict=True)
        ]
        column += [f"{each / HOURS_PER_WEEK:,.2f}" for each in needed]
        columns.append(column)
    rows = [list(row) for row in zip(header, *columns, strict=True)]
    return _markdown(rows[0], rows[1:])


def _size(num_bytes: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= size:
            return f"{num_bytes / size:,.1f} {unit}"
    return f"{num_bytes:,.0f} B"


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put_into(page: str, found: dict[str, str]) -> str:
    """Return a page with these texts between its marks ``<!-- NAME -->``."""
    for name, table in found.items():
        mark = f"<!-- {name} -->"
        pattern = rf"(?<={mark}\n\n).*?(?=\n\n{mark})"
        page = re.sub(pattern, lambda _, table=table: table, page, flags=re.DOTALL)
    return page


def main() -> None:
    """Write the page, or print the tables for other assumptions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, nargs="+", help="of video")
    default = Assumptions()
    for name in vars(default):
        option = f"--{name.replace('_', '-')}"
        kind = type(getattr(default, name))
        parser.add_argument(option, type=kind, help=f"({getattr(default, name):g})")
    own = {
        name: value
        for name, value in vars(parser.parse_args()).items()
        if value is not None
    }
    hours = tuple(own.pop("hours", ARCHIVES_H))
    found = tables(replace(default, **own), hours)
    if own or hours != ARCHIVES_H:
        print("\n\n".join(found.values()))
        return
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(put_into(page, found), encoding="utf-8")


if __name__ == "__main__":
    main()
