from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.formats import LabelError, read_culane_list

NAME = "driver_37_30frame/05181432_0203.MP4/00000.jpg"


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("line", "existence"),
    [
        (f"/{NAME}", None),
        (f"{NAME} ", None),
        (f"/{NAME} /laneseg_label_w16/a/b.png 1 1 0 1", (1, 1, 0, 1)),
        (f"/{NAME} /laneseg_label_w16/a/b.png", None),
        (f"\ufeff/{NAME}\r", None),
        ("\\" + NAME.replace("/", "\\"), None),
    ],
)
def test_all_forms_of_list_lines_are_read(tmp_path, line, existence) -> None:
    path = write(tmp_path / "list.txt", f"{line}\n\n{line.strip()}\n".encode())
    path.write_bytes(path.read_bytes().replace("\n\ufeff".encode(), b"\n"))
    entries = read_culane_list(path)
    assert [tuple(entry) for entry in entries] == [(NAME, existence)] * 2


@pytest.mark.parametrize(
    ("columns", "existence"),
    [
        ("", None),
        ("\t1 0 1 0", (1, 0, 1, 0)),
        (" /label maps/a b/0 1.png 1 1", (1, 1)),
        (" /maps/c.bin 1 1", (1, 1)),
    ],
)
@pytest.mark.parametrize("name", ["my drive/a b/0 1.jpg", "a  b.JPEG"])
def test_names_may_hold_blanks(tmp_path, name, columns, existence) -> None:
    path = write(tmp_path / "list.txt", f"/{name}{columns}\n".encode())
    assert [tuple(entry) for entry in read_culane_list(path)] == [(name, existence)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "names no image"),
        (b"a.jpg b.jpg\n", r"list.txt:1: flags of lanes must be 0 or 1"),
        (b"a/b.jpg\n../../b.jpg\n", r"list.txt:2: .* stay in its folder"),
        (b"a/b.jpg /m.png 1 2 0 1\n", r"list.txt:1: flags of lanes must be 0 or 1"),
        (b"C:\\data\\a.jpg\n", r"list.txt:1: the name of an image must be relative"),
        (b"a/b.jpg\ndriver_23_30fr", r"list.txt:2: .* have an ending"),
    ],
)
def test_broken_lists_are_refused(tmp_path, content, message) -> None:
    with pytest.raises(LabelError, match=message):
        read_culane_list(write(tmp_path / "list.txt", content))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text("/\\ab.jpg 01\n\r\ufeff", max_size=60))
def test_any_list_gives_names_inside_the_root_or_its_line(
    tmp_path_factory, content
) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    path = write(tmp_path_factory.getbasetemp() / "fuzz.txt", raw)
    try:
        entries = read_culane_list(path)
    except LabelError as error:
        message = str(error)
    else:
        message = str(path)
        for name, _ in entries:
            assert not Path(name).is_absolute()
            assert ".." not in Path(name).parts
    assert message.startswith(str(path))
