"""What is made of a source: clips, logs, predictions, a window."""
