"""The same experiment with other distillers, or other parts, over seeds.

A row is a distiller, several, or a change of the model or of what it is trained on. All
rows are scored on the same images. Until its distillation starts,
a row with a distiller that has no parameters is the plain model: the same data, dropout
and updates. Such a row therefore goes on from a checkpoint of the plain run of its
seed, which gives what a run of its own would give, bit for bit, in less time.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.registry import MODELS
from mmengine.runner import TestLoop

from lanedet.ablation.measures import measure_run
from lanedet.ablation.results import Results
from lanedet.engine.checkpoint_files import latest_checkpoint
from lanedet.engine.config import load_config
from lanedet.engine.config_parts import built_by
from lanedet.engine.hooks import (
    AcceleratorHook,
    DistillationHook,
    NonFiniteHook,
    PlainCheckpointHook,
)
from lanedet.engine.runner import LaneRunner
from lanedet.engine.shared_values import build_dataset
from lanedet.files import claim_folder, replace_file
from lanedet.models import Distiller
from lanedet.runtime import end_with_parent, progress_bar

_ROWS = "_rows"
_TESTS = "_tests"
_TRAINING_DATA = "train_dataloader"
# What a run needs of the config's hooks; the others draw, talk and write weights.
_HOOKS = (PlainCheckpointHook, AcceleratorHook, DistillationHook, NonFiniteHook)
_MAX_SAVES = 50  # of a run; its checkpoints are read only to go on
_RESULT = "result.json"
_EXPERIMENT = "experiment.json"


class Ablation(NamedTuple):
    """What to run."""

    config: str
    """Config file with ``_rows`` by title: a distiller's config, a list of them, or, in
    a dict without ``type``, what is changed in ``model`` and, under that name, in
    ``train_dataloader``. One is None (plain).

    There may be ``_tests``, more data sets to score rows on, by name: what is changed
    in the test data set. Their ``data_root`` is a folder in that of the test data."""

    out: Path
    """Folder of everything that is written."""

    num_seeds: int = 3
    """Seeds 0, 1, ... of each row."""

    rows: tuple[str, ...] = ()
    """Titles of the rows to run, all if empty."""

    options: Mapping[str, Any] = {}
    """Values of the config to change, by dotted key."""

    data_root: str | None = None
    """Folder that replaces the config's ``data_root``."""


class Run(NamedTuple):
    """One training: a row and a seed."""

    title: str
    seed: int
    folder: Path
    checkpoint: Path | None
    """The plain run's checkpoint of the seed, to go on from; None to start anew."""


def read_rows(ablation: Ablation) -> dict[str, Any]:
    """Return the rows by title, the plain one first.

    Raises:
        ValueError: If the config has no rows, not one plain row, or not a row asked
            for.
    """
    config = load_config(ablation.config, ablation.options, ablation.data_root)
    rows: dict[str, Any] = dict(config.get(_ROWS) or {})
    plain = [title for title, distiller in rows.items() if distiller is None]
    if len(plain) != 1:
        raise ValueError(
            f"{ablation.config!r} must have {_ROWS}, a dict of distillers and changes "
            f"of the model with one row that is None, got {len(plain)} such rows of "
            f"{len(rows)}."
        )
    unknown = [title for title in ablation.rows if title not in rows]
    if unknown:
        raise ValueError(f"No rows {unknown}. There are {list(rows)}.")
    folders = Counter(_folder(ablation, title, seed=0) for title in rows)
    if shared := [str(path.parent) for path in folders if folders[path] > 1]:
        raise ValueError(
            "Each row must have a folder of its own, named by its letters and digits, "
            f"got two for {shared[0]!r}. Change a title."
        )
    chosen = set(ablation.rows or rows) | set(plain)
    return {title: rows[title] for title in (*plain, *rows) if title in chosen}


def run_ablation(ablation: Ablation, num_jobs: int = 1) -> Results:
    """Train and score every row with every seed; skip what is done already.

    Args:
        ablation: What to run.
        num_jobs: Trainings at a time, each in a process with as many threads as
            ``OMP_NUM_THREADS`` says.

    Returns:
        For each row its seeds' results: ``metrics`` on the test set with the last
        weights, ``train_s``, ``checkpoint`` (file with these weights) and what
        :func:`~lanedet.ablation.measures.measure_run` measures.

    Raises:
        OSError: If another process is at work in the folder.
        ValueError: If the config's rows do not fit, or the folder holds the results of
            another experiment.
    """
    with claim_folder(ablation.out):
        return _run_rows(ablation, read_rows(ablation), num_jobs)


