"""Scenes as plain data: the road, the camera and all that is seen."""
