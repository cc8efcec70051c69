"""Live sources, against servers of this process and against a made-up connection."""

import http.server
import io
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clips import NO_RATE, write_clip

from lanedet.video import (
    ContainerReader,
    LiveSource,
    VideoBreakError,
    VideoFrame,
    VideoReader,
    open_source,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*to connect again:UserWarning")

Handler = Callable[[http.server.BaseHTTPRequestHandler, int], None]


@contextmanager
def serving(send: Handler) -> Iterator[str]:
    """Serve at the URL that is yielded; ``send`` gets the number of the request."""
    number = 0

    class _Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal number
            number += 1
            try:
                send(self, number)
            except OSError:  # the other side has left
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live.ts"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _RtspHandler(socketserver.StreamRequestHandler):
    """A camera: MPEG-TS in RTP (RFC 2250) between the answers of RTSP (RFC 2326)."""

    server: "_RtspServer"

    def handle(self) -> None:
        while line := self.rfile.readline().strip():
            method = line.split()[0].decode()
            headers = {}
            while header := self.rfile.readline().strip():
                name, _, value = header.decode().partition(": ")
                headers[name.lower()] = value
            self.server.methods.append(method)
            self._answer(method, headers)
            if method == "PLAY":
                self._play()
                return

    def _answer(self, method: str, headers: dict[str, str]) -> None:
        more, body = "", ""
        if method == "OPTIONS":
            more = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=live\r\nt=0 0\r\n"
                "m=video 0 RTP/AVP 33\r\na=control:video\r\n"
            )
            more = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            more = f"Transport: {headers['transport']}\r\n"
        head = f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\nSession: 7\r\n{more}"
        self.wfile.write(f"{head}\r\n{body}".encode())

    def _play(self) -> None:
        content, size = self.server.content, 7 * 188
        for number, begin in enumerate(range(0, len(content), size)):
            part = content[begin : begin + size]
            rtp = struct.pack(">BBHII", 0x80, 33, number, 3600 * number, 1) + part
            self.wfile.write(struct.pack(">cBH", b"$", 0, len(rtp)) + rtp)


class _RtspServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _RtspHandler)
        self.content, self.methods = content, list[str]()


