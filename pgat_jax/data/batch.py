"""The model's input: one pytree of arrays for a batch of windows."""

from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp

from pgat_jax.config import Config
from pgat_jax.data.calendar import FEATURES
from pgat_jax.data.columns import TARGETS, Columns
from pgat_jax.names import BODIES


class Batch(NamedTuple):
    """B windows, gathered from the table; every array is float32.

    S is `data.seq_len`, L `data.label_len`, P `data.pred_len`; V is the number of columns, of which
    K are known in advance; N is the 13 bodies, T the four targets (Open, High, Low, Close) and G
    the 18 calendar features. The L + P decoder steps are the last L past days and the P days to
    predict, of which a batch contains only what is known in advance. Only the loss reads `target`.

    Attributes:
        past: [B, S, V] all columns, scaled: the T targets, time_delta, the celestial columns.
        phase: [B, S, N, 4] unscaled: longitude (rad), sign phase (rad: the place within a zodiac
            sign of 30 degrees, as a full turn), speed (degree/day), radius (AU).
        past_calendar: [B, S, G] calendar features of the past days.
        known: [B, L+P, K] the columns of the decoder steps that are known in advance, scaled: all
            but the T targets and the log volatility of the day.
        known_calendar: [B, L+P, G] calendar features of the decoder steps.
        target: [B, P, T] log returns against the previous close, scaled; with `data.volatility`
            they are first divided by the volatility that was forecast for their day.
    """

    past: jax.Array
    phase: jax.Array
    past_calendar: jax.Array
    known: jax.Array
    known_calendar: jax.Array
    target: jax.Array


def batch_shapes(config: Config, columns: Columns, size: int) -> Batch:
    """Returns the shapes and types of a batch, in place of its arrays.

    Args:
        config: a configuration; its `data` has the lengths of a window.
        columns: the layout of the V columns.
        size: B, the number of windows.

    Returns:
        A `jax.ShapeDtypeStruct` in each field.
    """
    d, wide = config.data, len(columns.names)
    ahead = d.label_len + d.pred_len
    shapes = {
        "past": (size, d.seq_len, wide),
        "phase": (size, d.seq_len, len(BODIES), 4),
        "past_calendar": (size, d.seq_len, len(FEATURES)),
        "known": (size, ahead, wide - columns.observed),
        "known_calendar": (size, ahead, len(FEATURES)),
        "target": (size, d.pred_len, len(TARGETS)),
    }
    return Batch(**{k: cast(Any, jax.ShapeDtypeStruct(s, jnp.float32)) for k, s in shapes.items()})
