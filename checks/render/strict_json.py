"""Writes JSON without NaN or infinity, which the standard does not have."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def nullify_non_finite(value: Any) -> Any:
    """Replaces every number that is not finite by None, in nested mappings and sequences.

    Args:
        value: a number, text, None, mapping, list or tuple; any other value is returned as it is.

    Returns:
        A copy with dicts and lists in the place of mappings, lists and tuples.
    """
    if isinstance(value, Mapping):
        return {key: nullify_non_finite(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [nullify_non_finite(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(document: Mapping[str, Any], path: str | Path) -> None:
    """Writes a document as JSON; numbers that are not finite become null.

    Args:
        document: plain dicts, lists, strings and numbers.
        path: the file to write.
    """
    text = json.dumps(nullify_non_finite(document), indent=1, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")
