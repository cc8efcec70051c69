"""Each config builds the experiment that it has always built."""

import pytest
from experiments import (
    config_paths,
    describe_experiment,
    differences,
    read_kept,
)

NAMES = sorted(config_paths())
ANEW = "If it shall, run `python tests/experiments.py` and look at what it changes."


@pytest.mark.parametrize("name", NAMES)
def test_a_config_builds_what_it_has_always_built(name: str) -> None:
    kept = read_kept()
    assert name in kept, f"{name} is a new experiment. {ANEW}"
    changed = differences(kept[name], describe_experiment(config_paths()[name]))
    assert not changed, "\n".join([f"{name} has changed. {ANEW}", *changed])


def test_no_config_is_missing() -> None:
    assert sorted(read_kept()) == NAMES


def test_differences_say_what_was_and_what_is() -> None:
    kept = {"schedule": {"lr": "0.1", "momentum *": "0.9"}, "rows": {"SAD": "None"}}
    now = {"schedule": {"lr": "0.2", "momentum": "0.9"}}
    assert differences(kept, now) == [
        "schedule: lr was 0.1, is 0.2",
        "rows: SAD was None, is not there",
    ]


def test_what_a_part_has_learned_and_does_not_use_is_no_difference() -> None:
    kept = {"head": {"Decoder.step": "4"}}
    assert (
        differences(kept, {"head": {"Decoder.step": "4", "Decoder.new *": "1"}}) == []
    )
    used = {"head": {"Decoder.step": "4", "Decoder.new": "2"}}
    assert differences(kept, used) == ["head: Decoder.new was not there, is 2"]


def test_another_default_is_a_difference() -> None:
    kept = {"head": {"Decoder.step *": "4"}}
    assert differences(kept, {"head": {"Decoder.step *": "2"}}) == [
        "head: Decoder.step was 4, is 2"
    ]
