"""Outlines: polygons as plain data."""

Outline = tuple[tuple[float, float], ...]
"""The corners of a polygon, two numbers each; who uses one says which."""

Outlines = tuple[Outline, ...]
"""Polygons that belong together."""
