"""See lanes on a dashcam clip; with --train go the whole way there.

Without it, the model that comes with the package finds the lanes. With it, a model is
trained on generated scenes and scored first, which takes minutes on a CPU. Every step
is one of the other tools, and is skipped if its result is there already.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from lanedet.runtime import user_errors

CONFIG = "sad/enet_sad_scenes"
OUT = Path("out")


class Step(NamedTuple):
    """A command and the file that is there when it has succeeded."""

    title: str
    product: Path
    command: str
    sources: tuple[Path, ...] = ()
    """Files that it is made from: what is older than they are is made anew."""
    can_resume: bool = False
    """Whether it is a training, which goes on from its checkpoints."""

    @property
    def mark(self) -> Path:
        """The file that is there while the product is not finished."""
        return self.product.with_name(self.product.name + ".unfinished")

    def is_done(self) -> bool:
        """Return whether the product is there, whole and of today's sources."""
        is_there = self.product.is_file() and not self.mark.exists()
        return is_there and self._is_of_sources(self.product)

    def _is_of_sources(self, path: Path) -> bool:
        times = [each.stat().st_mtime_ns for each in self.sources if each.exists()]
        return all(path.stat().st_mtime_ns >= time for time in times)

    def full_command(self) -> str:
        """Return the command; a training resumes if the sources are still the same."""
        checkpoints = self.product.parent.glob("iter_*.pth") if self.can_resume else ()
        resumes = any(self._is_of_sources(each) for each in checkpoints)
        return f"{self.command} --resume" if resumes else self.command

    def run(self) -> None:
        """Run the command in a process of its own."""
        command = self.full_command()
        print(f"    python {command}", flush=True)
        start = time.monotonic()
        self.mark.parent.mkdir(parents=True, exist_ok=True)
        self.mark.touch()
        code = wait_for(subprocess.Popen([sys.executable, *command.split()]))
        if code != 0:
            raise SystemExit(code)
        self.mark.unlink()
        print(f"    took {time.monotonic() - start:.0f} s", flush=True)


def drawing_steps() -> list[Step]:
    """Return the steps from nothing to a clip, with the model of the package."""
    drive, clip = OUT / "drive.mp4", OUT / "demo.mp4"
    return [
        Step(
            "Make a drive that the model has not seen",
            drive,
            f"-m lanedet scenes --seed 6 --clip {drive} --seconds 10",
        ),
        Step(
            "Draw lanes on the drive",
            clip,
            f"-m lanedet video {drive} --out {clip} --json {OUT / 'demo.jsonl'}",
            (drive,),
        ),
    ]


def training_steps() -> list[Step]:
    """Return the steps from nothing to a clip, with a model of one's own."""
    scenes, weights = OUT / "scenes", OUT / "train" / "weights.safetensors"
    score, clip = OUT / "score.json", OUT / "trained.mp4"
    make_drive = drawing_steps()[0]
    return [
        Step(
            "Make dashcam scenes with exact lanes",
            scenes / "test_tasks_0627.json",
            f"-m lanedet scenes {scenes} --num 1500 --seed 0",
        ),
        Step(
            "Train ENet with self attention distillation",
            weights,
            f"-m lanedet train {CONFIG} --data-root {scenes} "
            f"--work-dir {weights.parent}",
            (scenes / "test_tasks_0627.json",),
            can_resume=True,
        ),
        Step(
            "Score it by the TuSimple rules",
            score,
            f"-m lanedet test {CONFIG} {weights} --data-root {scenes} "
            f"--work-dir {OUT / 'test'} --json {score}",
            (weights,),
        ),
        make_drive,
        Step(
            "Draw its lanes on the drive",
            clip,
            f"-m lanedet video {make_drive.product} --weights {weights} --out {clip}",
            (make_drive.product, weights),
        ),
    ]


def wait_for(process: "subprocess.Popen[bytes]") -> int:
    """Return a process's exit status; let it end well if this one is interrupted."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()  # Ctrl-C went to it too
        raise
    except SystemExit:
        process.terminate()
        process.wait()
        raise


def drawing_summary() -> str:
    """Return what was made and what to try next."""
    return f"""
Made
  {OUT}/demo.mp4    the clip with its lanes: play it
  {OUT}/demo.jsonl  the same lanes as data, one line a frame
Next
  lanedet video YOUR_CLIP.mp4 --out lanes.mp4
  lanedet demo --train   # a model of your own, in minutes"""


def training_summary() -> str:
    """Return what was made, how good it is and what to try next."""
    score = json.loads((OUT / "score.json").read_text())
    return f"""
Made
  {OUT}/train/weights.safetensors  the model
  {OUT}/trained.mp4                a clip with its lanes: play it
Score on generated test scenes, by the TuSimple rules (10 px at 640x360)
  accuracy {score["tusimple/accuracy"]:.3f}, \
false positives {score["tusimple/fp"]:.3f}, false negatives {score["tusimple/fn"]:.3f}
Next
  lanedet video YOUR_CLIP.mp4 \\
      --weights {OUT}/train/weights.safetensors --out lanes.mp4
  .venv/bin/tensorboard --logdir {OUT}/train
  lanedet train {CONFIG} \\
      --data-root {OUT}/scenes --cfg-options train_cfg.max_iters=5000"""


@user_errors()
def main() -> None:
    """Run all steps and tell what they made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--train",
        action="store_true",
        help="train a model, rather than use the one that comes with the package",
    )
    train = parser.parse_args().train
    is_stale = False  # what is made from something new must be made anew
    for step in training_steps() if train else drawing_steps():
        print(f"\n=== {step.title}", flush=True)
        if step.is_done() and not is_stale:
            print(f"    is there: {step.product}", flush=True)
        else:
            step.run()
            is_stale = True
    print(training_summary() if train else drawing_summary())
