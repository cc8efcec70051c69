"""Go the whole way once: scenes, training, score, and lanes on a dashcam clip.

Every step is one of the other tools, and is skipped if its result is there already.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from lanedet.runtime import user_errors

CONFIG = "configs/sad/enet_sad_scenes.py"
ROOT = Path(__file__).resolve().parents[1]


class Step(NamedTuple):
    """A command and the file that is there when it has succeeded."""

    title: str
    product: Path
    command: list[str]


def steps(out: Path) -> list[Step]:
    """Return the steps of the demo; all they make is under ``out``."""
    scenes, weights, drive = out / "scenes", out / "train", out / "drive.mp4"
    weights = out / "train" / "weights.safetensors"
    score, clip, lanes = out / "score.json", out / "demo.mp4", out / "demo.jsonl"
    workers = str(os.cpu_count() or 1)
    return [
        Step(
            "Make dashcam scenes with exact lanes",
            scenes / "test_tasks_0627.json",
            ["tools/make_scenes.py", str(scenes), "--num", "1500", "--seed", "0"]
            + ["--workers", workers],
        ),
        Step(
            "Train ENet with self attention distillation",
            weights,
            ["tools/train.py", CONFIG, "--data-root", str(scenes)]
            + ["--work-dir", str(weights.parent), "--resume"],
        ),
        Step(
            "Score it by the TuSimple rules",
            score,
            ["tools/test.py", CONFIG, str(weights), "--data-root", str(scenes)]
            + ["--work-dir", str(out / "test"), "--json", str(score)],
        ),
        Step(
            "Make a drive that it has not seen",
            drive,
            ["tools/make_scenes.py", str(out), "--num", "0", "--seed", "7"]
            + ["--clip", str(drive), "--seconds", "10"],
        ),
        Step(
            "Draw lanes on the drive",
            clip,
            ["tools/infer_video.py", str(drive), "--weights", str(weights)]
            + ["--out", str(clip), "--json", str(lanes)],
        ),
    ]


def run(step: Step) -> None:
    """Run a step in a process of its own; leave no half product behind."""
    print(f"\n=== {step.title}", flush=True)
    if step.product.is_file():
        print(f"    is there: {step.product}", flush=True)
        return
    print(f"    python {shlex.join(step.command)}", flush=True)
    start = time.monotonic()
    try:
        subprocess.run([sys.executable, *step.command], cwd=ROOT, check=True)
    except subprocess.CalledProcessError as error:
        step.product.unlink(missing_ok=True)
        raise SystemExit(error.returncode) from error
    except KeyboardInterrupt:
        step.product.unlink(missing_ok=True)
        raise
    print(f"    took {time.monotonic() - start:.0f} s", flush=True)


def summary(out: Path) -> str:
    """Return what was made, how good it is and what to try next."""
    score = json.loads((out / "score.json").read_text())
    return f"""
Made
  {out}/demo.mp4                   the clip with its lanes: play it
  {out}/demo.jsonl                 the same lanes as data, one line a frame
  {out}/train/weights.safetensors  the model
Score on generated test scenes, by the TuSimple rules (10 px at 640x360)
  accuracy {score["tusimple/accuracy"]:.3f}, \
false positives {score["tusimple/fp"]:.3f}, false negatives {score["tusimple/fn"]:.3f}
Next
  .venv/bin/python tools/infer_video.py YOUR_CLIP.mp4 \\
      --weights {out}/train/weights.safetensors --out lanes.mp4
  .venv/bin/tensorboard --logdir {out}/train
  .venv/bin/python tools/train.py {CONFIG} \\
      --data-root {out}/scenes --cfg-options train_cfg.max_iters=5000"""


@user_errors()
def main() -> None:
    """Run all steps and tell what they made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder for it all (default: out)"
    )
    out = parser.parse_args().out
    for step in steps(out):
        run(step)
    print(summary(out))


if __name__ == "__main__":
    main()
