"""The further batches of a diagnosis."""

import jax.numpy as jnp
import pytest

from checks.measure.batches import read_batches
from checks.program.trace import trace

X = jnp.arange(3.0)


def _read(*batches):
    program = trace(lambda p, x, n: (p * x * n).sum(), X, (X, 2))
    return program, read_batches(program, batches)


def test_the_first_batch_is_that_of_the_call():
    program, found = _read()
    assert found == [program.args]


def test_further_batches_are_taken_apart():
    _, found = _read((X + 1, 2), (X + 2, 2))
    assert [parts.learning[0].tolist() for parts in found[1:]] == [[1, 2, 3], [2, 3, 4]]


@pytest.mark.parametrize("other", [(X[:2], 2), (X.astype(jnp.int32), 2), (X, 3), (X,)])
def test_other_shapes_types_or_numbers_are_refused(other):
    text = r"the shapes and the Python numbers of the first: got other ones in batches.1.; diagnose"
    with pytest.raises(ValueError, match=text):
        _read((X, 2), other)
