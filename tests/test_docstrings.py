"""What stands under a name says what it is, without the lines above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("lanedet", "tools", "docs")
# With these a sentence leans on one before it.
LEANING = {
    *("And", "Else", "For", "It", "Its", "Likewise", "Of", "Otherwise", "Since"),
    *("So", "Such", "That", "Their", "Then", "These", "They", "This", "Those"),
}


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of docstrings, those under attributes too."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        takes_one = isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        )
        for before, statement in zip([None, *body], body, strict=False):
            is_place = before is None if takes_one else False
            if not (is_place or isinstance(before, ast.Assign | ast.AnnAssign)):
                continue
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, value.value.strip()


def leaning(source: str) -> list[tuple[int, str]]:
    """Return line and first words of docstrings that begin in mid-air."""
    return [
        (line, text[:40])
        for line, text in docstrings(source)
        if text.partition(" ")[0].rstrip(",") in LEANING
    ]


def test_no_docstring_begins_in_mid_air() -> None:
    paths = [p for folder in FOLDERS for p in (REPOSITORY / folder).rglob("*.py")]
    assert len(paths) > 400
    found = {str(p): leaning(p.read_text(encoding="utf-8")) for p in sorted(paths)}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_those_that_do_are_found() -> None:
    source = '''"""Of the module."""
class Part:
    """A part.

    Of a whole.
    """

    number: int
    """Of the part."""

    def count(self) -> int:
        """Return it."""
        "Of a text."
'''
    assert leaning(source) == [(1, "Of the module."), (9, "Of the part.")]
