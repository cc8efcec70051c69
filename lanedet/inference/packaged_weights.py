"""The weights that come with the package."""

from pathlib import Path

from lanedet.files import visible_files

_FOLDER = Path(__file__).parents[1] / "weights"


def default_weights(folder: Path = _FOLDER) -> Path:
    """Return the weights file that this copy of lanedet brings along.

    Args:
        folder: Where it lies, the package's ``weights``.

    Raises:
        FileNotFoundError: If there is none, or more than one.
    """
    found = list(visible_files(folder, "*.safetensors"))
    if len(found) != 1:
        raise FileNotFoundError(
            "This copy of lanedet brings no weights: its folder must hold one "
            f"weights/*.safetensors, and holds {len(found)}. Name a weights file of "
            "your own, or train one: `make demo-train`."
        )
    return found[0]
