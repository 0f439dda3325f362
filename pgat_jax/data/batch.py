"""The model's input: one pytree of arrays for a batch of windows."""

from typing import NamedTuple

import jax


class Batch(NamedTuple):
    """B windows, gathered from the table; shape letters as in the README.

    The L + P decoder steps are the last L past days and the P days to predict, of which a batch
    contains only what is known in advance. Only the loss reads `target`.

    Attributes:
        past: [B, S, V] all columns, scaled: the T targets, time_delta, the celestial columns.
        phase: [B, S, N, 4] unscaled: longitude (rad), sign phase (rad), speed (degree/day),
            radius (AU).
        past_calendar: [B, S, G] calendar features of the past days.
        known: [B, L+P, V-T] time_delta and celestial columns of the decoder steps, scaled.
        known_calendar: [B, L+P, G] calendar features of the decoder steps.
        target: [B, P, T] log returns against the previous close, scaled.
    """

    past: jax.Array
    phase: jax.Array
    past_calendar: jax.Array
    known: jax.Array
    known_calendar: jax.Array
    target: jax.Array
