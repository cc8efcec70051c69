"""Batch norm whose statistics are those of the whole batch of all processes.

PyTorch's ``SyncBatchNorm`` does this on a GPU and refuses a CPU. Here is the layer for
processes without a GPU, joined by Gloo.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase


class _SumOfProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes, and of its gradients likewise."""

    @staticmethod
    def forward(_: Any, own: Tensor) -> Tensor:
        total = own.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


class CPUSyncBatchNorm(_NormBase):
    """Batch normalization over the images of all processes of a run.

    In training the mean and the variance of a channel are those of all images that the
    processes hold at that moment, and gradients flow through both to every process. In
    evaluation it is a plain batch norm, which without running statistics takes those of
    its own images. State and arguments are those of PyTorch's.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the normalized inputs.

        Args:
            inputs: (B, C, ...), float32 or float64, on the CPU. B may differ between
                the processes.
        """
        if not self.training:
            return nn.functional.batch_norm(
                inputs,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                training=self.running_mean is None,
                eps=self.eps,
            )
        axes = [axis for axis in range(inputs.ndim) if axis != 1]
        shape = [1, -1] + [1] * (inputs.ndim - 2)
        own_count = inputs.new_tensor([inputs.numel() / inputs.shape[1]])
        sums = _total(torch.cat([inputs.sum(axes), own_count]))
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centered = inputs - mean.view(shape)
        variance = _total(centered.square().sum(axes)) / count
        self._track(mean.detach(), variance.detach(), float(count))
        normalized = centered * (variance + self.eps).rsqrt().view(shape)
        if self.weight is None:
            return normalized
        return normalized * self.weight.view(shape) + self.bias.view(shape)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, count: float) -> None:
        """Move the running statistics towards those of a batch of ``count`` values."""
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None  # comes with the other two
        self.num_batches_tracked.add_(1)
        factor = (
            1 / float(self.num_batches_tracked)
            if self.momentum is None
            else self.momentum
        )
        self.running_mean.lerp_(mean, factor)
        # Unbiased, as PyTorch keeps it.
        self.running_var.lerp_(variance * (count / max(count - 1, 1)), factor)


def _total(own: Tensor) -> Tensor:
    """Return the sum over the processes, differentiable."""
    total: Tensor = _SumOfProcesses.apply(own)
    return total


def synchronize_batch_norm(model: nn.Module) -> nn.Module:
    """Return a model for processes without a GPU that share their statistics.

    Args:
        model: Its batch norms are replaced by :class:`CPUSyncBatchNorm` layers with the
            same parameters and buffers. One that the model has under several names
            becomes one layer under all of them.
    """
    return _synchronized(model, {})


def _synchronized(model: nn.Module, replaced: dict[nn.Module, nn.Module]) -> nn.Module:
    """Do so; ``replaced`` has what became of the modules so far."""
    if model in replaced:
        return replaced[model]
    replaced[model] = model
    if isinstance(model, _BatchNorm):
        layer = CPUSyncBatchNorm(
            model.num_features,
            model.eps,
            model.momentum,
            model.affine,
            model.track_running_stats,
        )
        tensors: dict[str, Any] = {**model._parameters, **model._buffers}
        for name, tensor in tensors.items():
            setattr(layer, name, tensor)
        layer.train(model.training)
        replaced[model] = layer
        return layer
    # Not named_children(), which gives a child under the first of its names only.
    for name, child in model._modules.items():
        if child is not None:
            setattr(model, name, _synchronized(child, replaced))
    return model
