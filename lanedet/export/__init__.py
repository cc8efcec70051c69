"""Trained models as files that other runtimes run."""

from lanedet.export.export import FORMATS, ExportOptions, export_model

__all__ = ["FORMATS", "ExportOptions", "export_model"]
