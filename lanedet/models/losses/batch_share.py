"""What one process of a run has of the batch."""

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


def batch_share(count: Tensor) -> Tensor | float:
    """Return how much of the batch a process has, 1 for as much as the others.

    A loss that is divided by a count is a mean over what is counted. Gradients of the
    processes are averaged, and a mean of such means is not the mean over the whole
    batch unless each counts for its share.

    Args:
        count: What the process divides its loss by, a scalar. All processes must call
            this at the same place.

    Returns:
        The count over the mean count of all processes; 0 if none counts anything.
    """
    if get_world_size() == 1:
        return 1.0
    own = count.detach().float()
    mean = own.clone()
    all_reduce(mean, "mean")
    return own / mean.clamp_min(torch.finfo(mean.dtype).tiny)
