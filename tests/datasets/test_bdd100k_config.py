"""The base config of BDD100K: tree, loader, model, metric and lanes, end to end."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, METRICS

from lanedet.engine.shared_values import fit_to_model
from lanedet.models import LaneSegmentationHead, TransposedConvClassifier
from lanedet.models.heads.segmentation_head import SegmentationOutputs

BASE = Path(__file__).resolve().parents[2] / "configs/_base_/datasets/bdd100k.py"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a tree with one test image: a mark's two edges, up the middle."""
    images = tmp_path / "images/100k/val"
    labels = tmp_path / "labels/lane/polygons"
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    assert cv2.imwrite(str(images / "a.jpg"), np.full((720, 1280, 3), 90, np.uint8))
    record = {
        "name": "a.jpg",
        "labels": [
            {
                "id": str(number),
                "category": "single white",
                "attributes": {"laneDirection": "parallel", "laneStyle": "solid"},
                "poly2d": [{"vertices": vertices, "types": "LL", "closed": False}],
            }
            for number, vertices in enumerate(
                ([[600, 719], [630, 300]], [[634, 300], [616, 719]])
            )
        ],
    }
    (labels / "lane_val.json").write_text(json.dumps([record]))
    return tmp_path


class MapHead(LaneSegmentationHead):
    """Segments what it is asked to, whatever the features are."""

    def __init__(self, class_map: np.ndarray, decoder: object) -> None:
        super().__init__(
            num_lanes=1,
            seg_stage="D2",
            classifier={"type": TransposedConvClassifier},
            existence_branch=None,
            input_shape=(360, 640),
            stage_channels={"D2": 16},
            decoder=decoder,
        )
        logits = 8.0 * (2.0 * torch.from_numpy(class_map).float() - 1.0)
        self.logits = torch.stack([-logits, logits])[None]

    def forward(self, features: object) -> SegmentationOutputs:
        return SegmentationOutputs(self.logits, None)


def test_a_perfect_network_scores_and_draws_the_labelled_lane(tree: Path) -> None:
    config = Config.fromfile(BASE)
    model = {"view": config["_view"], "head": {"num_lanes": config["_num_lanes"]}}
    wanted = fit_to_model(config.test_dataloader.dataset, model)
    wanted.data_root = str(tree)
    batch = pseudo_collate([DATASETS.build(wanted)[0]])
    assert batch["inputs"][0].shape == (3, 360, 640)

    pipeline = fit_to_model(config.train_dataloader.dataset, model).pipeline
    pipeline[1].pop("motion")
    taught = {**wanted, "pipeline": pipeline}
    label = DATASETS.build(taught)[0]["data_samples"]
    assert label.gt_existence.tolist() == [1.0]
    assert label.gt_class_map.sum(axis=1)[340] == pytest.approx(5, abs=1)

    head = MapHead(label.gt_class_map, config["_head"]["decoder"])
    (predicted,) = head.predict({}, batch["data_samples"])
    (lane,) = predicted.pred_lanes
    at = np.interp([400.0, 600.0], lane[::-1, 1], lane[::-1, 0])
    expected = np.interp([400.0, 600.0], [300, 719], [632, 608])
    assert at == pytest.approx(expected, abs=2)

    metric = METRICS.build(config.test_evaluator)
    metric.process(batch, [predicted])
    found = metric.evaluate(1)
    assert found["bdd100k/sad_accuracy"] > 0.99
    # The label is 2 px wide, what was learned 8 to 10.
    assert 0.15 < found["bdd100k/sad_iou"] < 0.3
    assert found["bdd100k/multitask_accuracy"] > 0.99
