"""Trained models as files that other runtimes run."""

from lanedet.export.export import FORMATS, ExportOptions, export_model
from lanedet.export.web import export_page

__all__ = ["FORMATS", "ExportOptions", "export_model", "export_page"]
