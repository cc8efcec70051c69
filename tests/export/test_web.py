import json
from pathlib import Path
from typing import Any

import pytest
import torch
from exports import exported_file
from extras import needs

from lanedet.export import export_page
from lanedet.export.graph import make_graph
from lanedet.export.web import page_facts
from lanedet.models import build_model, save_weights

pytestmark = needs("onnx", "onnxscript", extra="export")

SEGMENTATION = {
    "type": "LaneSegmentationHead",
    "num_lanes": 4,
    "seg_stage": "D2",
    "classifier": {"type": "TransposedConvClassifier"},
    "existence_branch": {"type": "ExistenceBranch", "stage": "E4"},
}


def make_weights(folder: Path, **more: Any) -> Path:
    torch.manual_seed(0)
    description = {
        "type": "LaneDetector",
        "backbone": {"type": "ENet"},
        "head": {**SEGMENTATION, **more},
        "view": {"type": "StretchView", "input_shape": [32, 64], "crop_top": 0.25},
    }
    state = build_model(description).state_dict()
    save_weights(folder / "w.safetensors", description, state, {"licence": "CC0"})
    return folder / "w.safetensors"


def test_the_page_knows_every_number_that_its_decoding_needs(tmp_path: Path) -> None:
    decoder = {"type": "LaneDecoder", "row_step": 2}
    facts = page_facts(
        make_graph(make_weights(tmp_path, decoder=decoder)).metadata, "name"
    )
    assert json.loads(json.dumps(facts)) == {
        "name": "name",
        "licence": "CC0",
        "readings": "rows",
        "view": {"type": "StretchView", "input_shape": [32, 64], "crop_top": 0.25},
        "decoder": {
            "threshold": 0.3,
            "existence_threshold": 0.5,
            "smoothing": None,
            "row_step": 2,
            "max_gap": 0.25,
            "max_slope": 10.0,
            "max_turn_deg": 115.0,
            "min_height": 0.05,
            "stiffness": 0.0,
        },
        "num_slots": 4,
    }


def test_a_model_whose_maps_leave_it(tmp_path: Path) -> None:
    one_class = {"num_lanes": 1, "decoder": {"type": "ComponentLaneDecoder"}}
    metadata = make_graph(make_weights(tmp_path, **one_class)).metadata
    with pytest.raises(ValueError, match=r"whose readings are maps. Export it to ONNX"):
        page_facts(metadata, "name")


def test_a_package_of_another_version_leaves_no_page(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "dist").mkdir(parents=True)
    (package / "dist" / "ort.wasm.bundle.min.mjs").write_text("another")
    with pytest.raises(ValueError, match="is not that of onnxruntime-web@"):
        export_page(exported_file("rows", "onnx"), tmp_path / "page", package=package)
    assert not list((tmp_path / "page").glob("*"))
