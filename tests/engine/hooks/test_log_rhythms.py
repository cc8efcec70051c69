from mmengine.logging import MessageHub

from lanedet.engine.hooks.log_rhythms import LogRhythms


def log(hub: MessageHub, iterations: range, **every: int) -> LogRhythms:
    """Log values every so many iterations; return what watched it."""
    rhythms = LogRhythms()
    for iteration in iterations:
        for name, interval in every.items():
            if iteration % interval == 0:
                hub.update_scalar(f"train/{name}", float(iteration))
        rhythms.note(hub, iteration + 1)
    return rhythms


def test_rhythm_is_the_longest_time_between_two() -> None:
    hub = MessageHub("rhythm")
    state = log(hub, range(9), dense=1, sparse=3, once=20).state
    expected = {"train/dense": [9, 1], "train/sparse": [7, 3], "train/once": [1, 0]}
    assert state == expected


def test_what_is_overdue_in_the_resumed_run_is_dropped() -> None:
    hub = MessageHub("overdue")
    state = log(hub, range(9), dense=1, sparse=3, once=20, gone=1, rare_gone=3).state
    hub.update_scalar("val/score", 1.0)
    resumed = LogRhythms(state)
    resumed.resume(hub, 9)
    names = {}
    for iteration in range(9, 14):
        hub.update_scalar("train/dense", float(iteration))
        if iteration % 3 == 0:
            hub.update_scalar("train/sparse", float(iteration))
        resumed.note(hub, iteration + 1)
        names[iteration + 1] = {name.split("/")[1] for name in hub.log_scalars}
    kept = {"dense", "sparse", "once", "score"}
    assert names[10] == kept | {"gone", "rare_gone"}
    assert names[11] == names[14] == kept
    assert len(hub.get_scalar("train/sparse").data[0]) == 5


def test_an_older_checkpoint_knows_no_rhythms() -> None:
    hub = MessageHub("old")
    log(hub, range(4), dense=1, gone=1)
    resumed = LogRhythms()
    resumed.resume(hub, 4)
    for iteration in (4, 5):
        hub.update_scalar("train/dense", float(iteration))
        resumed.note(hub, iteration + 1)
    assert set(hub.log_scalars) == {"train/dense"}
