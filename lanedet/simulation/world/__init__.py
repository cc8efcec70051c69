"""What a scene is, as plain data."""
