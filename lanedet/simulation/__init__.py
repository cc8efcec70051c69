"""Procedural dashcam scenes with exact lanes: the data that comes with the project."""

from lanedet.simulation.drive import Drive
from lanedet.simulation.render import RECIPE, Effect
from lanedet.simulation.road_scenes import RoadScenesDataset
from lanedet.simulation.sampler import (
    make_scene,
    render_scene,
    sample_scene,
    scene_lanes,
)
from lanedet.simulation.scene import Scene
from lanedet.simulation.scene_tree import TREE_FORMATS, write_scene_tree
from lanedet.simulation.view import SceneView

__all__ = [
    "RECIPE",
    "TREE_FORMATS",
    "Drive",
    "Effect",
    "RoadScenesDataset",
    "Scene",
    "SceneView",
    "make_scene",
    "render_scene",
    "sample_scene",
    "scene_lanes",
    "write_scene_tree",
]