def transport_stream(num_frames: int) -> bytes:
    """Return a clip as a broadcaster would send it, the grey of frame i being 5 i."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = 5
        stream.codec_context.max_b_frames = 0
        for number in range(num_frames):
            image = np.full((48, 64, 3), 5 * number, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _answer(handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp2t")
    handler.end_headers()
    handler.wfile.write(content)
    handler.wfile.flush()


def test_a_stream_that_drops_is_connected_again() -> None:
    content = transport_stream(10)

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        if number > 2:
            handler.send_error(503)
        else:
            _answer(handler, content)

    frames = []
    with serving(send) as url, open_source(url, max_wait_s=2) as source:
        assert source.is_live
        assert source.files == ()
        assert source.expected_frames is None
        with (
            pytest.warns(UserWarning, match="to connect again") as reported,
            pytest.raises(VideoBreakError) as caught,
        ):
            frames.extend(source)
    assert [str(warning.message) for warning in reported] == [
        f"{url!r} dropped after {number} frames: it cannot be read any further. Trying "
        "for 2 s to connect again."
        for number in (10, 20)
    ]
    assert {warning.filename for warning in reported} == {__file__}
    assert str(caught.value) == (
        f"{url!r} is given up after 20 frames: no frame came for 2 s. Check the "
        f"connection and start again. The last attempt said: {url!r} cannot be opened: "
        "Server returned 5XX Server Error reply. Check that it is there and sends "
        "pictures."
    )
    assert source.num_reconnects == 1
    assert [frame.index for frame in frames] == list(range(20))
    levels = [frame.image.mean() for frame in frames]
    assert levels == pytest.approx([5 * (i % 10) for i in range(20)], abs=2)
    times = [frame.time_s for frame in frames]
    assert times[:10] == pytest.approx([i / 25 for i in range(10)])
    # By the clock: half a second of pause before the second attempt.
    assert times[10] > 0.5
    assert np.diff(times[10:]) == pytest.approx(1 / 25, abs=1e-4)


def _file_server(content: bytes, num_served: int | None = None) -> Handler:
    """Serve a file whole, without ranges of bytes, or only its beginning."""

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:num_served])

    return send


@pytest.mark.parametrize("name", ["clip.ts", "clip.h264", "clip.mpg", "clip.mkv"])
@pytest.mark.filterwarnings("ignore:.*bare stream:UserWarning")
def test_a_file_that_is_served_whole_ends(tmp_path: Path, name: str) -> None:
    content = write_clip(tmp_path, name).read_bytes()
    with (
        serving(_file_server(content)) as url,
        open_source(url, max_wait_s=60) as source,
    ):
        assert not source.is_live
        assert len(list(source)) == 30


def test_a_file_that_is_served_in_part_breaks_off(tmp_path: Path) -> None:
    content = write_clip(tmp_path, "clip.ts").read_bytes()
    frames = []
    with (
        serving(_file_server(content, len(content) // 2)) as url,
        open_source(url, stall_s=1, max_wait_s=1) as source,
        pytest.raises(VideoBreakError, match="breaks off after"),
    ):
        frames.extend(source)
    assert 5 < len(frames) < 30


def test_the_rate_of_a_bare_stream_that_is_served(tmp_path: Path) -> None:
    content = write_clip(tmp_path, "clip.hevc", codec_options=NO_RATE).read_bytes()
    with (
        serving(_file_server(content)) as url,
        open_source(url, image_rate=8) as source,
    ):
        with pytest.warns(UserWarning, match="bare stream"):
            frames = list(source)
        assert source.frame_rate == 8
    assert frames[-1].time_s == 29 / 8


def test_an_rtsp_camera_that_drops_is_connected_again() -> None:
    frames = []
    per_connection = 9  # only the next picture would tell that the tenth is whole
    with _RtspServer(transport_stream(10)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        url = f"rtsp://127.0.0.1:{server.server_address[1]}/live"
        try:
            with open_source(url, stall_s=2, max_wait_s=2) as source:
                assert source.is_live
                for frame in source:
                    frames.append(frame)
                    if len(frames) == 2 * per_connection:
                        break
        finally:
            server.shutdown()
            thread.join()
    assert server.methods[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert server.methods.count("PLAY") == 2
    assert source.num_reconnects == 1
    assert [frame.index for frame in frames] == list(range(18))
    levels = [frame.image.mean() for frame in frames]
    assert levels == pytest.approx([5 * (i % per_connection) for i in range(18)], abs=2)


def test_a_stream_that_stalls_is_given_up_in_time() -> None:
    content = transport_stream(25)
    goes_on = threading.Event()

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        _answer(handler, content if number == 1 else b"")
        goes_on.wait(20)

    frames = []
    begin = time.monotonic()
    with serving(send) as url:
        try:
            with (
                open_source(url, stall_s=0.7, max_wait_s=0.9) as source,
                pytest.raises(VideoBreakError, match=r"no frame came for 0\.9 s"),
            ):
                frames.extend(source)
        finally:
            goes_on.set()
    assert time.monotonic() - begin < 10  # the server alone would have kept it 20 s
    assert len(frames) == 25


def test_a_stream_that_stalls_and_comes_back() -> None:
    content = transport_stream(10)
    goes_on = threading.Event()

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        if number > 2:
            handler.send_error(503)
            return
        _answer(handler, content)
        if number == 1:
            goes_on.wait(20)

    frames = []
    with serving(send) as url:
        try:
            with (
                open_source(url, stall_s=0.7, max_wait_s=1.2) as source,
                pytest.raises(VideoBreakError, match="after 20 frames"),
            ):
                frames.extend(source)
        finally:
            goes_on.set()
    assert source.num_reconnects == 1
    # How much of the stall FFmpeg spends before it hands out a frame is up to it.
    assert frames[10].time > frames[9].time + Fraction(1, 25)


class Pauses:
    """Lets pauses pass at once, and lists them.

    Time is what the pauses, and ``more``, make together.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.more = 0.0

    def clock(self) -> float:
        return sum(self.seconds) + self.more

    def wait(self, pause: float) -> bool:
        self.seconds.append(pause)
        return False

    def source(self, connect: Callable[[], ContainerReader]) -> LiveSource:
        return LiveSource(connect, "x", max_wait_s=40, clock=self.clock, wait=self.wait)


def test_pauses_between_attempts_double(make_video) -> None:
    attempts = iter([make_video(num_frames=1)])
    pauses = Pauses()
    source = pauses.source(lambda: VideoReader(next(attempts, "gone")))
    with source, pytest.raises(VideoBreakError, match="after 1 frame:"):
        list(source)
    assert pauses.seconds == [0.5, 1, 2, 4, 8, 8, 8, 8]


def test_pauses_go_on_doubling_until_a_connection_lasts(make_video) -> None:
    path = make_video(num_frames=2)
    pauses = Pauses()
    with pauses.source(lambda: VideoReader(path)) as source:
        for frame in source:
            if frame.index == 13:  # the second of the seventh connection
                pauses.more += 9  # seconds, until it drops
            if frame.index == 16:
                break
    assert pauses.seconds == [0.5, 1, 2, 4, 8, 8, 0.5, 1]


