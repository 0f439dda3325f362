import jax.numpy as jnp
import numpy as np
import pandas as pd

from pgat_jax.model.momentum import FLOOR, WINDOWS, target_statistics
from tests.model.conftest import normal


def test_statistics_of_the_past_are_those_of_pandas():
    x = np.asarray(normal(0, 1, 120, 1))
    label, ahead = 40, 3
    actual = np.asarray(target_statistics(jnp.asarray(x), label + ahead, ahead))
    actual = actual.reshape(label + ahead, 1, len(WINDOWS), 5)
    series = pd.Series(x[0, :, 0])
    for i, window in enumerate(WINDOWS):
        past = series.rolling(window)
        variance = past.var(ddof=0) + FLOOR
        np.testing.assert_allclose(actual[:label, 0, i, 0], past.mean()[-label:], atol=1e-5)
        expected = 0.5 * np.log(variance)
        np.testing.assert_allclose(actual[:label, 0, i, 2], expected[-label:], atol=1e-4)
        level = (series.cumsum() - series.cumsum().rolling(window).mean()) / np.sqrt(window)
        np.testing.assert_allclose(actual[:label, 0, i, 1], level[-label:], atol=1e-4)
        third = past.apply(lambda w: np.mean((w - w.mean()) ** 3), raw=True) / variance**1.5
        np.testing.assert_allclose(actual[:label, 0, i, 4], np.arcsinh(third)[-label:], atol=1e-3)
        fourth = past.apply(lambda w: np.mean((w - w.mean()) ** 4), raw=True) / variance**2 - 3
        np.testing.assert_allclose(actual[:label, 0, i, 3], np.arcsinh(fourth)[-label:], atol=1e-3)
    assert np.all(actual[label:] == actual[label - 1])
