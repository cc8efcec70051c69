"""A graph as an ONNX file.

Opset 20, the newest that TensorRT 10 reads and the first with bilinear GridSample by
its present name. Of PyTorch's notes on the graph nothing is kept: they hold paths and
source lines of the machine that exported.
"""

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import torch

from lanedet.export.graph import ExportGraph
from lanedet.runtime import needs_extra

OPSET = 20
INPUTS = ("images", "place")


def onnx_bytes(made: ExportGraph) -> bytes:
    """Return the content of an ONNX file, without metadata.

    Inputs are ``images`` (B, H, W, 3) uint8, RGB, and, where rows are read, ``place``
    (4,) int64; outputs those that the metadata name.

    Raises:
        ValueError: If the packages that write ONNX files are not there.
    """
    with needs_extra("Export to ONNX", "export"):
        import onnx
        import onnxscript  # noqa: F401 - torch.onnx needs it, and says so less clearly
    graph, metadata = made.graph, made.metadata
    is_dynamic = metadata.facts.batch is None
    shapes = ({0: torch.export.Dim("batch")} if is_dynamic else None, None)
    # It prints its progress, and warns of its own future.
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        torch.no_grad(),
    ):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            graph,
            (made.images, made.place),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(metadata.facts.outputs),
            dynamic_shapes=shapes if is_dynamic else None,
        )
    assert program is not None
    model = _rewritten(program.model_proto)
    _strip(model)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def bare_onnx(path: Path) -> bytes:
    """Return the content of an ONNX file, without its metadata.

    Raises:
        ValueError: If the package that reads it is not there.
    """
    with needs_extra("Export of an ONNX file", "export"):
        import onnx
    model = onnx.load(path)
    del model.metadata_props[:]
    content: bytes = model.SerializeToString()
    return content


def _rewritten(model: Any) -> Any:
    """Return a model in which one operator or none does what took several.

    PyTorch has no operator for phases that lie one after the other, and keeps both of
    two changes of the order that undo each other, of which runtimes run both.
    """
    from onnxscript.rewriter import pattern, rewrite

    def interleaved(op: Any, phases: Any, cells: Any, whole: Any) -> Any:
        parted = op.Transpose(op.Reshape(phases, cells), perm=[0, 3, 4, 1, 5, 2])
        return op.Reshape(parted, whole)

    def depth_to_space(op: Any, phases: Any, **_shapes: Any) -> Any:
        return op.DepthToSpace(phases, blocksize=2, mode="DCR")

    def there_and_back(op: Any, pixels: Any) -> Any:
        return op.Transpose(op.Transpose(pixels, perm=[0, 3, 1, 2]), perm=[0, 2, 3, 1])

    def nothing(op: Any, pixels: Any) -> Any:
        return op.Identity(pixels)

    rules = [
        pattern.RewriteRule(interleaved, depth_to_space),
        # The planes that are made on the way may be wanted, too.
        pattern.RewriteRule(there_and_back, nothing, remove_nodes=False),
    ]
    return rewrite(model, rules)


def _strip(model: Any) -> None:
    """Remove all that does not compute."""
    model.doc_string, model.graph.doc_string = "", ""
    model.graph.name = "lanedet"
    model.producer_name, model.producer_version = "lanedet", ""
    del model.metadata_props[:], model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for part in (*model.graph.node, *model.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output):
        del value.metadata_props[:]
