"""Data that flows between the layers."""

from lanedet.structures.lane_sample import LaneSample

__all__ = ["LaneSample"]
