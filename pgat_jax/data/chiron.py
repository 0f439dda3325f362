"""Computes the orbit of Chiron (2060), which DE421 lacks, by numerical integration.

The osculating elements of the JPL Small-Body Database give the initial state. As a two-body orbit
they are wrong by 2 degrees in 1999, so the attraction of the Sun and the giant planets is
integrated: Runge-Kutta of order 4, in barycentric coordinates.
"""

import numpy as np
from skyfield.timelib import Time
from skyfield.vectorlib import VectorFunction

# Julian date TDB of the elements.
EPOCH = 2461000.5
# Days between two states.
STEP = 20.0
# The elements: AU, and radians in J2000.
SEMI_MAJOR_AXIS, ECCENTRICITY = 13.69219896172984, 0.3789792342846475
INCLINATION, NODE, PERIHELION, MEAN_ANOMALY = np.radians(
    [6.926003536565557, 209.2984204899107, 339.2537417045351, 212.8397717853335]
)
OBLIQUITY = np.radians(84381.448 / 3600.0)
# Gravitational parameters, AU^3/day^2. Mercury, Venus, Earth with Moon, and Mars are added to the
# Sun, as if they were at its place.
GM_SUN = 2.959122082855911e-4
GM_INNER = (
    4.91254957186794e-11 + 7.243452332698441e-10 + 8.997011408268049e-10 + 9.54954869562239e-11
)
GM = np.array(
    [
        GM_SUN + GM_INNER,
        2.82534584085505e-7,
        8.459706073308477e-8,
        1.29202482579265e-8,
        1.52435910924974e-8,
    ]
)
ATTRACTORS = (
    "sun",
    "jupiter barycenter",
    "saturn barycenter",
    "uranus barycenter",
    "neptune barycenter",
)


class Chiron(VectorFunction):
    """The orbit of Chiron: position (AU) and velocity (AU/day), barycentric, interpolated.

    Skyfield uses it as any other body of a kernel, e.g. `chiron.at(time)`. The interpolation
    between the states is cubic Hermite. `spanning` makes an orbit that covers given times.

    Attributes:
        ephemeris: skyfield's kernel (`SpiceKernel`) of the other bodies.
        first: the Julian date TDB of the first state.
        states: [steps, 6] position and velocity every `STEP` days.
    """

    center, target = 0, 2002060

    def __init__(self, ephemeris, first: float, states: np.ndarray):
        self.ephemeris = ephemeris
        self.first = first
        self.states = states

    @classmethod
    def spanning(cls, kernel, time: Time) -> "Chiron":
        """Integrates from the epoch over all times, and one day more for the light time.

        Args:
            kernel: skyfield's `SpiceKernel` with the Sun and the giant planets.
            time: skyfield's times [days]; an array, also for one day.

        Returns:
            The orbit, from at least one day before the first time to one day after the last.
        """
        back = max(0, int(np.ceil((EPOCH - time.tdb.min() + 1.0) / STEP)))
        ahead = max(0, int(np.ceil((time.tdb.max() + 1.0 - EPOCH) / STEP)))
        past = integrate(kernel, time.ts, -STEP, back)
        future = integrate(kernel, time.ts, STEP, ahead)
        return cls(kernel, EPOCH - back * STEP, np.concatenate([past[:0:-1], future]))

    def _at(self, t: Time):
        x = (t.whole - self.first + t.tdb_fraction) / STEP
        i = np.clip(x.astype(int), 0, len(self.states) - 2)
        return (
            *_hermite(
                x - i, *self.states[i].T.reshape(2, 3, -1), *self.states[i + 1].T.reshape(2, 3, -1)
            ),
            None,
            None,
        )


def integrate(kernel, timescale, step: float, count: int) -> np.ndarray:
    """Integrates the orbit from the epoch.

    Args:
        kernel: skyfield's `SpiceKernel` with the Sun and the giant planets.
        timescale: skyfield's `Timescale`.
        step: days of one step; negative for the past.
        count: the number of steps.

    Returns:
        [count + 1, 6] position (AU) and velocity (AU/day) at the epoch and after each step,
        barycentric, equatorial J2000.
    """
    half_steps = timescale.tdb_jd(EPOCH + step / 2.0 * np.arange(2 * count + 1))
    attractors = np.stack([kernel[name].at(half_steps).xyz.au.T for name in ATTRACTORS], axis=1)
    states = np.empty((count + 1, 6))
    states[0] = initial_state(kernel, timescale)
    for i in range(count):
        states[i + 1] = _runge_kutta(states[i], step, attractors[2 * i : 2 * i + 3])
    return states


def initial_state(kernel, timescale) -> np.ndarray:
    """Returns the barycentric state at the epoch: the Sun's plus that of the two-body orbit.

    Args:
        kernel: skyfield's `SpiceKernel` with the Sun.
        timescale: skyfield's `Timescale`.

    Returns:
        [6] position (AU), then velocity (AU/day), equatorial J2000.
    """
    sun = kernel["sun"].at(timescale.tdb_jd(EPOCH))
    return np.concatenate([sun.xyz.au, sun.velocity.au_per_d]) + kepler_state()


def kepler_state() -> np.ndarray:
    """Returns Chiron's heliocentric state at the epoch of the elements that this module states.

    Meeus, Astronomical Algorithms, ch. 30 (Kepler's equation) and 33 (elliptic motion).

    Returns:
        [6] position (AU), then velocity (AU/day), equatorial J2000.
    """
    e, anomaly = ECCENTRICITY, MEAN_ANOMALY
    for _ in range(50):
        anomaly -= (anomaly - e * np.sin(anomaly) - MEAN_ANOMALY) / (1.0 - e * np.cos(anomaly))
    minor = np.sqrt(1.0 - e * e)
    rate = np.sqrt(GM_SUN / SEMI_MAJOR_AXIS**3) / (1.0 - e * np.cos(anomaly))
    plane = SEMI_MAJOR_AXIS * np.array(
        [
            [np.cos(anomaly) - e, minor * np.sin(anomaly), 0.0],
            [-np.sin(anomaly) * rate, minor * np.cos(anomaly) * rate, 0.0],
        ]
    )
    turn = _about_x(OBLIQUITY) @ _about_z(NODE) @ _about_x(INCLINATION) @ _about_z(PERIHELION)
    return (plane @ turn.T).ravel()


def _runge_kutta(state: np.ndarray, h: float, attractors: np.ndarray) -> np.ndarray:
    a = _derivative(state, attractors[0])
    b = _derivative(state + h / 2.0 * a, attractors[1])
    c = _derivative(state + h / 2.0 * b, attractors[1])
    d = _derivative(state + h * c, attractors[2])
    return state + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)


def _derivative(state: np.ndarray, attractors: np.ndarray) -> np.ndarray:
    away = attractors - state[:3]
    return np.concatenate([state[3:], (GM / (away * away).sum(axis=1) ** 1.5) @ away])


def _hermite(x, r0, v0, r1, v1) -> tuple[np.ndarray, np.ndarray]:
    """Returns position and velocity at a share `x` of the step from (r0, v0) to (r1, v1)."""
    rise = r1 - r0
    a, b = STEP * v0 - rise, rise - STEP * v1
    y = 1.0 - x
    position = y * r0 + x * r1 + x * y * (y * a + x * b)
    velocity = (rise + (y - x) * (y * a + x * b) + x * y * (b - a)) / STEP
    return position, velocity


def _about_x(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
