"""A real sky of five years, a simulated one of 154, and a field of arms on simulated returns."""

import numpy as np
import pytest

from pgat_jax.backtest.origins import plan_blocks
from pgat_jax.data.columns import PLANETS
from pgat_jax.data.coverage import EPHEMERIS
from pgat_jax.sky_test.power import Field
from pgat_jax.sky_test.residual_blocks import prepare_block
from pgat_jax.sky_test.skies import draw_false_skies, draw_shifted_skies, make_true_sky, number_days
from pgat_jax.sky_test.sky_features import compute_angles, compute_features
from pgat_jax.sky_test.sky_grid import SkyGrid, make_grid, place_longitudes
from pgat_jax.sky_test.sky_scores import SkyForecaster
from tests.backtest.conftest import HORIZON, simulate

# Days in which each body of the simulated sky goes round.
PERIODS = dict(
    zip(PLANETS, (365.25, 27.3, 410.0, 330.0, 690.0, 4300.0, 11000.0, 31000.0, 6e4, 9e4))
)
FALSE, SHIFTED, ROWS = 19, 5, 1000


@pytest.fixture(scope="session")
def dates() -> np.ndarray:
    return np.arange("2000-01-03", "2001-06-01", dtype="datetime64[D]")[::2]


@pytest.fixture(scope="session")
def real_grid() -> SkyGrid:
    return make_grid(np.datetime64("1999-01-01"), np.datetime64("2003-12-31"))


@pytest.fixture(scope="session")
def grid() -> SkyGrid:
    return simulate_grid()


def simulate_grid() -> SkyGrid:
    """Simulates bodies that move evenly, for all days of the ephemeris."""
    first, last = number_days(np.array([EPHEMERIS.first, EPHEMERIS.last]))
    days = np.arange(first, last + 1)
    columns = {}
    for body, period in PERIODS.items():
        angle = 2 * np.pi * days / period
        columns |= {f"dyn_{body}_sin": np.sin(angle), f"dyn_{body}_cos": np.cos(angle)}
    return SkyGrid(first, columns)


@pytest.fixture(scope="session")
def field(grid) -> Field:
    history = simulate(ROWS)
    own = history.dates[:ROWS]
    blocks = plan_blocks(np.arange(ROWS // 2, ROWS - HORIZON), own, "yearly")
    true = make_true_sky(own)
    skies = [None, true, *draw_false_skies(own, FALSE), *draw_shifted_skies(own, SHIFTED)]
    return Field(
        history,
        blocks,
        [prepare_block(history, block) for block in blocks],
        compute_angles(place_longitudes(true, grid, own)),
        SkyForecaster(np.stack([compute_features(s, grid, own) for s in skies]), blocks, HORIZON),
        FALSE,
        "field",
    )
