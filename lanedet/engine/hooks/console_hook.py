"""What the console says about a run, beside its progress bars."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_world_size, master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn
from tqdm import tqdm

_PER_LINE = 4
_PARTS = ("backbone", "neck", "head")


class ConsoleHook(Hook):
    """Say what is run when it starts, and what every validation finds."""

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Say what is trained, on what, where, and for how long."""
        batch = runner.train_dataloader.batch_size * get_world_size()
        num_images = f"{len(runner.train_dataloader.dataset)} training images"
        if runner.val_loop is not None:
            num_images += f", {len(runner.val_dataloader.dataset)} validation images"
        iterations = f"{runner.max_iters} iterations of {batch} images"
        if runner.iter > 0:
            iterations += f", the first {runner.iter} are done"
        _write_header("Training", runner, num_images, {"length": iterations})

    @master_only
    def before_test(self, runner: Runner) -> None:
        """Say what is tested, on what and where."""
        num_images = f"{len(runner.test_dataloader.dataset)} test images"
        weights = {} if runner._load_from is None else {"weights": runner._load_from}
        _write_header("Testing", runner, num_images, weights)

    @master_only
    def after_val_epoch(
        self, runner: Runner, metrics: Mapping[str, Any] | None = None
    ) -> None:
        """Show the metrics in a small table."""
        shown = [
            f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}"
            for name, value in (metrics or {}).items()
        ]
        width = max(map(len, shown), default=0)
        tqdm.write(f"iteration {runner.iter}, validation:")
        for start in range(0, len(shown), _PER_LINE):
            row = shown[start : start + _PER_LINE]
            tqdm.write("  " + "   ".join(text.ljust(width) for text in row).rstrip())


def _write_header(
    title: str, runner: Runner, num_images: str, more: Mapping[str, Any]
) -> None:
    model = getattr(runner.model, "module", runner.model)
    lines = {
        "config": runner.cfg.filename,
        "data": num_images,
        **(model.facts if hasattr(model, "facts") else _facts(model)),
        **more,
        "work dir": _short(runner.work_dir),
        "log": _short(Path(runner.log_dir) / f"{runner.timestamp}.log"),
    }
    tqdm.write(title)
    for name, text in lines.items():
        tqdm.write(f"  {name:<9}{text}")


def _facts(model: nn.Module) -> dict[str, str]:
    """Return what the model is, and where."""
    parts = (
        type(part).__name__
        for part in (getattr(model, name, None) for name in _PARTS)
        if part is not None
    )
    num_parameters = sum(each.numel() for each in model.parameters())
    return {
        "model": f"{' + '.join(parts)}, {num_parameters / 1e6:.2f} M parameters",
        "device": _device(next(model.parameters()).device),
    }


def _device(device: torch.device) -> str:
    text = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{device.type}, threads: {torch.get_num_threads()}"
    )
    processes = get_world_size()
    return text if processes == 1 else f"{processes} processes, each on {text}"


def _short(path: Path | str) -> str:
    """Return the path from here, if it is below."""
    path = Path(path)
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
