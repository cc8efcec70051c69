"""A page that finds lanes in the browser: a folder for any web server.

The page itself is in ``page/``, plain JavaScript that does around the network what
:class:`~lanedet.LaneInferencer` does. The network runs in ONNX Runtime Web
(https://onnxruntime.ai/docs/tutorials/web/), four files of its npm package. All of it
is in the folder: the page fetches nothing from elsewhere and sends nothing.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from lanedet.export.export import ExportOptions, export_model
from lanedet.export.onnxruntime_web import copy_runtime
from lanedet.files import whole_folder
from lanedet.formats.models import ModelMetadata, read_onnx_metadata
from lanedet.inference import HostParts

_READINGS = ("rows", "lines")  # what decode_rows.js and decode_lines.js know
_PAGE = Path(__file__).with_name("page")


def export_page(
    weights: Path, out: Path, *, half: bool = False, package: Path | None = None
) -> None:
    """Write a page that finds lanes with a trained model.

    Args:
        weights: A weights file or training checkpoint that says what model it holds; or
            what was exported of one to ONNX.
        out: Folder to make; it must be empty.
        half: Whether the network computes with float16. The file is half as large.
        package: Where npm's package ``onnxruntime-web`` is, see
            :func:`~lanedet.export.onnxruntime_web.copy_runtime`.

    Raises:
        FileNotFoundError: If there are no such weights, or no npm and no package.
        OSError: If npm cannot fetch the package.
        ValueError: If the weights cannot be used, whole maps leave the network, the
            package is another one, or the folder is not empty.
    """
    with whole_folder(out, order=lambda path: path.name == "index.html") as folder:
        model = folder / "model.onnx"
        export_model(weights, model, "onnx", ExportOptions(half=half))
        metadata = ModelMetadata.read(read_onnx_metadata(model), weights)
        facts = json.dumps(page_facts(metadata, weights.stem), indent=2)
        (folder / "model.json").write_text(facts + "\n", encoding="utf-8")
        for source in _PAGE.iterdir():
            shutil.copyfile(source, folder / source.name)
        copy_runtime(folder / "onnxruntime", package)


def page_facts(metadata: ModelMetadata, name: str) -> dict[str, Any]:
    """Return what the page must know of a model, as it is written in ``model.json``.

    Args:
        metadata: Of the exported model.
        name: What to call it.

    Raises:
        ValueError: If whole maps leave it.
    """
    parts = HostParts.from_description(metadata.description)
    if metadata.facts.readings not in _READINGS:
        raise ValueError(
            "The page takes models that read rows or lines: a LaneSegmentationHead "
            "with a LaneDecoder, or a LineHead. Got a "
            f"{metadata.description['head']['type']} whose readings are "
            f"{metadata.facts.readings}. Export it to ONNX instead."
        )
    return {
        "name": name,
        "licence": metadata.provenance.get("licence", "no licence given"),
        "readings": metadata.facts.readings,
        "view": metadata.description["view"],
        "decoder": vars(parts.decoder),
        "num_slots": parts.num_slots,
    }
