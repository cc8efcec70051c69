"""What the page does with requests that its own page would not send."""

import signal
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from exports import exported_file

from lanedet.images import read_image, write_image
from lanedet.simulation import Drive
from lanedet.video import VideoWriter

PICTURE, CLIP, WEIGHTS = "_annotate_picture", "annotate", "_add_weights"


def file_data(path: str, **more: Any) -> dict[str, Any]:
    """Return a file as Gradio writes it in a call."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


@pytest.fixture
def road(tmp_path: Path) -> bytes:
    [(image, _)] = Drive(3, 1, 25.0, (90, 160))
    write_image(tmp_path / "road.jpg", image)
    return (tmp_path / "road.jpg").read_bytes()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    with VideoWriter(tmp_path / "clip.mp4", 10) as writer:
        for image, _ in Drive(3, 3, 10.0, (90, 160)):
            writer.write(image)
    return tmp_path / "clip.mp4"


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example", "origin": "http://evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_requests_of_other_sites(served, method: str, headers: dict[str, str]) -> None:
    headers = {**headers, "access-control-request-method": "POST"}
    with served.client() as client:
        for path in ("/config", "/gradio_api/queue/join", "/gradio_api/upload"):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == 403
            assert not any("access-control" in name for name in answer.headers)


@pytest.mark.parametrize(
    "path",
    [
        "file=/etc/passwd",
        "file=http://example.com/",
        "file=https%3A//example.com/",
        "file=file:///etc/passwd",
        "file/etc/passwd",
        "proxy=http://example.com/",
        "process_recording",  # which runs ffmpeg
        "component_server",
    ],
)
def test_other_files_and_machines_cannot_be_reached(served, path: str) -> None:
    with served.client() as client:
        for method in ("GET", "POST"):
            answer = client.request(method, f"/gradio_api/{path}")
            assert answer.status_code in (403, 404, 405)
            assert "root:" not in answer.text


@pytest.mark.parametrize(
    "source",
    [
        file_data("/etc/passwd"),
        file_data("/etc/passwd", is_stream=True),
        file_data("http://127.0.0.1:1/road.jpg"),
        file_data("https://example.com/road.jpg", url="https://example.com/road.jpg"),
        file_data("\0"),
        file_data("x" * 5000),
        {"path": 3, "meta": {"_type": "gradio.FileData"}},
        {"path": "/etc/passwd", "meta": 3},
        "/etc/passwd",
        7,
    ],
)
def test_only_what_was_uploaded_is_read(served, source: Any) -> None:
    wanted = "must be a file that was uploaded to the page, got"
    for function, more in (
        (PICTURE, [served.weights]),
        (CLIP, [served.weights, 30, True, False]),
        (WEIGHTS, []),
    ):
        output, error = served.call(function, source, *more)
        assert output is None
        assert wanted in error


def test_paths_out_of_the_uploads_are_refused(served, road: bytes) -> None:
    source = served.upload("road.jpg", road)
    source["path"] = str(Path(source["path"]).parent / "../../../errors.txt")
    _, error = served.call(PICTURE, source, served.weights)
    assert "must be a file that was uploaded" in error


@pytest.mark.parametrize(
    ("place", "value", "wanted"),
    [
        (1, None, "'Weights' must be one of the choices"),
        (1, "/etc/passwd", "'Weights' must be one of the choices"),
        (1, file_data("http://example.com"), "'Weights' must be one of the choices"),
        (2, None, "must be a number from 5 to 600, got None"),
        (2, 4, "must be a number from 5 to 600, got 4"),
        (2, 1e300, "must be a number from 5 to 600, got 1e+300"),
        (2, "30", "must be a number from 5 to 600, got '30'"),
        (2, True, "must be a number from 5 to 600, got True"),
        (3, None, "must be true or false, got None"),
        (4, "x", "must be true or false, got 'x'"),
        (0, None, "Drop a clip first."),
    ],
)
def test_values_that_the_page_would_not_send(
    served, place: int, value: Any, wanted: str
) -> None:
    values = [None, served.weights, 30, True, False]
    values[place] = value
    output, error = served.call(CLIP, *values)
    assert output is None
    assert wanted in error


def test_an_exported_file_is_taken_for_weights(served) -> None:
    pytest.importorskip("onnx", reason="needs the extra export")
    content = exported_file("rows", "onnx").read_bytes()
    update, error = served.call(WEIGHTS, served.upload("lanes.onnx", content))
    assert not error
    assert Path(update[0]["value"]).read_bytes() == content
    update, error = served.call(WEIGHTS, served.upload("lanes.onnx", content[:-9]))
    assert update is None
    assert error.startswith("'lanes.onnx' must be a whole ONNX file")


def test_calls_of_the_wrong_form(served) -> None:
    assert served.call(PICTURE, None) == (None, "2 values are wanted, got 1.")
    assert served.call(WEIGHTS, None) == (None, "Choose a weights file first.")
    join = "/gradio_api/queue/join"
    with served.client() as client:
        answer = client.post(
            join, json={"fn_index": 99, "data": [], "session_hash": "a"}
        )
        assert answer.status_code == 404
        assert answer.json() == {"detail": "The page has no such function."}
        assert client.post("/gradio_api/call/x", json={"data": []}).status_code == 404
        assert client.post(join, json={"fn_index": 2, "data": "x"}).status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "12:30:00.jpg",
        "-rf.jpg",
        " a b .jpg",
        "x" * 300 + ".jpg",
        ".jpg",
        "\xe4\u540d.jpg",
    ],
)
def test_names_of_uploads(served, road: bytes, name: str) -> None:
    output, error = served.call(PICTURE, served.upload(name, road), served.weights)
    assert not error
    assert read_image(output[0]["path"]).shape == (90, 160, 3)


def test_names_that_are_not_utf8(served, road: bytes) -> None:
    head = (
        b'--a\r\nContent-Disposition: form-data; name="files"; filename="\xe4\xff.jpg"'
    )
    body = head + b"\r\nContent-Type: image/jpeg\r\n\r\n" + road + b"\r\n--a--\r\n"
    with served.client() as client:
        answer = client.post(
            "/gradio_api/upload",
            content=body,
            headers={"content-type": "multipart/form-data; boundary=a"},
        )
    [path] = answer.json()
    output, error = served.call(PICTURE, file_data(path), served.weights)
    assert not error
    assert read_image(output[0]["path"]).shape == (90, 160, 3)


def jpeg_bomb(side: int) -> bytes:
    """Return a JPEG of some hundred bytes whose header tells of side x side pixels."""
    data = bytearray(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    frame = data.index(b"\xff\xc0")  # marker, length, precision, height, width
    data[frame + 5 : frame + 9] = side.to_bytes(2, "big") * 2
    return bytes(data)


def png_bomb(side: int) -> bytes:
    """Return a PNG of side x side black pixels of one bit each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    header = side.to_bytes(4, "big") * 2 + b"\1\0\0\0\0"
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("name", "content"), [("a.jpg", jpeg_bomb(20_000)), ("a.png", png_bomb(20_000))]
)
def test_a_few_bytes_command_no_memory_and_no_time(
    served, name: str, content: bytes, road: bytes
) -> None:
    assert len(content) < 100_000
    served.call(PICTURE, served.upload("road.jpg", road), served.weights)
    before = served.most_memory_mib
    start = time.monotonic()
    output, error = served.call(PICTURE, served.upload(name, content), served.weights)
    assert time.monotonic() - start < 20  # it took minutes once
    assert served.most_memory_mib - before < 200  # its pixels alone would take 1,144
    assert output is None
    assert error.startswith(f"'{name}' is too large: ")
    assert "20000x20000 pixels" in error


