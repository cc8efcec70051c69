"""Procedural dashcam scenes with exact lanes: the data that comes with the project.

The rooms, from below: ``world`` is what a scene consists of. ``sampling`` draws one at
random, ``projection`` leads from its road to pixels and labels, ``painting`` has the
brushes and ``effects`` what is painted with them. ``make`` and ``drive`` put these
together, ``export`` writes data sets, ``roadscenes`` makes and checks those of the
benchmark.

To add an effect:

1. What it must know goes into a dataclass of ``world``, as a field whose default
   changes nothing.
2. A function ``(image, projection) -> image`` in ``effects`` paints it; it is listed in
   ``RECIPE`` of ``effects/recipe.py``.
3. A step ``(scene, rng) -> scene`` in ``sampling/steps`` draws its strength; it is
   listed in a category of ``sampling/categories.py``.
"""

from lanedet.simulation.drive import Drive
from lanedet.simulation.effects.recipe import RECIPE, Effect
from lanedet.simulation.export.scene_parts import ScenePart, write_scene_part
from lanedet.simulation.export.scene_tree import TREE_FORMATS, write_scene_tree
from lanedet.simulation.make import make_scene, render_scene, scene_lanes
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.sampling.categories import CATEGORIES, MIXTURES
from lanedet.simulation.sampling.sampler import sample_scene
from lanedet.simulation.world.scene import Scene

__all__ = [
    "CATEGORIES",
    "MIXTURES",
    "RECIPE",
    "TREE_FORMATS",
    "Drive",
    "Effect",
    "Projection",
    "Scene",
    "ScenePart",
    "make_scene",
    "render_scene",
    "sample_scene",
    "scene_lanes",
    "write_scene_part",
    "write_scene_tree",
]
