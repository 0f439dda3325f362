"""The filters of the template `leaf.html`, which shows leaves on a page and in a notebook."""

from collections.abc import Callable, Sequence
from typing import Any

from checks.render.leaf_groups import cure_sentences, group_name
from checks.render.numbers import format_power
from checks.render.svg import VERDICT_COLOURS


def format_shape(shape: Sequence[int]) -> str:
    """Returns a shape like `2 × 3`; `scalar` if it has no axes.

    Args:
        shape: the shape of a leaf.
    """
    return " × ".join(map(str, shape)) or "scalar"


# Name of a filter in the templates -> its function.
LEAF_FILTERS: dict[str, Callable[..., Any]] = {
    "colour": VERDICT_COLOURS.__getitem__,
    "power": format_power,
    "shape": format_shape,
    "title_of": group_name,
    "cures": cure_sentences,
}
