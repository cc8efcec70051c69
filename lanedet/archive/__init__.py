"""Archives of clips: lanes, offsets and departures of all, as a table.

What each clip goes through is what ``lanedet video`` does: the same readers, network,
tracker and monitor. Ray has the workers. docs/archive.md describes the table.
"""

from lanedet.runtime import needs_extra

with needs_extra("An archive", "ray"):
    from lanedet.archive.cluster import ray_engine
    from lanedet.archive.job import ArchiveJob, ModelFiles
    from lanedet.archive.listing import Clip, list_clips
    from lanedet.archive.run import ArchiveSummary, run_archive
    from lanedet.archive.storage import StorageError
    from lanedet.archive.summary import TableSummary, summarize_table

__all__ = [
    "ArchiveJob",
    "ArchiveSummary",
    "Clip",
    "ModelFiles",
    "StorageError",
    "TableSummary",
    "list_clips",
    "ray_engine",
    "run_archive",
    "summarize_table",
]
