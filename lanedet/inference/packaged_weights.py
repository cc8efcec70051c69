"""The weights that come with the package."""

from pathlib import Path

from lanedet.files import visible_files

_FOLDER = Path(__file__).parents[1] / "weights"


def default_weights() -> Path:
    """Return the weights file that this copy of lanedet brings along.

    Raises:
        FileNotFoundError: If it brings none.
    """
    found = list(visible_files(_FOLDER, "*.safetensors"))
    if len(found) != 1:
        raise FileNotFoundError(
            "This copy of lanedet brings no weights: its folder must hold one "
            f"weights/*.safetensors, and holds {len(found)}. Name a weights file of "
            "your own, or train one: `make demo-train`."
        )
    return found[0]
