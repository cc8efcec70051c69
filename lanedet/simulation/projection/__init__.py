"""The way from the road to pixels: projection, ground and lens, and the labels."""
