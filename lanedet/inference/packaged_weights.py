"""The model that comes with the package: its weights, and what was exported of them."""

from pathlib import Path

from lanedet.files import visible_files
from lanedet.inference.predictors.choice import is_installed, runtimes_of, sees_gpu

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


def packaged_model(
    runtime: str | None = None, device: str | None = None, folder: Path = _FOLDER
) -> Path:
    """Return the file of the package's model that is best run here.

    That is the exported one beside the weights, where something that runs it is
    installed, and no GPU is in sight or no PyTorch: it is there in a tenth of the time.

    Args:
        runtime: What is to run it, if that is chosen already.
        device: Where, if that is chosen already.
        folder: Where the files lie, the package's ``weights``.

    Raises:
        FileNotFoundError: If there is none.
    """
    weights = default_weights(folder)
    exported = weights.with_suffix(".onnx")
    runtimes = [each for each in runtimes_of(exported) if is_installed(each)]
    if runtime is not None:
        return weights if runtime == "torch" else exported
    wants_gpu = sees_gpu() if device is None else device.startswith("cuda")
    is_for_torch = wants_gpu and is_installed("torch")
    return exported if runtimes and exported.is_file() and not is_for_torch else weights
