"""Settings that make a GPU fast."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner


class AcceleratorHook(Hook):
    """Let float32 matrix products and convolutions of a GPU run in TF32."""

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Change torch's settings before the first iteration."""
        if torch.cuda.is_available():
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.allow_tf32 = True
