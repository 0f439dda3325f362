"""Traces that use nothing of earlier ones."""

import jax
import jax.numpy as jnp

from checks.program.fresh_traces import forget_traces


def test_a_jitted_function_is_traced_again_and_not_afterwards():
    traced = []
    function = jax.jit(lambda x: traced.append(x) or jnp.sin(x))
    run = lambda: jax.make_jaxpr(lambda x: function(x))(1.0)  # noqa: E731
    run(), run()
    assert len(traced) == 1
    for count in (2, 3):
        with forget_traces():
            run(), run()
        assert len(traced) == count
    run()
    assert len(traced) == 3
