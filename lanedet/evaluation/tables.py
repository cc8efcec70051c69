"""A benchmark's table: one's own numbers, and the published ones beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lanedet.evaluation.published import BDD100K, CULANE, TUSIMPLE, PublishedResult


@dataclass(frozen=True)
class Benchmark:
    """How a benchmark's numbers are shown.

    Attributes:
        title: Its name.
        num_images: Images of its test set. Published numbers belong to it alone.
        columns: Metrics in their order, and how to format them.
        published: Results of others.
    """

    title: str
    num_images: int
    columns: Mapping[str, str]
    published: Sequence[PublishedResult]


_CULANE_CATEGORIES = (
    "normal",
    "crowd",
    "night",
    "noline",
    "shadow",
    "arrow",
    "hlight",
    "curve",
)
BENCHMARKS: Mapping[str, Benchmark] = {
    "tusimple": Benchmark(
        "TuSimple, test set",
        2782,
        dict.fromkeys(("accuracy", "fp", "fn", "f1", "ego_recall"), ".4f"),
        TUSIMPLE,
    ),
    "culane": Benchmark(
        "CULane, test set, F1 at IoU 0.5",
        34680,
        {"f1": ".4f", "f1_75": ".4f", "mf1": ".4f"}
        | {f"f1_{name}": ".4f" for name in _CULANE_CATEGORIES}
        | {"fp_cross": ".0f"},
        CULANE,
    ),
    "bdd100k": Benchmark(
        "BDD100K, validation images",
        10000,
        {
            "sad_accuracy": ".4f",
            "sad_iou": ".4f",
            "multitask_accuracy": ".4f",
            "multitask_iou": ".4f",
        },
        BDD100K,
    ),
}
"""Each benchmark, by the prefix of its metrics."""

_COUNTS = {
    "tp": ",.0f",
    "fp": ",.0f",
    "fn": ",.0f",
    "precision": ".4f",
    "recall": ".4f",
}
_ABSENT = "-"
_MIN_WIDTH = 6
_NO_CATEGORY = ("f1_75",)


def benchmark_table(metrics: Mapping[str, float], num_images: int) -> list[str]:
    r"""Return one's numbers as a table, and published ones where they compare.

    Args:
        metrics: Numbers by name with the benchmark's prefix, ``"tusimple/fp"``.
        num_images: Images that were scored. Published rows are shown if it is the
            number of the benchmark's test set.

    Returns:
        Lines to print: a table per benchmark, one of counts where there are any, then
        all numbers that are in none.

    Example:
        >>> print("\n".join(benchmark_table({"tusimple/fp": 0.25}, 10)))
        TuSimple metrics on 10 images      fp
        this run                       0.2500
        No published results beside it: those are on the test set of 2,782 images.
    """
    lines: list[str] = []
    shown = set()
    for prefix, benchmark in BENCHMARKS.items():
        own = {
            name: metrics[f"{prefix}/{name}"]
            for name in benchmark.columns
            if f"{prefix}/{name}" in metrics
        }
        if own:
            shown |= {f"{prefix}/{name}" for name in own}
            lines += _table(benchmark, own, num_images)
            counts = {
                name: value
                for name, value in metrics.items()
                if name.startswith(tuple(f"{prefix}/{count}" for count in _COUNTS))
            }
            if f"{prefix}/tp" in counts:
                shown |= set(counts)
                lines += ["", *_count_table(prefix, counts)]
    rest = {name: value for name, value in metrics.items() if name not in shown}
    width = max((len(name) for name in rest), default=0)
    return lines + [f"{name:<{width}}  {value:.4f}" for name, value in rest.items()]


def _table(
    benchmark: Benchmark, own: Mapping[str, float], num_images: int
) -> list[str]:
    columns = {name: form for name, form in benchmark.columns.items() if name in own}
    if num_images != benchmark.num_images:
        name = benchmark.title.partition(",")[0]
        return [
            *_rows(f"{name} metrics on {num_images:,} images", columns, own, ()),
            "No published results beside it: those are on the test set of "
            f"{benchmark.num_images:,} images.",
        ]
    published = [row for row in benchmark.published if own.keys() & row.values.keys()]
    sources = list(dict.fromkeys(row.source for row in published))
    return [
        *_rows(benchmark.title, columns, own, published),
        *(f"[{number}] {source}" for number, source in enumerate(sources, start=1)),
    ]


def _count_table(prefix: str, counts: Mapping[str, float]) -> list[str]:
    """Return counts and shares of the whole set, then of its categories."""
    parts = {name.partition("_")[2] for name in counts}
    lines = [f"{'':<10}" + "".join(f"{name:>11}" for name in _COUNTS)]
    for part in sorted(parts):
        names = (f"{prefix}/{count}{'_' * bool(part)}{part}" for count in _COUNTS)
        cells = (
            _cell(counts.get(name), form)
            for name, form in zip(names, _COUNTS.values(), strict=True)
        )
        lines.append(f"{part or 'all':<10}" + "".join(f"{cell:>11}" for cell in cells))
    return lines


def _rows(
    title: str,
    columns: Mapping[str, str],
    own: Mapping[str, float],
    published: Sequence[PublishedResult],
) -> list[str]:
    """Return the head, one's own row, and the published ones with a source number."""
    sources = list(dict.fromkeys(row.source for row in published))
    all_rows = [("this run", own, "")]
    all_rows += [
        (row.method, row.values, f"  [{sources.index(row.source) + 1}]")
        for row in published
    ]
    width = max(len(title), *(len(method) for method, _, _ in all_rows))
    widths = {name: max(_MIN_WIDTH, len(_head(name))) for name in columns}
    head = "".join(f"  {_head(name):>{widths[name]}}" for name in columns)
    lines = [f"{title:<{width}}{head}"]
    for method, values, mark in all_rows:
        cells = "".join(
            f"  {_cell(values.get(name), form):>{widths[name]}}"
            for name, form in columns.items()
        )
        lines.append(f"{method:<{width}}{cells}{mark}")
    return lines


def _cell(value: float | None, form: str) -> str:
    return _ABSENT if value is None else format(value, form)


def _head(name: str) -> str:
    """Return a column's head: the category alone in the table of categories."""
    return name.removeprefix("f1_") if name not in _NO_CATEGORY else name