def _run_rows(ablation: Ablation, rows: dict[str, Any], num_jobs: int) -> Results:
    plain = next(iter(rows))
    config = load_config(ablation.config, ablation.options, ablation.data_root)
    num_iters = config.train_cfg.max_iters
    save_interval(config)
    _claim_folder(ablation.out, config)
    first: list[Run] = []
    second: list[Run] = []
    for seed in range(ablation.num_seeds):
        trunk = _folder(ablation, plain, seed)
        for title, distiller in rows.items():
            start = trunk_iteration(distiller, num_iters)
            checkpoint = trunk / f"iter_{start}.pth" if start else None
            run = Run(title, seed, _folder(ablation, title, seed), checkpoint)
            (first if checkpoint is None else second).append(run)
    with progress_bar(total=len(first) + len(second), desc="runs", unit="run") as bar:
        for runs in (first, second):
            todo = [run for run in runs if not (run.folder / _RESULT).is_file()]
            bar.update(len(runs) - len(todo))
            with ProcessPoolExecutor(
                num_jobs, mp_context=get_context("spawn"), max_tasks_per_child=1
            ) as pool:
                futures = [pool.submit(run_once, ablation, run) for run in todo]
                try:
                    for future in as_completed(futures):
                        future.result()
                        bar.update()
                except BaseException:
                    # One failed, or Ctrl-C: the others must not begin.
                    pool.shutdown(cancel_futures=True)
                    raise
    return {
        title: [
            json.loads((_folder(ablation, title, seed) / _RESULT).read_text())
            for seed in range(ablation.num_seeds)
        ]
        for title in rows
    }


def changes_model(row: Any) -> bool:
    """Tell whether a row is a change of model or data, not a distiller or several."""
    return isinstance(row, Mapping) and "type" not in row


def trunk_iteration(row: Any, num_iters: int) -> int:
    """Return the iteration up to which a row is the plain model, 0 if it never is.

    Args:
        row: A distiller's config, those of several, a change of the model or of the
            training data, or None for the plain row itself.
        num_iters: Iterations of training.
    """
    if changes_model(row):
        return 0
    if isinstance(row, list | tuple):
        return min(trunk_iteration(each, num_iters) for each in row)
    built = None if row is None else MODELS.build(row)
    if not isinstance(built, Distiller) or built.has_parameters:
        return 0
    # The first iteration that is no longer before the start, as the distiller says it.
    # A training may be too short to reach it.
    reached = (i for i in range(num_iters) if i / num_iters >= built.start)
    return next(reached, num_iters)


def save_interval(config: Config) -> int:
    """Return how often runs save: also where others go on from them.

    Raises:
        ValueError: If that were very often.
    """
    rows = config[_ROWS].values()

    def interval(num_iters: int) -> int:
        return math.gcd(num_iters, *(trunk_iteration(row, num_iters) for row in rows))

    def is_fit(num_iters: int) -> bool:
        return num_iters <= _MAX_SAVES * interval(num_iters)

    num_iters: int = config.train_cfg.max_iters
    if not is_fit(num_iters):
        fit = next(number for number in range(num_iters, 0, -1) if is_fit(number))
        raise ValueError(
            f"With train_cfg.max_iters={num_iters} the rows begin at iterations that "
            f"share no larger step than {interval(num_iters)}, and runs would save as "
            f"often. Use {fit}."
        )
    return interval(num_iters)


def checkpoint_before(ablation: Ablation) -> Path | None:
    """Return where the last rows of seed 0 leave the plain run, None if none do."""
    rows = read_rows(ablation)
    config = load_config(ablation.config, ablation.options, ablation.data_root)
    num_iters = config.train_cfg.max_iters
    start = max(trunk_iteration(distiller, num_iters) for distiller in rows.values())
    trunk = _folder(ablation, next(iter(rows)), seed=0)
    return trunk / f"iter_{start}.pth" if start else None


def first_test_image(ablation: Ablation) -> str:
    """Return the file of the first image of the test set."""
    config = load_config(ablation.config, ablation.options, ablation.data_root)
    sample = build_dataset(config, "test")[0]["data_samples"]
    return str(sample.img_path)


