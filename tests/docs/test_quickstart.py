import ast
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs/quickstart.ipynb"


def check_printed(printed: str) -> None:
    assert "ego left" in printed
    assert "ego right" in printed
    found = re.search(r"accuracy (\S+), FP", printed)
    assert found is not None
    assert float(found[1]) > 0.8


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell here, and return the value of its last line, if it has one."""
    *lines, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        exec(source, names)
        return None
    exec(compile(ast.Module(lines, []), NOTEBOOK.name, "exec"), names)
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


def test_the_quickstart_runs_and_shows_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import nbformat  # what only one worker needs
    from IPython.display import Image

    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    cells = [
        cell
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells
        if cell.cell_type == "code"
    ]
    shown = [run_cell(cell.source, names) for cell in cells]
    check_printed(capsys.readouterr().out)
    pictures = [value for value in shown if isinstance(value, Image)]
    assert [picture.format for picture in pictures] == ["jpeg", "jpeg"]


@pytest.mark.slow  # a kernel imports everything anew
def test_the_quickstart_runs_in_a_kernel(tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=place).execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    check_printed("".join(o.text for o in outputs if o.get("name") == "stdout"))
    assert sum("image/jpeg" in o.get("data", {}) for o in outputs) == 2


def test_no_output_names_a_machine() -> None:
    text = NOTEBOOK.read_text()
    assert "/home/" not in text
    assert "Warning" not in text
