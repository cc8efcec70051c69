"""A graph as a program of ``torch.export``, for programs that use PyTorch.

Loading one runs what PyTorch finds in it, so this package runs none: its own weights
files hold the same model as plain data.
"""

import io
import warnings
from pathlib import Path
from typing import Any

import torch

from lanedet.export.graph import ExportGraph
from lanedet.files import replace_file

_NOTES = ("nn_module_stack", "source_fn_stack", "stack_trace", "torch_fn")


def exported_program(made: ExportGraph) -> Any:
    """Return the ``torch.export.ExportedProgram`` of a graph."""
    is_dynamic = made.metadata.facts.batch is None
    shapes = ({0: torch.export.Dim("batch")}, None) if is_dynamic else None
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.export.export(
            made.graph, (made.images, made.place), dynamic_shapes=shapes
        )
    for node in program.graph.nodes:  # they name files and lines of this machine
        for note in _NOTES:
            node.meta.pop(note, None)
    return program


def write_torch(made: ExportGraph, out: Path) -> list[Path]:
    """Write a graph as a program; the metadata are extra files in it.

    Args:
        made: The graph.
        out: File to write.

    Returns:
        The file.
    """
    program = exported_program(made)
    # A file would hold the name that it had while it was written.
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tied weights are stored once, and it wonders
        torch.export.save(program, content, extra_files=made.metadata.texts())
    replace_file(out, content.getvalue())
    return [out]
