"""Scenes as files, in the folders of the benchmarks."""
