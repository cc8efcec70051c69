"""Data that flows between the layers."""

from lanedet.structures.arrays import ByteArray, FloatArray
from lanedet.structures.lane_sample import LaneSample

__all__ = ["ByteArray", "FloatArray", "LaneSample"]
