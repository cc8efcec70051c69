"""What rows cost: what is free when a network predicts, and what is paid for."""

from pathlib import Path

import pytest

from lanedet.ablation import Ablation, measure_costs


@pytest.mark.slow
def test_a_distiller_is_free_and_a_layer_is_paid_for(scenes_root: Path) -> None:
    ablation = Ablation(
        "ablation/context_tusimple_enet",
        Path("out"),
        rows=("deep supervision", "attention, relative"),
        options={"train_dataloader.batch_size": 2},
        data_root=str(scenes_root),
    )
    plain, supervised, attending = measure_costs(ablation).values()
    assert list(plain.macs) == ["96x160", "288x800"]
    assert (supervised.parameters, supervised.macs) == (plain.parameters, plain.macs)
    # Four projections of 128 channels with biases, a scale for each channel, and
    # vectors of 32 channels for the offsets in 12 x 20 pixels.
    more = 4 * (128**2 + 128) + 128 + (23 + 39) * 32
    assert attending.parameters - plain.parameters == more
    pixels = 36 * 100
    assert attending.macs["288x800"] - plain.macs["288x800"] == (
        4 * 128**2 * pixels + 2 * pixels**2 * 128 + 4 * pixels * 136 * 32
    )
    for cost in (plain, supervised, attending):
        assert cost.predict_ms > 0
        assert cost.step_ms > cost.predict_ms
        assert cost.step_bytes > 10 * cost.predict_bytes > 0
