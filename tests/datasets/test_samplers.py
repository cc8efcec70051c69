import itertools

import pytest

from lanedet.datasets import EndlessSampler


def take(sampler: EndlessSampler, count: int) -> list[int]:
    return list(itertools.islice(sampler, count))


def test_every_pass_holds_every_sample_once() -> None:
    draws = take(EndlessSampler(range(7), seed=3), 21)
    for number in range(3):
        indices = [draw % 7 for draw in draws[7 * number : 7 * number + 7]]
        assert sorted(indices) == list(range(7))


def test_passes_and_seeds_differ_in_order_and_in_draws() -> None:
    draws = take(EndlessSampler(range(50), seed=3), 100)
    assert [d % 50 for d in draws[:50]] != [d % 50 for d in draws[50:]]
    assert len(set(draws)) == 100
    other = take(EndlessSampler(range(50), seed=4), 100)
    assert not set(draws) & set(other)


def test_without_shuffle_the_order_is_that_of_the_file() -> None:
    draws = take(EndlessSampler(range(4), shuffle=False, seed=0), 8)
    assert draws == [0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("taken", [1, 6, 7, 20])
def test_goes_on_as_if_it_had_not_stopped(taken: int) -> None:
    whole = take(EndlessSampler(range(7), seed=1), 30)
    resumed = EndlessSampler(range(7), seed=1)
    resumed.num_taken = taken
    assert take(resumed, 30 - taken) == whole[taken:]


def test_processes_share_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = take(EndlessSampler(range(5), seed=1), 20)
    shares = []
    for rank in range(2):
        monkeypatch.setattr(
            "lanedet.datasets.samplers.get_dist_info", lambda rank=rank: (rank, 2)
        )
        shares.append(take(EndlessSampler(range(5), seed=1), 10))
    assert [draw for pair in zip(*shares, strict=True) for draw in pair] == whole


def test_empty_data_set() -> None:
    with pytest.raises(ValueError, match="data set is empty"):
        EndlessSampler([])
