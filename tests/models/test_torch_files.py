"""Files of torch, whole and hostile. Pickles are written by hand, opcode by opcode."""

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lanedet.models.checkpoint_files import is_whole_checkpoint, read_pickled

CONTENT = {
    "state_dict": OrderedDict(
        weight=torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        part=torch.arange(12.0).reshape(4, 3).t()[1:],
        half=torch.randn(3).half(),
        brain=torch.randn(3).bfloat16(),
        whole=torch.tensor(2**40),
        words=torch.tensor([1, 65535], dtype=torch.uint16),
        empty=torch.zeros(0, 3),
        parameter=nn.Parameter(torch.ones(2)),
        module=nn.BatchNorm2d(3).state_dict(),
    ),
    "meta": {
        "text": "ü",
        "bytes": b"\x00\xff",
        "big": 2**70,
        "shape": torch.Size([3, 4]),
        "dtype": torch.float16,
        "device": torch.device("cpu"),
        "set": {1, 2},
        3: (None, True, False, -1.5, [], ()),
    },
}


def write(path: Path, content: Any, form: str) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=form != "legacy")
    if form == "deflated":
        whole = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for info in whole.infolist():
                archive.writestr(info.filename, whole.read(info))
    return path


FORMS = pytest.mark.parametrize("form", ["archive", "deflated", "legacy"])


def assert_same(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs) or isinstance(theirs, nn.Parameter)
    if isinstance(theirs, Tensor):
        assert (ours.dtype, ours.stride()) == (theirs.dtype, theirs.stride())
        assert torch.equal(ours, theirs)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            assert_same(ours[key], value)
    else:
        assert ours == theirs


@FORMS
def test_content_is_what_torch_reads(tmp_path: Path, form: str) -> None:
    path = write(tmp_path / "whole.pth", CONTENT, form)
    assert is_whole_checkpoint(path)
    read = read_pickled(path)
    assert_same(read, CONTENT)
    if form != "legacy":  # torch itself cannot read its 16-bit words there
        assert_same(read, torch.load(path, weights_only=True))
    metadata = read["state_dict"]["module"]._metadata
    assert metadata == nn.BatchNorm2d(3).state_dict()._metadata


@FORMS
def test_tensors_of_one_storage_still_share_it(tmp_path: Path, form: str) -> None:
    tensor = torch.arange(6.0)
    path = write(tmp_path / "tied.pth", [tensor, tensor[2:]], form)
    first, second = read_pickled(path)
    first[2] = 9.0
    assert second[0] == 9.0


@FORMS
def test_a_header_has_shapes_and_no_numbers(tmp_path: Path, form: str) -> None:
    header = read_pickled(write(tmp_path / "whole.pth", CONTENT, form), "meta")
    for name, tensor in CONTENT["state_dict"].items():
        if isinstance(tensor, Tensor):
            ours = header["state_dict"][name]
            assert ours.is_meta
            assert (ours.shape, ours.dtype) == (tensor.shape, tensor.dtype)
    assert header["meta"] == CONTENT["meta"]


def test_checksums_may_be_left_out(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        path = write(tmp_path / "bare.pth", {"x": torch.ones(3)}, "archive")
    finally:
        torch.serialization.set_crc32_options(True)
    assert is_whole_checkpoint(path)
    assert torch.equal(read_pickled(path)["x"], torch.ones(3))


def test_a_changed_number_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pth", {"x": torch.ones(1000)}, "archive")
    content = bytearray(path.read_bytes())
    content[content.index(torch.ones(4).numpy().tobytes()) + 401] ^= 1
    path.write_bytes(content)
    assert not is_whole_checkpoint(path)
    with pytest.raises(ValueError, match=r"x\.pth' is no checkpoint.*checksum"):
        read_pickled(path)


@FORMS
def test_a_cut_file_is_not_whole(tmp_path: Path, form: str) -> None:
    path = write(tmp_path / "cut.pth", CONTENT, form)
    content = path.read_bytes()
    for length in (0, 3, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert not is_whole_checkpoint(path)
        with pytest.raises(ValueError, match=r"cut\.pth' is no checkpoint of plain"):
            read_pickled(path)
    assert not is_whole_checkpoint(tmp_path / "none.pth")


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(3, device="meta"),
        torch.ones(3, 3).to_sparse(),
        torch.ones(3, dtype=torch.complex64).conj(),
    ],
    ids=["meta", "sparse", "conjugate"],
)
@pytest.mark.filterwarnings("ignore:Sparse")
def test_other_kinds_of_tensors(tmp_path: Path, tensor: Tensor) -> None:
    path = write(tmp_path / "odd.pth", {"x": tensor}, "archive")
    with pytest.raises(ValueError, match=r"odd\.pth' is no checkpoint of plain data"):
        read_pickled(path)


