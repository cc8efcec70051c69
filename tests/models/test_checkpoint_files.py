"""Damaged files of every form: a ValueError that names the file, and little memory."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from fuzzing import mutations

from lanedet.formats.models import MODEL_KEY
from lanedet.models import (
    is_whole_checkpoint,
    load_weights,
    read_checkpoint,
    read_checkpoint_header,
)
from lanedet.models.backbones.pretrained import read_state_dict
from lanedet.models.checkpoint_files import read_safetensors

STATE = {
    "a": torch.arange(6.0).reshape(2, 3),
    "b": torch.arange(4),
    "c": torch.ones(2, 2).half(),
}
CONTENT = {
    "meta": {"iter": 3, MODEL_KEY: {"type": "LaneDetector", "mean": [1.0, 2.5, 3]}},
    "state_dict": STATE,
    "optimizer": {"state": {0: {"momentum": torch.zeros(3)}}},
}


def saved(is_archive: bool) -> bytes:
    file = io.BytesIO()
    torch.save(CONTENT, file, _use_new_zipfile_serialization=is_archive)
    return file.getvalue()


def zipped(compression: int, pickled: bytes | None = None) -> bytes:
    """The archive anew, with another pickle if one is given."""
    whole, file = zipfile.ZipFile(io.BytesIO(saved(True))), io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for info in whole.infolist():
            is_other = pickled is not None and info.filename.endswith("data.pkl")
            archive.writestr(info.filename, pickled if is_other else whole.read(info))
    return file.getvalue()


def damaged_pickles(seed: int, count: int) -> Iterator[bytes]:
    """Archives that are whole, with damaged pickles in them."""
    whole = zipfile.ZipFile(io.BytesIO(saved(True)))
    [name] = [n for n in whole.namelist() if n.endswith("data.pkl")]
    for pickled in mutations(whole.read(name), seed, count):
        yield zipped(zipfile.ZIP_STORED, pickled)


def damaged_headers(seed: int, count: int) -> Iterator[bytes]:
    """Safetensors files with damaged headers of the stated length."""
    whole = safetensors.torch.save(STATE, {MODEL_KEY: '{"type": "LaneDetector"}'})
    length = struct.unpack("<Q", whole[:8])[0]
    for header in mutations(whole[8 : 8 + length], seed, count):
        yield struct.pack("<Q", len(header)) + header + whole[8 + length :]


def damaged(whole: bytes) -> Callable[[int, int], Iterator[bytes]]:
    return lambda seed, count: mutations(whole, seed, count)


SUPPLIES = {
    "archive.pth": damaged(saved(True)),
    "deflated.pth": damaged(zipped(zipfile.ZIP_DEFLATED)),
    "legacy.pth": damaged(saved(False)),
    "pickle.pth": damaged_pickles,
    "weights.safetensors": damaged(safetensors.torch.save(STATE, {"seed": "3"})),
    "header.safetensors": damaged_headers,
}


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Allow a ValueError that names the file, and nothing else."""
    try:
        yield
    except ValueError as error:
        if path.name not in str(error):
            raise


def read_all(folder: Path, seed: int, count: int) -> int:
    """Read damaged files of all forms; return how many could be read."""
    num_read = 0
    for name, supply in SUPPLIES.items():
        path = folder / name
        for content in supply(seed, count):
            path.write_bytes(content)
            assert isinstance(is_whole_checkpoint(path), bool)
            for read in (read_checkpoint, read_checkpoint_header, read_state_dict):
                with told_of(path):
                    read(path)
                    num_read += 1
            with pytest.raises(ValueError, match=name):
                load_weights(path)
    return num_read


def test_damaged_files(tmp_path: Path) -> None:
    assert 0 < read_all(tmp_path, seed=0, count=30) < 400


_MANY = """
import resource, sys, tempfile
from pathlib import Path
sys.path[:0] = {paths!r}
from test_checkpoint_files import read_all
with tempfile.TemporaryDirectory() as folder:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(1, 11):
        read_all(Path(folder), seed, 300)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_many_damaged_files_take_little_memory() -> None:
    here = Path(__file__).parent
    code = _MANY.format(paths=[str(here), str(here.parent)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 200_000  # kB


def write_header(path: Path, header: str, numbers: bytes = bytes(4)) -> Path:
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + numbers)
    return path


def entry(dtype: str = "F32", shape: Any = (1,), end: int = 4) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [0, end]}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param('{"a": %s, "a": %s}' % ((json.dumps(entry()),) * 2), id="twice"),
        pytest.param(json.dumps({"a": entry("C64", (), 8)}), id="complex"),
        pytest.param(json.dumps({"a": entry("F8_E4M3", (4,))}), id="8 bits"),
        pytest.param(json.dumps({"a": entry(shape=(0, 2**64 - 1), end=0)}), id="shape"),
        pytest.param(json.dumps({"a": entry(shape=(10**9,))}), id="size"),
        pytest.param(json.dumps({"a": entry("Q9")}), id="type"),
        pytest.param(json.dumps({"a": 3}), id="number"),
        pytest.param(json.dumps({"__metadata__": {"x": 1}, "a": entry()}), id="meta"),
        pytest.param("[" * 5000, id="deep"),
        pytest.param("[]", id="list"),
        pytest.param("", id="empty"),
    ],
)
def test_an_odd_header(tmp_path: Path, header: str) -> None:
    path = write_header(tmp_path / "odd.safetensors", header)
    assert not is_whole_checkpoint(path)
    for device in ("meta", "cpu"):
        with pytest.raises(ValueError, match=r"odd\.safetensors' is no whole weights"):
            read_safetensors(path, device)


def test_a_header_that_is_longer_than_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", 10**12) + b"{}")
    with pytest.raises(ValueError, match="a header of 1000000000000 bytes in a file"):
        read_safetensors(path)


def test_a_safetensors_file_and_its_header(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors.torch.save(STATE, {"seed": "3"}))
    metadata, read = read_safetensors(path)
    _, header = read_safetensors(path, "meta")
    assert metadata == {"seed": "3"}
    for name, tensor in STATE.items():
        assert torch.equal(read[name], tensor)
        assert header[name].is_meta
        assert (header[name].shape, header[name].dtype) == (tensor.shape, tensor.dtype)
