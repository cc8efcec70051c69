"""Tells distillers how far training is, and watches whether SAD does anything."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from lanedet.models import Distiller, GradientMonitor, attention_entropies

_WARNING = 30  # logging.WARNING


class DistillationHook(Hook):
    """Run the schedule of each :class:`Distiller`, and check SAD's health.

    While a distiller that can be monitored is active, every ``interval`` iterations
    it logs, for each stage that mimics another, ``sad_gradient_share_<stage>``: the
    norm of the gradient that SAD puts on the stage's output over that of all else that
    arrives there (:class:`~lanedet.models.GradientMonitor`). The entropies of the
    attention maps are among the detector's outputs already. If maps have collapsed, or
    SAD's gradient is nothing beside the others or drowns them, for ``patience`` active
    iterations, it warns once and says what to change: a loss value alone would not
    show it.

    Without distillers in the model the hook does nothing.

    Args:
        interval: Iterations between two measurements, at least 1.
        patience: Active iterations of bad health before the warning.
        min_entropy: Smallest healthy entropy of a map, as a share of ln(hw).
        min_gradient_share: Smallest healthy share of the gradient.
        max_gradient_share: Largest healthy share of the gradient. The authors want
            SAD's loss "much smaller than the main task loss"
            (https://github.com/cardwing/Codes-for-Lane-Detection/issues/305).
    """

    def __init__(
        self,
        interval: int = 10,
        patience: int = 100,
        min_entropy: float = 0.05,
        min_gradient_share: float = 1e-3,
        max_gradient_share: float = 1.0,
    ) -> None:
        if interval < 1:
            raise ValueError(f"interval must be at least 1, got {interval}.")
        self.interval = interval
        self.patience = patience
        self.min_entropy = min_entropy
        self.min_gradient_share = min_gradient_share
        self.max_gradient_share = max_gradient_share
        self._sick_iterations: dict[str, int] = {}
        self._warned: set[str] = set()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Set the distillers' progress; watch this iteration if it is its turn."""
        is_turn = batch_idx % self.interval == 0
        for distiller in _distillers(runner):
            distiller.progress = runner.iter / runner.max_iters
            is_watched = is_turn and distiller.current_weight() > 0
            distiller.monitor = GradientMonitor() if is_watched else None

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Log and judge what was watched."""
        if outputs is None:
            return
        watched = [each for each in _distillers(runner) if each.monitor is not None]
        for distiller in watched:
            self._judge_gradient(runner, distiller)
        if not watched:
            return
        for stage, entropy in attention_entropies(outputs).items():
            self._judge(
                f"The attention map of {stage} has collapsed: its entropy is "
                f"{entropy:.3f} of the largest (healthy: over {self.min_entropy:g}). "
                "A one-hot softmax has no gradient. Use energy_norm='standardize'.",
                name=f"entropy {stage}",
                is_sick=entropy < self.min_entropy,
            )

    def _judge_gradient(self, runner: Runner, distiller: Distiller) -> None:
        """Log and judge the gradients of a watched distiller."""
        assert distiller.monitor is not None
        shares = distiller.monitor.shares()
        distiller.monitor = None
        for stage, share in shares.items():
            runner.message_hub.update_scalar(f"train/sad_gradient_share_{stage}", share)
            # While the weight ramps up, a small share says nothing.
            full_share = share * distiller.weight / distiller.current_weight()
            self._judge(
                f"SAD's gradient at {stage} is {share:.1e} of the other losses' "
                f"(healthy: over {self.min_gradient_share:g}). SAD trains next to "
                "nothing. Use energy_norm='standardize', or raise the distiller's "
                "weight.",
                name=f"small gradient {stage}",
                is_sick=full_share < self.min_gradient_share,
            )
            self._judge(
                f"SAD's gradient at {stage} is {share:.1f} times that of the other "
                f"losses (healthy: under {self.max_gradient_share:g}) and drowns them. "
                "Lower the distiller's weight, start it later or ramp it up longer.",
                name=f"large gradient {stage}",
                is_sick=share > self.max_gradient_share,
            )

    def _judge(self, message: str, name: str, is_sick: bool) -> None:
        sick = self._sick_iterations.get(name, 0) + self.interval if is_sick else 0
        self._sick_iterations[name] = sick
        if sick >= self.patience and name not in self._warned:
            self._warned.add(name)
            print_log(message, logger="current", level=_WARNING)


def _distillers(runner: Runner) -> list[Distiller]:
    model = getattr(runner.model, "module", runner.model)
    parts = getattr(model, "distillers", [])
    return [part for part in parts if isinstance(part, Distiller)]
