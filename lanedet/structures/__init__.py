"""Data that flows between the layers."""

from lanedet.structures.driving import DepartureEvent, DrivingState
from lanedet.structures.lane_sample import LaneSample

__all__ = ["DepartureEvent", "DrivingState", "LaneSample"]
