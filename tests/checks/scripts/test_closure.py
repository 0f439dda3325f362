"""Arrays of a closure as arguments."""

import jax.numpy as jnp
import numpy as np

from checks.scripts.closure import lift_closure

X = np.arange(3.0)


def make_loss():
    batch, count, rows, model = {"x": X}, 2, [], object()

    def loss(p, scale=3.0, *, shift=1.0):
        assert model is not None and rows == []
        return (p * batch["x"]).sum() * count * scale + shift

    return loss


def test_arrays_become_the_last_argument_and_all_else_stays():
    lifted, arrays = lift_closure(make_loss())
    assert list(arrays) == ["batch"]
    assert lifted(2.0, arrays) == make_loss()(2.0)
    assert lifted(2.0, {"batch": {"x": X + 1}}) == 2.0 * 6 * 2 * 3 + 1
    assert lifted.__wrapped__.__name__ == "loss"


def test_a_function_without_arrays_around_it_is_returned_as_it_is():
    def outer():
        later = lambda p: missing * p  # noqa: E731
        taken = lift_closure(later)  # before its variable has a value
        missing = X
        return later, taken, missing

    later, taken, _ = outer()
    assert taken == (later, {})
    assert lift_closure(jnp.sum) == (jnp.sum, {})
