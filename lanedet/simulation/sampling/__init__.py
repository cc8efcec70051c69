"""Scenes at random. Knows what a scene is, not what it looks like."""
