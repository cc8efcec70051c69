"""What lanes say about the driving."""