def _claim_folder(out: Path, config: Config) -> None:
    """Write down what is run; results of something else must not get into its table.

    Raises:
        ValueError: If something else was written down there.
    """
    parts = config._to_lazy_dict()
    rows = parts.pop(_ROWS)
    experiment = {"": _text(parts), **{title: _text(rows[title]) for title in rows}}
    file = out / _EXPERIMENT
    earlier = json.loads(file.read_text()) if file.is_file() else {}
    changed = [
        repr(title) if title else "the experiment itself"
        for title in experiment
        if earlier.get(title, experiment[title]) != experiment[title]
    ]
    if changed:
        raise ValueError(
            f"{str(out)!r} holds results of other settings: {', '.join(changed)} "
            "changed since. Use another folder (--out), or delete this one."
        )
    out.mkdir(parents=True, exist_ok=True)
    replace_file(file, json.dumps(earlier | experiment, indent=2) + "\n")


def _text(part: Any) -> str:
    return Config({"part": part}).pretty_text


def run_once(ablation: Ablation, run: Run) -> None:
    """Train and score one row with one seed, from where an earlier try stopped."""
    end_with_parent()
    config = row_config(ablation, run)
    checkpoint = latest_checkpoint(run.folder) or run.checkpoint
    if checkpoint is not None:
        config.resume, config.load_from = True, str(checkpoint)
    with claim_folder(run.folder):
        runner = LaneRunner.from_cfg(config)
        start = time.perf_counter()
        runner.train()
        train_s = time.perf_counter() - start
        result = {
            "metrics": runner.test() | _score_more(runner, config),
            "train_s": train_s,
            "checkpoint": str(latest_checkpoint(run.folder)),
            **measure_run(runner),
        }
        replace_file(run.folder / _RESULT, json.dumps(result, indent=2) + "\n")


def _score_more(runner: LaneRunner, config: Config) -> dict[str, float]:
    """Return the scores on the config's further tests, each behind its test's name."""
    scores: dict[str, float] = {}
    for name, change in (config.get(_TESTS) or {}).items():
        loader = config.test_dataloader
        root = Path(loader.dataset.data_root, change["data_root"])
        dataset = _merged(loader.dataset, {**change, "data_root": str(root)})
        loop = TestLoop(runner, {**loader, "dataset": dataset}, config.test_evaluator)
        scores |= {f"{name}/{key}": value for key, value in loop.run().items()}
    return scores


def row_config(ablation: Ablation, run: Run) -> Config:
    """Return the config of a run: nothing is drawn, validated or kept for its best."""
    config = load_config(ablation.config, ablation.options, ablation.data_root)
    is_plain = config[_ROWS][run.title] is None
    config.env_cfg.mp_cfg.mp_start_method = "spawn"  # that of the processes of runs
    # Classes as the file names them: mmengine writes a config into every checkpoint.
    parts = config._to_lazy_dict()
    row = parts[_ROWS][run.title]
    change = dict(row) if changes_model(row) else {"distiller": row}
    data = change.pop(_TRAINING_DATA, {})
    config.model = _merged(parts["model"], change)
    if data:
        config.train_dataloader = _merged(parts[_TRAINING_DATA], data)
        if ablation.data_root is not None:
            config.train_dataloader.dataset.data_root = ablation.data_root
    config.randomness.seed = run.seed
    config.work_dir = str(run.folder)
    config.log_level = "WARNING"
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    config.custom_hooks = [
        hook
        for hook, built in zip(
            config._to_lazy_dict()["custom_hooks"], config.custom_hooks, strict=True
        )
        if built_by(built, "custom_hooks") in _HOOKS
    ]
    config.default_hooks.checkpoint.update(
        interval=save_interval(config),
        max_keep_ckpts=-1 if is_plain else 1,
        save_best=None,
    )
    return config


def row_configs(ablation: Ablation) -> dict[str, Config]:
    """Return the config of each row's run with seed 0, by title."""
    return {
        title: row_config(
            ablation, Run(title, 0, _folder(ablation, title, seed=0), None)
        )
        for title in read_rows(ablation)
    }


def _merged(whole: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dict with changes in it: of dicts that both hold the entries, else all.

    A dict with a ``type`` takes the place of what was there.
    """
    merged = dict(whole)
    for key, value in change.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and changes_model(value):
            value = _merged(old, value)
        merged[key] = value
    return merged


def _folder(ablation: Ablation, title: str, seed: int) -> Path:
    name = "".join(char if char.isalnum() else "_" for char in title)
    return ablation.out / name / f"seed{seed}"
