"""In the tests of the checks no types are promoted in silence."""

import jax
import pytest


@pytest.fixture(autouse=True, scope="module")
def strict_types():
    with jax.numpy_dtype_promotion("strict"):
        yield
