"""The metadata of a TensorRT engine: a JSON file beside it.

An engine has no place for texts. The file has its name with ``.json`` behind it, so
that it takes no other file's place.
"""

import json
from collections.abc import Mapping
from pathlib import Path

_MAX_SIZE = 1 << 22  # bytes; sidecars have about 3,000


def sidecar_of(engine: Path) -> Path:
    """Return where the sidecar of an engine lies.

    Example:
        >>> sidecar_of(Path("lanes.engine")).name
        'lanes.engine.json'
    """
    return engine.with_name(f"{engine.name}.json")


def read_sidecar(engine: Path) -> dict[str, str]:
    """Return the texts of an engine's metadata by name.

    Raises:
        FileNotFoundError: If the sidecar is missing.
        ValueError: If it is no JSON object of texts.
    """
    path = sidecar_of(engine)
    if not path.is_file():
        raise FileNotFoundError(
            f"An engine needs its metadata beside it, and there is no {str(path)!r}: "
            "copy both files, or write it by lanedet export --format tensorrt."
        )
    try:
        if path.stat().st_size > _MAX_SIZE:
            raise ValueError(f"more than {_MAX_SIZE} bytes")
        texts = json.loads(path.read_bytes())
        if not isinstance(texts, dict) or not all(
            isinstance(text, str) for text in texts.values()
        ):
            raise ValueError("no object of texts")
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{str(path)!r} must be the metadata of an engine, texts by name as JSON, "
            "and is none or was cut off. Copy or write it again."
        ) from error
    return texts


def sidecar_text(texts: Mapping[str, str]) -> str:
    """Return the content of a sidecar."""
    return json.dumps(dict(texts), indent=2) + "\n"
