"""Decides which checkpoints are best and which stay on disk, from their metadata alone."""

import math
from typing import Any

Meta = dict[str, Any]


def rank_steps(metas: dict[int, Meta]) -> list[int]:
    """Sorts the steps that have a finite validation loss.

    Args:
        metas: step -> the checkpoint's metadata, with `validation_loss` if it was measured.

    Returns:
        The steps, the lowest loss first; of equal losses, the older step first.
    """
    losses = {step: meta.get("validation_loss") for step, meta in metas.items()}
    losses = {s: x for s, x in losses.items() if isinstance(x, float) and math.isfinite(x)}
    return sorted(losses, key=lambda step: (losses[step], step))


def select_steps(metas: dict[int, Meta], every: int) -> set[int]:
    """Selects the checkpoints to keep: the last two, the best, and each multiple of `every`.

    Args:
        metas: step -> the checkpoint's metadata.
        every: training steps; step 0 does not count as a multiple.
    """
    steps = sorted(metas)
    return {*steps[-2:], *rank_steps(metas)[:1], *(s for s in steps if s and s % every == 0)}
