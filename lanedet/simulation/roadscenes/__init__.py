"""The benchmark RoadScenes, which makes itself on first use."""
