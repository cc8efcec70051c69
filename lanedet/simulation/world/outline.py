"""Outlines: polygons as plain data."""

Outline = tuple[tuple[float, float], ...]
"""The corners of a polygon. What their two numbers are is said where one is used."""

Outlines = tuple[Outline, ...]
"""Polygons that belong together."""
