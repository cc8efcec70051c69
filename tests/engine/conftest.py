"""A model and a run that take milliseconds, for tests of how training goes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmengine.runner import ValLoop
from torch import Tensor, nn

from lanedet.datasets import EndlessSampler
from lanedet.engine import (
    LaneRunner,
    LaneTrainLoop,
    NonFiniteHook,
    PlainCheckpointHook,
    UninterruptedCheckpointHook,
)
from lanedet.structures import LaneSample


class ToyModel(BaseModel):
    """Fits numbers; has running statistics and random numbers, as networks have."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)
        )

    def forward(
        self,
        inputs: list[Tensor],
        data_samples: Sequence[LaneSample],
        mode: str = "tensor",
    ) -> Any:
        values = self.net(torch.stack(inputs))
        if mode == "predict":
            return list(data_samples)
        return {"loss_a": (values**2).mean(), "loss_b": [(values - 1).abs()]}


class ToyData(torch.utils.data.Dataset[dict[str, Any]]):
    """Seven samples that depend on nothing but their draw."""

    metainfo: ClassVar[dict[str, Any]] = {}

    def __len__(self) -> int:
        return 7

    def __getitem__(self, draw: int) -> dict[str, Any]:
        inputs = torch.randn(4, generator=torch.Generator().manual_seed(draw))
        sample = LaneSample(metainfo={"img_path": f"image{draw % 7}.jpg"})
        return {"inputs": inputs, "data_samples": sample}


class ToyMetric(BaseMetric):
    """Scores nothing; counts the images."""

    default_prefix = "toy"

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results.extend(1 for _ in data_samples)

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        # Validation draws random numbers, which training must not notice.
        torch.rand(1)
        return {"images": float(sum(results))}


class Recorder(Hook):
    """Keeps the losses of every iteration, or those of this process alone."""

    priority = "VERY_HIGH"

    def __init__(self, own: bool = False) -> None:
        self.own = own
        self.losses: dict[int, float] = {}

    def before_train(self, runner: Any) -> None:
        if self.own:
            runner.model.register_forward_hook(self._keep)
            self.runner = runner

    def _keep(self, _: nn.Module, args: Any, losses: Any) -> None:
        if isinstance(losses, dict):
            self.losses[self.runner.iter] = float(losses["loss_a"].detach())

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        if not self.own:
            self.losses[runner.iter] = float(outputs["loss"].detach())


@pytest.fixture
def toy_runner(tmp_path: Path) -> Callable[..., LaneRunner]:
    """Return a function that makes a runner of 8 iterations in ``tmp_path``."""

    def make(*hooks: Hook, resume: Path | None = None, **options: Any) -> LaneRunner:
        torch.manual_seed(0)
        data = {"dataset": ToyData(), "num_workers": 0, "batch_size": 3}
        arguments = {
            "model": ToyModel(),
            "work_dir": str(tmp_path),
            "train_dataloader": {**data, "sampler": {"type": EndlessSampler}},
            "val_dataloader": {
                **data,
                "sampler": {"type": DefaultSampler, "shuffle": False},
            },
            "train_cfg": {"type": LaneTrainLoop, "max_iters": 8, "val_interval": 4},
            "val_cfg": {"type": ValLoop},
            "val_evaluator": {"type": ToyMetric},
            "optim_wrapper": {
                "type": OptimWrapper,
                "optimizer": {"type": "SGD", "lr": 0.01, "momentum": 0.9},
            },
            "param_scheduler": [{"type": "PolyLR", "end": 8, "by_epoch": False}],
            "default_hooks": {
                "checkpoint": {
                    "type": UninterruptedCheckpointHook,
                    "by_epoch": False,
                    "interval": 3,
                    "max_keep_ckpts": 2,
                    "backend_args": {"backend": "lanedet_atomic"},
                }
            },
            "custom_hooks": [PlainCheckpointHook(), NonFiniteHook(), *hooks],
            "log_processor": {"by_epoch": False},
            "randomness": {"seed": 0},
            "experiment_name": f"{tmp_path.name}{len(list(tmp_path.iterdir()))}",
            "cfg": Config({"model": {"type": "ToyModel"}}),
            "resume": resume is not None,
            "load_from": None if resume is None else str(resume),
        }
        return LaneRunner(**{**arguments, **options})

    return make


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder
