"""What others read tables with finds the clips, the rows and the units."""

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
from archives import local_engine
from clips import write_clip

from lanedet.archive import ArchiveJob, list_clips, run_archive

NAMES = ["day 1/a=b.mp4", "day 1/clip.mp4"]


@pytest.fixture
def table(make_job: Callable[..., ArchiveJob], tmp_path: Path) -> Path:
    folder = tmp_path / "clips" / "day 1"
    folder.mkdir(parents=True)
    write_clip(folder, num_frames=7).rename(folder / "a=b.mp4")
    write_clip(folder, num_frames=5)
    (folder.parent / "broken.mp4").write_bytes(bytes(50))
    clips = list_clips(str(folder.parent))
    run_archive(clips, make_job(tmp_path / "table"), local_engine)
    return tmp_path / "table"


def test_pyarrow_reads_the_clips_as_partitions_with_units(table: Path) -> None:
    lanes = pads.dataset(table / "lanes", partitioning="hive")
    assert lanes.schema.field("time").metadata[b"unit"] == b"s"
    assert lanes.count_rows() == 12
    one = lanes.to_table(filter=pads.field("clip") == NAMES[1])
    assert one["frame"].to_pylist() == [0, 1, 2, 3, 4]


def test_pandas_reads_both_tables(table: Path) -> None:
    pandas = pytest.importorskip("pandas")
    lanes = pandas.read_parquet(table / "lanes")
    assert lanes.groupby("clip", observed=True).size().to_dict() == {
        NAMES[0]: 7,
        NAMES[1]: 5,
    }
    manifest = pandas.read_parquet(table / "manifest").set_index("clip")
    assert manifest["state"].to_dict() == {
        NAMES[0]: "done",
        NAMES[1]: "done",
        "broken.mp4": "failed",
    }
    assert manifest.loc[NAMES[0], "frames"] == 7


def test_duckdb_joins_both_tables(table: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(
        f"""
        SELECT clip, count(*) AS rows, any_value(frames), max(len(lanes))
        FROM read_parquet('{table}/lanes/*/*.parquet', hive_partitioning = true) AS lane
        JOIN read_parquet('{table}/manifest/*.parquet') AS manifest USING (clip)
        GROUP BY clip ORDER BY clip
        """
    ).fetchall()
    assert found == [(NAMES[0], 7, 7, 2), (NAMES[1], 5, 5, 2)]


def test_columns_have_types_that_spark_reads(table: Path) -> None:
    # It refuses unsigned numbers, times in nanoseconds, columns of nothing but null and
    # some signs in names, and takes partitions by their folders' names.
    paths = [*table.glob("lanes/*/*.parquet"), *table.glob("manifest/*.parquet")]
    assert all(re.fullmatch(r"clip=[\w.%~-]+", path.parent.name) for path in paths[:2])
    physical, logical, names = set(), set(), set()
    for path in paths:
        schema = pq.ParquetFile(path).schema
        for index in range(len(schema)):
            names.update(schema.column(index).path.split("."))
            physical.add(schema.column(index).physical_type)
            logical.add(str(schema.column(index).logical_type))
    assert physical == {"BOOLEAN", "BYTE_ARRAY", "DOUBLE", "FLOAT", "INT32", "INT64"}
    assert logical == {
        "None",
        "String",
        "Int(bitWidth=16, isSigned=true)",
    }
    assert {"frame", "points", "file_version"} < names
    assert not [name for name in names if re.search(r"[ ,;{}()\n\t=]", name)]
    assert "clip" not in pq.read_schema(paths[0]).names  # it would be there twice