def test_what_is_no_picture(served) -> None:
    source = served.upload("notes.jpg", b"Not a picture.\n" * 9)
    output, error = served.call(PICTURE, source, served.weights)
    assert output is None
    assert error.startswith("'notes.jpg' cannot be read as an image.")


@pytest.mark.parametrize("name", ["clip.m3u8", "clip.mp4"])
def test_a_playlist_gives_no_file_of_this_machine(
    served, clip: Path, name: str
) -> None:
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n"
    source = served.upload(name, playlist.encode())
    output, error = served.call(CLIP, source, served.weights, 30, True, False)
    assert output is None
    assert f"'{name}' is " in error


def test_a_recording_without_frames(served, clip: Path) -> None:
    content = clip.read_bytes()
    for length in (0, 40, len(content) // 2):
        source = served.upload("cut.mp4", content[:length])
        output, error = served.call(CLIP, source, served.weights, 30, True, False)
        assert output is None
        assert "'cut.mp4'" in error
        assert "/" not in error


def test_each_caller_gets_what_is_made_of_his_own(served, tmp_path: Path) -> None:
    sources = {}
    for number in range(8):
        image = np.full((40 + number, 30, 3), 10 * number, np.uint8)
        write_image(tmp_path / f"{number}.png", image)
        content = (tmp_path / f"{number}.png").read_bytes()
        sources[number] = served.upload("same.png", content)

    def call(number: int) -> Any:
        values = (PICTURE, sources[number], served.weights)
        if number % 2:
            return served.call_past_the_queue(*values)
        return served.call(*values)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, sources))
    for number, (picture, text, log, maps) in enumerate(answers):
        image = read_image(picture["path"])
        assert image.shape == (40 + number, 30, 3)
        assert abs(np.median(image) - 10 * number) < 6
        assert f"An image of 30x{40 + number} is far" in text
        shapes = [read_image(each["image"]["path"]).shape for each in maps]
        assert shapes == [image.shape] * 4
        assert Path(log["value"]["path"]).parent == Path(picture["path"]).parent


def test_nobody_stops_the_clip_of_another(served, clip: Path) -> None:
    source = served.upload("clip.mp4", clip.read_bytes())
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(served.call, CLIP, source, served.weights, 30, True, False)
        while not answer.done():
            served.call_past_the_queue("_stop_clip")
            time.sleep(0.05)
    (_, text, *_), error = answer.result()
    assert not error
    assert text.startswith("- 3 frames, 0.3 s long")


@pytest.mark.slow  # the page starts anew for each
@pytest.mark.usefixtures("closes_with_terminal")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_nothing_is_left_however_the_page_ends(
    start_app, tmp_path: Path, road: bytes, number: signal.Signals, status: int
) -> None:
    process, page = start_app(tmp_path, "--port", "0")
    try:
        uploaded = Path(page.upload("road.jpg", road)["path"])
        assert uploaded.is_relative_to(tmp_path / "temporary")
        process.send_signal(number)
        assert process.wait(timeout=120) == status
        assert not list((tmp_path / "temporary").iterdir())
        assert "Traceback" not in page.errors.read_text()
    finally:
        process.kill()
        process.wait()
