import numpy as np

from lanedet.simulation.effects.trees import tree_sprites


def test_crowns_have_soft_edges_at_every_size() -> None:
    for sizes in tree_sprites():
        assert [sprite.shape for sprite in sizes] == [
            (size, size, 2) for size in (16, 32, 64, 128, 256)
        ]
        for sprite in sizes:
            grey, opacity = sprite[..., 0].astype(int), sprite[..., 1].astype(int)
            assert 0.1 < (opacity > 200).mean() < 0.75
            is_edge = (opacity > 20) & (opacity < 235)
            assert is_edge.mean() > 0.01, "no hard cut between leaves and sky"
            leaves = grey[opacity > 200]
            assert 90 < leaves.mean() < 150
            # Clumps, not specks: a pixel is like its neighbour.
            beside = (opacity[:, 1:] > 200) & (opacity[:, :-1] > 200)
            if len(sprite) >= 64:
                assert abs(np.diff(grey, axis=1))[beside].mean() < 8
