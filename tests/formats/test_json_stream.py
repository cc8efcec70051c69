import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from texts import texts

from lanedet.formats import LabelError
from lanedet.formats.json_stream import stream_json_entries

values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
entries = st.lists(st.dictionaries(texts(max_size=3), values, max_size=3), max_size=5)
any_file = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


# In one go, and in pieces that cut through everything.
CHUNKS = (1 << 20, 3)


def listed(file: Path, chunk: int = 1 << 20) -> list[object]:
    return [entry.value for entry in stream_json_entries(file, chunk)]


@any_file
@given(
    entries,
    st.sampled_from([None, 1]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(CHUNKS),
)
def test_entries_are_those_that_json_reads(
    tmp_path: Path,
    content: list[object],
    indent: int | None,
    has_mark: bool,
    is_ascii: bool,
    chunk: int,
) -> None:
    file = tmp_path / "labels.json"
    text = json.dumps(content, indent=indent, ensure_ascii=is_ascii)
    data = text.encode("utf-8", "surrogatepass")
    file.write_bytes(b"\xef\xbb\xbf" + data if has_mark else data)
    assert listed(file, chunk) == content


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_list_may_lie_under_frames(tmp_path: Path, chunk: int) -> None:
    file = tmp_path / "labels.json"
    file.write_text('{"frames": [{"a": 1}, {"b": 2}], "config": null}')
    assert listed(file, chunk) == [{"a": 1}, {"b": 2}]


def test_one_object_is_one_entry(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text('{"frames": [{"objects": []}], "name": "x"}')
    assert listed(file) == [{"frames": [{"objects": []}], "name": "x"}]


def test_entries_know_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text('[\n{"a": 1},\n{"b":\n 2}, {"c": 3}\n]\n')
    assert [entry.line for entry in stream_json_entries(file)] == [2, 3, 4]


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("end", range(1, 33))
def test_a_cut_file_is_an_error_after_its_whole_entries(
    tmp_path: Path, end: int, chunk: int
) -> None:
    file = tmp_path / "labels.json"
    whole = '[\n{"a": 1},\n{"b": [1, 2, "x"]}\n]'
    file.write_text(whole[: min(end, len(whole) - 1)])
    found: list[object] = []
    with pytest.raises(LabelError, match=r"labels\.json:\d+: .*fetch it again"):
        found.extend(entry.value for entry in stream_json_entries(file, chunk))
    assert found == [{"a": 1}, {"b": [1, 2, "x"]}][: len(found)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "not valid JSON", id="empty"),
        pytest.param(b"\xff\xfe[\x00", "not UTF-8", id="encoding"),
        pytest.param(b"[{} {}]", "',' or ']' must follow", id="no comma"),
        pytest.param(b"[1, 2", "',' or ']' must follow", id="no end"),
        pytest.param(b"{} {}", "more follows", id="two objects"),
        pytest.param(b"[" * 100_000, "not valid JSON", id="deep"),
        pytest.param(b"[" + b"9" * 5000 + b"]", "not valid JSON", id="long number"),
    ],
)
def test_what_is_no_json_list_is_refused(
    tmp_path: Path, data: bytes, message: str
) -> None:
    file = tmp_path / "labels.json"
    file.write_bytes(data)
    with pytest.raises(LabelError, match=message):
        listed(file)
