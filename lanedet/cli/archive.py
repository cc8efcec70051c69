"""Find the lanes of an archive of clips, on one computer or a cluster: as a table."""

import argparse
from functools import partial
from pathlib import Path

from lanedet.cli.options import PATH_HINT, add_lane_options
from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = f"""examples:
  lanedet archive drives/ --out lanes/
  lanedet archive "drives/*/front.mp4" --out lanes/ --workers 4
  lanedet archive s3://fleet/2026-11/ --out s3://fleet/lanes/ --address auto
  lanedet archive --summary lanes/

The table is Parquet: lanes/clip=NAME/lanes.parquet has a row for each frame of a clip,
manifest/ a row for each clip (docs/archive.md). Run the same command again after
whatever ended a run: clips that are in the table are passed over, those that are
missing or failed are done.
{PATH_HINT}"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        nargs="?",
        help="folder of videos, pattern, list of paths and URLs (.txt), one video, or "
        "a URL of any of them that fsspec knows, such as s3:// and gs://",
    )
    parser.add_argument(
        "--out", metavar="TABLE", help="folder of the table: a path or a URL"
    )
    parser.add_argument(
        "--summary",
        metavar="TABLE",
        help="print the figures of a table, and draw them where --picture says",
    )
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="figures of --summary as a picture"
    )
    _add_workers(parser)
    add_lane_options(parser.add_argument_group("how"))
    args = parser.parse_args()
    if args.summary is None and not (args.source and args.out):
        parser.error("name a SOURCE and --out TABLE, or --summary TABLE")
    if args.summary is not None and (args.source or args.out):
        parser.error("--summary is for a table that is there: without SOURCE and --out")
    if args.picture is not None and args.summary is None:
        parser.error("--picture is for --summary")
    return args


def _add_workers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who works")
    group.add_argument(
        "--address",
        help="of a Ray cluster: HOST:PORT, ray://HOST:PORT, or auto for the one that "
        "this computer belongs to (default: Ray is started here)",
    )
    group.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="clips that are done at once, on a core each (default: all cores)",
    )
    group.add_argument(
        "--no-dashboard",
        dest="dashboard",
        action="store_false",
        help="start Ray without its page of figures",
    )
    group.add_argument(
        "--stretch",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="longer clips are cut into parts of about this length, for several "
        "workers; lanes are followed over the cuts (default: 300)",
    )
    group.add_argument(
        "--tries",
        type=int,
        default=3,
        metavar="N",
        help="set a clip aside once it has killed so many workers (default: 3)",
    )
    group.add_argument(
        "--stall",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="how long a store may say nothing before a clip, or at the start the run, "
        "fails (default: 120)",
    )
    group.add_argument(
        "--mix",
        action="store_true",
        help="let the table hold clips that were made with other weights, another "
        "version or other options",
    )


@user_errors()
def main() -> None:
    """Do an archive, or tell what is in its table."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    if args.summary is not None:
        _summarize(args)
        return
    from lanedet.archive import (
        ArchiveJob,
        ModelFiles,
        list_clips,
        ray_engine,
        run_archive,
    )
    from lanedet.inference import packaged_model
    from lanedet.video import Calibration

    weights = args.weights or packaged_model(args.runtime, args.device)
    job = ArchiveJob(
        table=_absolute(args.out),
        model=ModelFiles.read(weights),
        device=args.device,
        half=args.half,
        runtime=args.runtime,
        tracking=args.tracking,
        calibration=Calibration.read(args.calibration) if args.calibration else None,
        stretch_s=args.stretch,
        batch_size=args.batch_size,
        stall_s=args.stall,
        max_tries=args.tries,
    )
    clips = list_clips(_absolute(args.source), args.stall)
    engine = partial(
        ray_engine,
        address=args.address,
        num_workers=args.workers,
        dashboard=args.dashboard,
    )
    summary = run_archive(clips, job, engine, allow_mixed=args.mix)
    for line in summary.lines():
        print(line)
    if summary.failed:
        raise SystemExit(1)


def _summarize(args: argparse.Namespace) -> None:
    from lanedet.archive import summarize_table
    from lanedet.images import check_image_path, write_image

    if args.picture is not None:
        check_image_path(args.picture)
    summary = summarize_table(_absolute(args.summary))
    for line in summary.lines():
        print(line)
    if args.picture is not None:
        write_image(args.picture, summary.draw())
        print(f"Wrote {args.picture}")


def _absolute(name: str) -> str:
    """Return a path as workers with other current folders find it; a URL as it is."""
    return name if "://" in name or not name else str(Path(name).absolute())
