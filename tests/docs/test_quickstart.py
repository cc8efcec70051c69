import re
from pathlib import Path

NOTEBOOK = Path(__file__).parents[2] / "docs/quickstart.ipynb"


def test_the_quickstart_runs_and_shows_what_it_says(tmp_path: Path) -> None:
    import nbformat  # what only one worker needs
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=place).execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    printed = "".join(o.text for o in outputs if o.get("name") == "stdout")
    assert "ego left" in printed
    assert "ego right" in printed
    found = re.search(r"accuracy (\S+), FP", printed)
    assert found is not None
    assert float(found[1]) > 0.8
    assert sum("image/jpeg" in o.get("data", {}) for o in outputs) == 2


def test_no_output_names_a_machine() -> None:
    text = NOTEBOOK.read_text()
    assert "/home/" not in text
    assert "Warning" not in text
