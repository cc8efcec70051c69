import pytest

from lanedet.video import Selection, VideoReader, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90.5", 90.5),
        ("1:30.5", 90.5),
        ("01:02:03", 3723),
        ("0", 0),
        (" 7. ", 7),
        ("90:00", 5400),
        ("100:59.5", 6059.5),
        ("25:00:00", 90000),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "soon", "-1", "1:2:3:4", "1:99:00", "1:75", "1:60", "1:00:60", "nan", "1e3"],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="must be seconds, MM:SS or HH:MM:SS"):
        parse_time(text)


@pytest.mark.parametrize(
    ("selection", "indices"),
    [
        pytest.param(Selection(), range(30), id="all"),
        pytest.param(Selection(0.5), range(13, 30), id="start"),
        pytest.param(Selection(end_s=0.48), range(12), id="end"),
        pytest.param(Selection(0.52, 0.8), range(13, 20), id="stretch"),
        pytest.param(Selection(every=4), range(0, 30, 4), id="every"),
        pytest.param(Selection(0.52, 1.0, 5), range(13, 25, 5), id="both"),
    ],
)
def test_frames_keep_numbers_and_times(make_video, selection, indices) -> None:
    with VideoReader(make_video(num_frames=30)) as reader:
        assert selection.expected_frames(reader) == len(indices)
        frames = list(selection.frames(reader))
    assert [frame.index for frame in frames] == list(indices)
    assert [frame.time_s for frame in frames] == pytest.approx(
        [index / 25 for index in indices]
    )


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(9), "must begin at 9 s, but it is only 1.20 s long"),
        (Selection(9, 12), "must begin at 9 s, but it is only 1.20 s long"),
        (
            Selection(0.41, 0.43),
            "between 0.41 and 0.43 s, but the next frame is at 0.4",
        ),
    ],
)
def test_a_stretch_without_a_frame(make_video, selection, message: str) -> None:
    reader = VideoReader(make_video(num_frames=30))
    with reader, pytest.raises(ValueError, match=message):
        list(selection.frames(reader))
    assert selection.expected_frames(reader) in (0, 1)


def test_sound_before_the_start_is_dropped(make_video) -> None:
    path = make_video("clip.ts", num_frames=50, sound="aac")
    with VideoReader(path, with_sound=True) as reader:
        next(Selection(1.5).frames(reader))
        assert reader.sound is not None
        assert all(piece.end > 1.2 for piece in reader.sound.take())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"start_s": -1}, "at least 0 and before the end, got -1 to inf s"),
        ({"start_s": 2, "end_s": 2}, "before the end, got 2 to 2 s"),
        ({"every": 0}, "every must be at least 1, got 0"),
    ],
)
def test_empty_selections(values, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Selection(**values)
