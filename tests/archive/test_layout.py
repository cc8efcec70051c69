"""Names of partitions are one for each clip, and fit into file systems."""

import os
from urllib.parse import unquote

from lanedet.archive.layout import (
    lanes_file,
    partition_of,
    stretches_folder,
    table_text,
)


def test_a_partition_has_the_clips_name_as_in_a_url() -> None:
    assert partition_of("monday/a b.mp4") == "monday%2Fa%20b.mp4"
    assert lanes_file("1.mp4") == "lanes/clip=1.mp4/lanes.parquet"
    for name in ("é/ü.mp4", "a=b/c&d.mkv", "..", "%2F.mp4", "s3://x/y.mp4"):
        assert unquote(partition_of(name)) == name
        assert "/" not in partition_of(name)


def test_names_of_any_bytes_become_texts_that_a_table_can_hold() -> None:
    name = os.fsdecode("é".encode() + b"\xe9.mp4")
    assert table_text(name) == "é\\udce9.mp4"
    assert unquote(partition_of(table_text(name)), errors="strict") == "é\\udce9.mp4"
    assert table_text("é.mp4") == "é.mp4"


def test_long_names_are_shortened_and_stay_apart() -> None:
    names = ["ü" * 100 + f"{number}.mp4" for number in range(50)]
    partitions = {partition_of(name) for name in names}
    assert len(partitions) == 50
    assert all(len(f"clip={each}") < 255 for each in partitions)
    for each in partitions:
        assert unquote(each.partition("~")[0], errors="strict")


def test_stretches_that_depend_on_other_things_lie_apart() -> None:
    assert stretches_folder("a") != stretches_folder("b")
    assert stretches_folder("a").startswith("_work/")
