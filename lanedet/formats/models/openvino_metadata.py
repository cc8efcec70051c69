"""The metadata of an OpenVINO model, read without OpenVINO.

An IR is an XML file and one of weights (``.bin``) beside it. Its element ``rt_info``
holds what programs put there: here one element with all texts, as JSON, since names of
texts need not be names of elements.
"""

import json
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

RT_INFO = "lanedet"
"""Name of the element."""


def read_openvino_metadata(path: Path) -> dict[str, str]:
    """Return the texts of an IR's metadata by name; none of a foreign file.

    Args:
        path: The XML file.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If it is no IR, or the file of weights beside it is missing.
    """
    try:
        root = parse(path).getroot()
        if root.tag != "net":
            raise ValueError(f"an element {root.tag!r}")
        element = root.find(f"rt_info/{RT_INFO}")
        texts = {} if element is None else json.loads(element.get("value", ""))
        if not isinstance(texts, dict) or not all(
            isinstance(text, str) for text in texts.values()
        ):
            raise ValueError("metadata that are no texts")
    except (DefusedXmlException, ParseError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{str(path)!r} must be the whole XML file of an OpenVINO model, and is "
            "none or was cut off. Copy or export it again."
        ) from error
    if not path.with_suffix(".bin").is_file():
        raise FileNotFoundError(
            f"The weights of {str(path)!r} must lie beside it, in "
            f"{path.with_suffix('.bin').name!r}: copy both files."
        )
    return texts


def openvino_metadata(texts: dict[str, str]) -> str:
    """Return the value of the element that holds texts."""
    return json.dumps(texts)
