"""Trained models as files that other runtimes run."""

from lanedet.export.export import FORMATS, ExportOptions, export_model
from lanedet.export.tensorrt_file import trtexec_line
from lanedet.export.web import export_page

__all__ = ["FORMATS", "ExportOptions", "export_model", "export_page", "trtexec_line"]
