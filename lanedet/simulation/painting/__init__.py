"""Brushes: polygons, sketches, noise and the compiled loops behind them."""
