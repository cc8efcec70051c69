"""The metadata of a model file: texts by name, two of them JSON.

A weights file and all that is exported from it hold the same texts: the description of
the model (:mod:`lanedet.models.descriptions`) and how the weights were made. Exported
files also say what leaves the network's graph.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

MODEL_KEY = "lanedet_model"
"""Where metadata keep the description of the model."""

EXPORT_KEY = "lanedet_export"
"""Where metadata of an exported file keep the facts of the export."""

VERSION = 1
"""Version of exported files: what goes in, what comes out, what metadata hold."""

READINGS = {
    "rows": ("rows", "lane_bits", "existence"),
    "maps": ("lane_probs", "existence"),
    "lines": ("scores", "lines"),
}
"""What may leave a graph: names of the outputs, in their order."""

_MAX_LENGTH = 1 << 20  # characters of JSON; descriptions have about 500


@dataclass(frozen=True)
class ExportFacts:
    """What an exported file says of its graph."""

    readings: str
    """What leaves it, of :data:`READINGS`."""

    precision: str
    """``float32``, ``float16`` or ``int8``: in what it computes."""

    batch: int | None
    """Images that it takes at once; None for any number."""

    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise ValueError(
                f"its form must be version {VERSION}, got {f'{self.version!r}':.40}: "
                "export it again with this lanedet"
            )
        if self.readings not in READINGS:
            raise ValueError(
                f"readings must be one of {sorted(READINGS)}, got "
                f"{f'{self.readings!r}':.40}"
            )
        is_count = isinstance(self.batch, int) and self.batch >= 1
        if self.batch is not None and not is_count:
            raise ValueError(f"batch must be at least 1, got {f'{self.batch!r}':.40}")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in their order."""
        return READINGS[self.readings]


@dataclass(frozen=True)
class ModelMetadata:
    """What an exported file says of itself."""

    description: Mapping[str, Any]
    """What the model is made of, see ``lanedet.models.describe_model``."""

    facts: ExportFacts
    """How it was exported."""

    provenance: Mapping[str, str]
    """How the weights were made, by name."""

    @classmethod
    def read(cls, texts: Mapping[str, str], path: Path) -> Self:
        """Return the metadata that are in texts by name.

        Args:
            texts: As the file has them.
            path: Of the file, for the error message.

        Raises:
            ValueError: If they are not those of a file that ``lanedet export`` wrote,
                or of another version's.
        """
        for key in (MODEL_KEY, EXPORT_KEY):
            if key not in texts:
                raise ValueError(
                    f"{str(path)!r} must be a model that lanedet export wrote: its "
                    f"metadata hold no {key!r}. Export it from its weights."
                )
        try:
            description = _json_object(texts[MODEL_KEY])
            facts = ExportFacts(**_json_object(texts[EXPORT_KEY]))
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(
                f"{str(path)!r} is no model of this lanedet: {f'{error}':.200}."
            ) from error
        provenance = {
            name: text
            for name, text in texts.items()
            if name not in (MODEL_KEY, EXPORT_KEY)
        }
        return cls(description, facts, provenance)

    def texts(self) -> dict[str, str]:
        """Return the metadata as texts by name."""
        return {
            **self.provenance,
            MODEL_KEY: json.dumps(self.description),
            EXPORT_KEY: json.dumps(asdict(self.facts)),
        }


def _json_object(text: str) -> dict[str, Any]:
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"a text of its metadata has {len(text)} characters")
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(
            f"its metadata must be JSON objects, got {type(value).__name__}"
        )
    return value
