from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from lanedet.engine import DistillationHook
from lanedet.models import AttentionGenerator, SelfAttentionDistiller

RAW = AttentionGenerator(energy_norm="none")


def run(
    distiller: SelfAttentionDistiller | None,
    num_iters: int,
    other_weight: float = 1.0,
    max_iters: int | None = None,
) -> MagicMock:
    """Drive the hook as a runner would; return the message hub."""
    runner: Any = SimpleNamespace(
        model=SimpleNamespace(distillers=[] if distiller is None else [distiller]),
        iter=0,
        max_iters=max_iters or num_iters,
        message_hub=MagicMock(),
    )
    hook = DistillationHook(interval=10, patience=100)
    generator = torch.Generator().manual_seed(0)
    for number in range(num_iters):
        runner.iter = number
        hook.before_train_iter(runner, number)
        outputs = {}
        if distiller is not None:
            features = {
                name: torch.randn(1, 128, 6, 8, generator=generator) * 3
                for name in ("E2", "E3", "E4")
            }
            for feature in features.values():
                feature.requires_grad_()
            outputs = distiller(features)
            loss = outputs.get("loss_sad", torch.zeros(()))
            other = features["E2"].mean() + features["E3"].mean()
            (loss + other_weight * other).backward()
        hook.after_train_iter(runner, number, outputs=outputs)
    return runner.message_hub


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Messages that the hook logs."""
    messages: list[str] = []
    monkeypatch.setattr(
        "lanedet.engine.hooks.distillation_hook.print_log",
        lambda message, **_: messages.append(message),
    )
    return messages


def test_healthy_run_is_logged_and_not_warned_of(warnings: list[str]) -> None:
    hub = run(SelfAttentionDistiller(start=0.5), num_iters=300)
    names = {call.args[0] for call in hub.update_scalar.call_args_list}
    assert names == {"train/sad_gradient_share_E2", "train/sad_gradient_share_E3"}
    # Active from iteration 150 on, measured at every tenth, at two stages.
    assert hub.update_scalar.call_count == 2 * 15
    assert all(call.args[1] > 0 for call in hub.update_scalar.call_args_list)
    assert warnings == []


def test_collapsed_maps_are_warned_of_once_each(warnings: list[str]) -> None:
    run(
        SelfAttentionDistiller(
            start=0.0, attention=AttentionGenerator(energy_norm="none")
        ),
        num_iters=300,
    )
    collapsed = [text for text in warnings if "has collapsed" in text]
    assert len(collapsed) == 3
    assert {text.split()[4] for text in collapsed} == {"E2", "E3", "E4"}
    assert "energy_norm='standardize'" in collapsed[0]


def test_negligible_gradient_is_warned_of(warnings: list[str]) -> None:
    run(SelfAttentionDistiller(start=0.0), num_iters=200, other_weight=1e6)
    assert len(warnings) == 2
    assert all("SAD trains next to nothing" in text for text in warnings)


def test_a_ramp_is_no_illness(warnings: list[str]) -> None:
    # In the first 200 of 200,000 iterations the weight is next to nothing.
    distiller = SelfAttentionDistiller(start=0.0, ramp=1.0)
    hub = run(distiller, num_iters=200, max_iters=200_000)
    shares = [call.args[1] for call in hub.update_scalar.call_args_list]
    assert max(shares) < 1e-3
    assert warnings == []


def test_drowning_gradient_is_warned_of(warnings: list[str]) -> None:
    run(SelfAttentionDistiller(start=0.0), num_iters=200, other_weight=1e-6)
    assert len(warnings) == 2
    assert all("drowns them" in text for text in warnings)


def test_a_step_that_overflows_is_not_measured(warnings: list[str]) -> None:
    hub = run(SelfAttentionDistiller(start=0.0), 200, other_weight=float("inf"))
    assert not hub.update_scalar.called
    assert warnings == []


def test_patience_counts_active_iterations(warnings: list[str]) -> None:
    # Active for the last 90 of 180 iterations only.
    run(
        SelfAttentionDistiller(
            start=0.5, attention=AttentionGenerator(energy_norm="none")
        ),
        num_iters=180,
    )
    assert warnings == []


def test_each_of_several_distillers_has_its_own_schedule() -> None:
    early, late = SelfAttentionDistiller(start=0.2), SelfAttentionDistiller(start=0.8)
    runner: Any = SimpleNamespace(
        model=SimpleNamespace(distillers=[early, late, torch.nn.Identity()]),
        iter=50,
        max_iters=100,
    )
    DistillationHook(interval=10).before_train_iter(runner, 50)
    assert early.progress == late.progress == 0.5
    assert early.monitor is not None
    assert late.monitor is None


def test_model_without_distiller() -> None:
    hub = run(None, num_iters=20)
    hub.update_scalar.assert_not_called()
