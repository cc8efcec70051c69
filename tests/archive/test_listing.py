"""What a user names becomes clips with names of their own."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from lanedet.archive.listing import Clip, list_clips
from lanedet.archive.storage import StorageError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name in ("b/2.mkv", "a/1.MP4", "a/notes.md", "a/.hidden.mp4", "3.ts"):
        path = tmp_path / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "clips"


def test_a_folder_gives_its_videos_by_their_paths_in_it(archive: Path) -> None:
    assert list_clips(str(archive)) == [
        Clip("3.ts", f"{archive}/3.ts"),
        Clip("a/1.MP4", f"{archive}/a/1.MP4"),
        Clip("b/2.mkv", f"{archive}/b/2.mkv"),
    ]
    assert list_clips(f"file://{archive}") == list_clips(str(archive))


def test_a_pattern_gives_names_below_its_fixed_part(archive: Path) -> None:
    clips = list_clips(f"{archive}/*/[12].*")
    assert [clip.name for clip in clips] == ["a/1.MP4", "b/2.mkv"]
    assert list_clips(f"{archive}/b/2.mkv") == [Clip("2.mkv", f"{archive}/b/2.mkv")]


def test_a_list_is_read_in_its_order_with_paths_from_its_folder(archive: Path) -> None:
    source = archive / "list.txt"
    source.write_text("# ours\nb/2.mkv\n\ns3://me:key@fleet/9.mp4\n../x.avi\n")
    assert list_clips(str(source)) == [
        Clip("b/2.mkv", f"{archive}/b/2.mkv"),
        Clip("s3://fleet/9.mp4", "s3://me:key@fleet/9.mp4"),
        Clip("../x.avi", f"{archive.parent}/x.avi"),
    ]


def test_a_store_gives_urls(archive: Path) -> None:
    store = fsspec.filesystem("memory")
    store.pipe_file("/test_listing/day/1.mp4", b"")
    store.pipe_file("/test_listing/day/1.json", b"")
    try:
        [clip] = list_clips("memory://test_listing")
    finally:
        store.rm("/test_listing", recursive=True)
    assert clip == Clip("day/1.mp4", "memory:///test_listing/day/1.mp4")


def test_a_page_of_links_is_a_folder_and_no_clip_without_a_name(archive: Path) -> None:
    pytest.importorskip("aiohttp")
    handler = partial(_QuietHandler, directory=str(archive))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            names = [clip.name for clip in list_clips(url)]
            [clip] = list_clips(f"{url}a/")
        finally:
            server.shutdown()
    assert names == ["3.ts", "a/1.MP4", "b/2.mkv"]
    assert clip == Clip("1.MP4", f"{url}a/1.MP4")


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_what_names_no_clip_is_an_error(archive: Path) -> None:
    (archive / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"No clips in .*empty.*ends in \.3gp"):
        list_clips(str(archive / "empty"))
    with pytest.raises(FileNotFoundError, match="No folder, list or clip at"):
        list_clips(str(archive / "nowhere"))
    with pytest.raises(FileNotFoundError, match="No clips in"):
        list_clips(f"{archive}/*.mov")
    with pytest.raises(ValueError, match="must be named"):
        list_clips("")
    with pytest.raises(ValueError, match=r"URL that fsspec knows.*got nothing://"):
        list_clips("nothing://bucket/clips")


def test_a_list_that_is_none_or_names_a_clip_twice_is_an_error(archive: Path) -> None:
    source = archive / "list.txt"
    source.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="text file in UTF-8"):
        list_clips(str(source))
    source.write_text("a/1.MP4\nb/2.mkv\na/1.MP4\n")
    with pytest.raises(ValueError, match=r"list\.txt:3: .*once, got 'a/1\.MP4' again"):
        list_clips(str(source))


def test_a_store_that_refuses_is_a_storage_error(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise PermissionError("Forbidden")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.isfile", refuse)
    with pytest.raises(StorageError, match=r"must be open to the credentials.*Forbid"):
        list_clips("memory://me:secret@x/clips")
