"""The order in which training sees the samples."""

from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

_PASSES_PER_SEED = 2**20


class EndlessSampler(Sampler[int]):
    """Yield draws without end, each pass over the data set in a new order.

    A draw is ``pass * len(dataset) + index``: it names the sample and seeds its
    augmentation (see :class:`~lanedet.datasets.LaneDataset`). The passes of different
    seeds are different numbers, so that seeds differ in augmentation as well as in
    order.

    Every order is computed from its pass alone. To go on after an interruption it is
    enough to set :attr:`num_taken`; nothing that was seen need be read again.

    Args:
        dataset: Anything with a length, at least 1.
        shuffle: Whether to change the order. Without it every pass is in file order.
        seed: Seed of the orders. None agrees on a random one between the processes.

    Raises:
        ValueError: If the data set is empty.
    """

    def __init__(
        self, dataset: Sized, shuffle: bool = True, seed: int | None = None
    ) -> None:
        if len(dataset) == 0:
            raise ValueError("The data set is empty. Check data_root and label files.")
        self.size = len(dataset)
        self.shuffle = shuffle
        self.seed = int(sync_random_seed() if seed is None else seed)
        self.rank, self.world_size = get_dist_info()
        self.num_taken = 0
        """Number of draws that this process has already used up."""

    def __iter__(self) -> Iterator[int]:
        """Yield this process's share of the draws."""
        position = self.num_taken * self.world_size + self.rank
        order, order_pass = np.arange(self.size), -1
        while True:
            current_pass, place = divmod(position, self.size)
            if self.shuffle and current_pass != order_pass:
                rng = np.random.default_rng((self.seed, current_pass))
                order, order_pass = rng.permutation(self.size), current_pass
            numbered_pass = self.seed * _PASSES_PER_SEED + current_pass
            yield numbered_pass * self.size + int(order[place])
            position += self.world_size

    def __len__(self) -> int:
        """Length of one pass, for those who show progress in epochs."""
        return self.size
