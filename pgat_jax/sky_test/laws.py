"""Puts laws of known size into returns: what the test would have to find.

A law is a sinusoid of an angle of the true sky. A mean law moves the four returns of a day, in
units of the volatility that is forecast for it; a volatility law stretches them.
"""

from typing import Literal, NamedTuple

import numpy as np

Kind = Literal["mean", "volatility"]
KINDS: tuple[Kind, ...] = ("mean", "volatility")
# Amplitudes: of the mean in standard deviations of the day, of the volatility as a share of it.
SIZES = (0.06, 0.10, 0.15, 0.25)
# Bodies whose laws twenty years of prices can show; Saturn to Pluto move too slowly.
LAW_BODIES = ("Moon", "Mercury", "Venus", "Mars", "Jupiter")


class Law(NamedTuple):
    """A law of the sky.

    Attributes:
        kind: what it moves: the `mean` of the returns, or their `volatility`.
        size: its amplitude: in standard deviations of the day, or as a share of the volatility.
        body: the body, such as `Mars`.
        angle: a key of `compute_angles`: the longitude of the body, or its elongation.
        phase: the phase of the sinusoid, in radians.
    """

    kind: Kind
    size: float
    body: str
    angle: str
    phase: float


def list_laws(phases: int, sizes: tuple[float, ...] = SIZES) -> list[Law]:
    """Lists the laws of the power study: every kind, size, body of `LAW_BODIES`, angle and phase.

    Args:
        phases: the number of phases, evenly spaced on half a circle.
        sizes: the amplitudes.
    """
    return [
        Law(kind, size, body, angle, np.pi * phase / phases)
        for kind in KINDS
        for size in sizes
        for body in LAW_BODIES
        for angle in (body, f"{body} elongation")
        for phase in range(phases)
    ]


def compute_course(law: Law, angles: dict[str, np.ndarray]) -> np.ndarray:
    """Computes the law's value [days] on each day.

    Args:
        law: the law.
        angles: the angles of the true sky, as `compute_angles` returns them.
    """
    return law.size * np.sin(angles[law.angle] + law.phase)


def plant_law(
    kind: Kind, course: np.ndarray, returns: np.ndarray, volatility: np.ndarray
) -> np.ndarray:
    """Returns the returns [days, T] that a market with the law would have had.

    Args:
        kind: `mean` adds course * volatility to the returns of a day; `volatility` multiplies them
            by exp(course).
        course: the law's value [days] on each day.
        returns: log returns [days, T].
        volatility: [days] the standard deviation that was forecast for each day.
    """
    if kind == "mean":
        return returns + (course * volatility)[:, None]
    return returns * np.exp(course)[:, None]
