"""Several data sets as one, each seen as often as is wanted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.registry import DATASETS

from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.formats.label_faults import OnError
from lanedet.structures import LaneSample


class MixedDataset(LaneDataset):
    """The samples of several data sets, in one pass and through one pipeline.

    A batch of a shuffled pass mixes them in the proportion of their numbers of samples,
    each times its ``repeats``.

    Args:
        data_root: Folder in which those of the parts lie.
        parts: Configs of the data sets, without ``pipeline`` and ``on_error``. Their
            ``data_root`` is relative to the one above.
        pipeline: Configs of the transforms, for all of them.
        repeats: How often a pass goes through each part, 1 or more. None: once.
        indices: Use the first so many samples of all parts, or the given ones.
        test_mode: As in mmengine's ``BaseDataset``.
        on_error: What to do about a broken label, in every part.

    Raises:
        FileNotFoundError: If a label file is missing.
        LabelError: If a label is broken, or with ``"skip"`` if all of a part are.
        ValueError: If there is no part, a part without ``data_root``, or not one
            ``repeats`` for each.
    """

    def __init__(
        self,
        *,
        data_root: str,
        parts: Sequence[Mapping[str, Any]],
        pipeline: Sequence[Mapping[str, Any]],
        repeats: Sequence[int] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        on_error: OnError = "raise",
    ) -> None:
        self.parts = list(parts)
        self.repeats = [1] * len(self.parts) if repeats is None else list(repeats)
        if not self.parts:
            raise ValueError("parts must name at least one data set, got none.")
        for part in self.parts:
            if "data_root" not in part:
                raise ValueError(
                    "Each part must name its data_root, a folder below that of the "
                    f"MixedDataset, got a {part.get('type')} without."
                )
        if len(self.repeats) != len(self.parts) or min(self.repeats) < 1:
            raise ValueError(
                "repeats must be one number per part, each at least 1, got "
                f"{self.repeats} for {len(self.parts)} parts."
            )
        super().__init__(
            data_root=data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            on_error=on_error,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the samples in the form that mmengine stores.

        Each part has checked its own: images of one size, for example, need only be
        those of one tree.
        """
        samples = self.load_samples(Path(self.data_root))
        return [{"data_samples": sample} for sample in samples]

    def load_samples(self, data_root: Path) -> list[LaneSample]:
        """Read the samples of all parts."""
        # Data sets that make their own labels know no faults and nothing to do then.
        faults = (
            {}
            if self.faults.on_error == "raise"
            else {"on_error": self.faults.on_error}
        )
        samples = []
        for part, times in zip(self.parts, self.repeats, strict=True):
            dataset = DATASETS.build(
                {
                    **part,
                    "data_root": str(data_root / part["data_root"]),
                    "pipeline": [],
                    **faults,
                }
            )
            own = [
                dataset.get_data_info(n)["data_samples"] for n in range(len(dataset))
            ]
            samples += own * times
        return samples