def whole(number: int) -> bytes:
    return b"\x8a\x08" + number.to_bytes(8, "little", signed=True)


def text(value: str) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def storage(numel: int) -> bytes:
    name = text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu")
    return b"(" + name + whole(numel) + b"tQ"


def tensor(numel: int, shape: list[int], strides: list[int], offset: int = 0) -> bytes:
    lists = (b"(" + b"".join(map(whole, each)) + b"t" for each in (shape, strides))
    parts = storage(numel) + whole(offset) + b"".join(lists) + b"\x89N"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + parts + b"tR"


def pickled(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def archive(path: Path, body: bytes, record: bytes = bytes(16)) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/data.pkl", pickled(body))
        file.writestr("a/data/0", record)
    return path


def legacy(path: Path, body: bytes) -> Path:
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    head = b"".join(pickle.dumps(part, protocol=2) for part in parts)
    path.write_bytes(head + pickled(body) + pickle.dumps(["0"], protocol=2))
    return path


TENSORS = {
    "8 GB": tensor(2 * 10**9, [2 * 10**9], [1]),
    "resized": tensor(4, [10**12], [1]),
    "expanded": tensor(4, [10**6, 10**6], [0, 0]),
    "strides": tensor(4, [2], [4]),
    "before": tensor(4, [2], [1], -1),
    "negative": tensor(4, [-2], [1]),
    "less than none": tensor(-4, [2], [1]),
    "overflow": tensor(4, [0, 2**63 - 1], [1, 1]),
    "dimensions": tensor(4, [1] * 70, [1] * 70),
}


@pytest.mark.parametrize("pack", [archive, legacy])
@pytest.mark.parametrize("body", TENSORS.values(), ids=TENSORS)
def test_a_tensor_must_lie_in_its_storage(
    tmp_path: Path, body: bytes, pack: Any
) -> None:
    for device in ("meta", "cpu"):
        with pytest.raises(ValueError, match=r"x\.pth' is no checkpoint of plain da"):
            read_pickled(pack(tmp_path / "x.pth", body), device)


def test_a_tensor_in_its_storage(tmp_path: Path) -> None:
    record = torch.arange(4.0).numpy().tobytes()
    read = read_pickled(archive(tmp_path / "x.pth", tensor(4, [2], [2], 1), record))
    assert read.tolist() == [1.0, 3.0]


_TUPLES = b")q\x00" + b"h\x00h\x00\x86q\x00" * 60
_ENCODE = b"c_codecs\nencode\nq\x00" + text("a" * 10**5) + b"q\x01" + text("latin1")
HOSTILE = {
    "code": b"cos\nsystem\n" + text("true") + b"\x85R",
    "bytearray": b"cbuiltins\nbytearray\n" + whole(10**12) + b"\x85R",
    "opcode of bytes": b"\x8e" + (10**12).to_bytes(8, "little"),
    "opcode of bytearray": b"\x96" + (10**12).to_bytes(8, "little"),
    "text": b"X\xff\xff\xff\xffabc",
    "hash of tuples": b"}" + _TUPLES + b"Ns",
    "set of tuples": b"cbuiltins\nset\n](" + _TUPLES + b"e\x85R",
    "copies": _ENCODE + b"q\x02](" + b"h\x00h\x01h\x02\x86R" * 100 + b"e",
    "getattr": b"cbuiltins\ngetattr\n" + text("") + text("x") + b"\x86R",
    "torch's functions": b"ctorch\nload\n" + text("x") + b"\x85R",
    "extension": b"\x82\x01",
    "methods": b"ccollections\nOrderedDict\n)R}" + text("keys") + b"Nsb0" + b"c\n\n",
    "stack": b"s",
    "memo": b"h\x07",
    "no end": b"(",
}


@pytest.mark.parametrize("pack", [archive, legacy])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pickle(tmp_path: Path, body: bytes, pack: Any) -> None:
    with pytest.raises(ValueError, match=r"x\.pth' is no checkpoint of plain data"):
        read_pickled(pack(tmp_path / "x.pth", body))


def test_a_memo_takes_no_memory_for_its_numbers(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.pth", b"}r\xff\xff\xff\xff")
    assert read_pickled(path) == {}


def test_records_that_are_packed_many_times(tmp_path: Path) -> None:
    body = tensor(2**25, [2**25], [1])
    path = archive(tmp_path / "bomb.pth", body, bytes(2**27))
    assert path.stat().st_size < 10**6
    with pytest.raises(ValueError, match=r"records of \d+ bytes are packed into \d+"):
        read_pickled(path, "meta")


def test_many_tensors_of_one_storage(tmp_path: Path) -> None:
    one = tensor(2**18, [2**18], [1])
    path = archive(tmp_path / "x.pth", b"](" + one * 100 + b"e", bytes(2**20))
    with pytest.raises(ValueError, match="many times as large as the file"):
        read_pickled(path)
