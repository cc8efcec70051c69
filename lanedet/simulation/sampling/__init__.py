"""Random scenes: what is drawn, and how often; nothing of what it looks like."""
