"""Long JSON lists, entry by entry."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from lanedet.formats.label_faults import LabelError

_HEAD = 1 << 13  # characters that tell a list of images from a file of one image
_MAX_ENTRY = 1 << 26  # no label is so long; stops at a bracket that nothing closes
_LIST_UNDER_FRAMES = re.compile(r'\{\s*"frames"\s*:\s*\[')
_OBJECTS = re.compile(r'"objects"\s*:')
_WHITESPACE = " \t\r\n"


class JsonEntry(NamedTuple):
    """One entry of a list."""

    value: Any
    """What ``json.loads`` would return of the entry."""

    line: int
    """Line of the file on which it begins, from 1."""


def stream_json_entries(
    file: Path, chunk: int = 1 << 20
) -> Generator[JsonEntry, None, None]:
    """Yield the entries of the list that a JSON file holds, in the memory of one.

    The list is the whole file or lies under the key ``frames``, with which the file
    then begins. A file that holds one object alone is one entry. A byte-order mark is
    skipped.

    Args:
        file: The file, UTF-8.
        chunk: Number of characters that are read at a time.

    Raises:
        LabelError: If the file is not valid JSON, such as one that was cut; the
            entries before the fault have been yielded then.
    """
    with file.open(encoding="utf-8-sig") as text:
        yield from _Stream(file, text, chunk).entries()


class _Stream:
    """A window on the text of a file, moved on as entries are taken out of it."""

    def __init__(self, file: Path, text: TextIO, chunk: int) -> None:
        self.file = file
        self.text = text
        self.chunk = chunk
        self.window = ""
        self.at = 0  # place in the window of what comes next
        self.line = 1
        self.is_at_end = False
        self.decoder = json.JSONDecoder()

    def entries(self) -> Generator[JsonEntry, None, None]:
        self._read(_HEAD)
        start = self._peek()
        wrapped = _LIST_UNDER_FRAMES.match(self.window, self.at)
        if wrapped and not _OBJECTS.search(self.window, self.at):
            self._move(wrapped.end())
        elif start == "[":
            self._move(self.at + 1)
        else:
            yield self._entry()
            if self._peek():
                raise self._error("one object was expected, but more follows.")
            return
        if self._peek() == "]":
            return
        while True:
            yield self._entry()
            separator = self._peek()
            self._move(self.at + 1)
            if separator == "]":
                return
            if separator != ",":
                raise self._error(
                    f"',' or ']' must follow an entry, got {separator or 'the end'!r}. "
                    "If the file was cut, fetch it again."
                )
            self._peek()

    def _entry(self) -> JsonEntry:
        """Return the entry that begins here, reading on until it is whole."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.window, self.at)
            except (ValueError, RecursionError) as error:
                if self.is_at_end or len(self.window) - self.at > _MAX_ENTRY:
                    raise self._error(
                        f"this is not valid JSON ({error}). If the file was cut, "
                        "fetch it again."
                    ) from error
                # As much again, so that a long entry is not tried too often.
                self._read(max(self.chunk, len(self.window) - self.at))
                continue
            # A number at the window's end may go on; entries worth reading do not.
            entry = JsonEntry(value, self.line)
            self._move(end)
            return entry

    def _peek(self) -> str:
        """Move on to what is no whitespace and return it; empty at the end."""
        while True:
            end = self.at
            while end < len(self.window) and self.window[end] in _WHITESPACE:
                end += 1
            self._move(end)
            if self.at < len(self.window) or self.is_at_end:
                return self.window[self.at : self.at + 1]
            self._read(self.chunk)

    def _move(self, to: int) -> None:
        self.line += self.window.count("\n", self.at, to)
        self.at = to

    def _read(self, num_characters: int) -> None:
        try:
            more = self.text.read(num_characters)
        except UnicodeDecodeError as error:
            raise self._error(f"this is not UTF-8 ({error}).") from error
        self.is_at_end = len(more) == 0
        self.window = self.window[self.at :] + more
        self.at = 0

    def _error(self, message: str) -> LabelError:
        return LabelError(f"{self.file}:{self.line}: {message}")
