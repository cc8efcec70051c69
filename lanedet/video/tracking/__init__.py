"""Lanes that last from frame to frame."""
