"""What the model reads: one pytree of arrays a batch of windows."""

from typing import NamedTuple

import jax


class Batch(NamedTuple):
    """B windows, gathered from the table. Letters as in the README.

    The L + P decoder steps are the last L days of the past, then the P days to be predicted; of
    the latter only what is known beforehand is here. ``target`` is read by the loss alone.
    """

    past: jax.Array
    """[B, S, V] all columns, scaled; the T targets first, then time_delta, then celestial."""
    phase: jax.Array
    """[B, S, N, 4] unscaled: longitude (rad), sign phase (rad), speed (degree/day), radius (AU)."""
    past_calendar: jax.Array
    """[B, S, G] calendar features of the days of ``past``."""
    known: jax.Array
    """[B, L+P, V-T] time_delta and celestial columns of the decoder steps, scaled."""
    known_calendar: jax.Array
    """[B, L+P, G] calendar features of the decoder steps."""
    target: jax.Array
    """[B, P, T] scaled log returns against the previous close."""