class SilentReader(VideoReader):
    """A connection that stands, but brings no frame."""

    def __iter__(self) -> Iterator[VideoFrame]:
        return iter(())


def test_connections_without_a_frame_are_no_reason_to_go_on(make_video) -> None:
    path = make_video(num_frames=1)
    readers = iter([VideoReader])
    pauses = Pauses()
    source = pauses.source(lambda: next(readers, SilentReader)(path))
    with source, pytest.raises(VideoBreakError, match="after 1 frame: no frame came"):
        list(source)
    assert pauses.seconds == [0.5, 1, 2, 4, 8, 8, 8, 8]


def test_a_short_wait_is_long_enough_for_one_attempt(make_video) -> None:
    attempts = iter([make_video("a.mp4", 2), make_video("b.mp4", 3)])
    source = LiveSource(
        lambda: VideoReader(next(attempts, "gone")), "x", max_wait_s=0.01
    )
    with source, pytest.raises(VideoBreakError, match="after 5 frames"):
        list(source)
    assert source.num_reconnects == 1


def test_frames_without_time_stamps_have_the_time_at_which_they_came() -> None:
    _, picture = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))
    part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + picture.tobytes() + b"\r\n"

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        if number > 1:
            handler.send_error(503)
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace;boundary=frame")
        handler.end_headers()
        for _ in range(12):
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(0.1)  # FFmpeg would say 0.04

    frames = []
    with (
        serving(send) as url,
        open_source(url, max_wait_s=0.6) as source,
        pytest.raises(VideoBreakError),
    ):
        frames.extend(source)
    times = [frame.time_s for frame in frames]
    assert len(times) >= 11  # the last part has no end
    assert min(np.diff(times)) > 0
    assert times[-1] > 0.7  # the first few come at once, after FFmpeg has probed them


def test_what_was_lost_in_all_connections_is_counted(make_video) -> None:
    class Lossy(VideoReader):
        def __iter__(self) -> Iterator[VideoFrame]:
            self.num_undecodable += 2
            return super().__iter__()

    path = make_video(num_frames=3)
    attempts = iter([path, "gone", path, "gone"])
    source = LiveSource(lambda: Lossy(next(attempts, "gone")), "x", max_wait_s=3)
    with source, pytest.raises(VideoBreakError, match=r"'x' is .*No video at 'gone'"):
        list(source)
    assert source.num_undecodable == 4
    assert source.num_reconnects == 1


def test_a_server_that_is_not_there() -> None:
    with (
        serving(lambda handler, _: handler.send_error(404)) as url,
        pytest.raises(ConnectionError, match=r"Not Found.*Check that it is there"),
    ):
        open_source(url)
    with pytest.raises(ConnectionError, match="cannot be opened: Connection refused"):
        open_source(url)


def test_a_server_that_sends_nothing_or_no_video() -> None:
    goes_on = threading.Event()
    with serving(lambda _handler, _number: goes_on.wait(20)) as url:
        try:
            with pytest.raises(ConnectionError, match=r"no picture came within 0\.5 s"):
                open_source(url, stall_s=0.5)
        finally:
            goes_on.set()
    page = b"<html><body>Camera</body></html>" * 40
    with (
        serving(lambda handler, _: _answer(handler, page)) as url,
        pytest.raises(ConnectionError, match="what it sends is no video"),
    ):
        open_source(url)


def test_an_mp4_with_its_index_at_the_end_on_a_simple_server(make_video) -> None:
    content = make_video(num_frames=6, size=(720, 1280)).read_bytes()
    assert content.find(b"moov") > len(content) / 2

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    with (
        serving(send) as url,
        pytest.raises(ValueError, match=r"ranges of bytes\. Serve .* or download it"),
    ):
        open_source(url)


def test_a_password_is_not_shown() -> None:
    with (
        serving(lambda handler, _: handler.send_error(404)) as url,
        pytest.raises(ConnectionError) as caught,
    ):
        open_source(url.replace("//", "//me:secret@"))
    assert "secret" not in str(caught.value)
    assert url in str(caught.value)


def test_a_file_from_a_server_is_not_live(make_video) -> None:
    content = make_video(
        sound="aac", container_options={"movflags": "+faststart"}
    ).read_bytes()

    def send(handler: http.server.BaseHTTPRequestHandler, number: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    with serving(send) as url, open_source(url, with_sound=True) as source:
        assert not source.is_live
        assert source.expected_frames == 30
        assert len(list(source)) == 30
        assert source.sound is not None
        assert len(list(source.sound.take())) > 5
