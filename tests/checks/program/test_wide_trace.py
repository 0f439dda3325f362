"""The float64 trace of the user's function."""

import jax
import jax.numpy as jnp
import numpy as np

from checks.program.trace import trace
from checks.program.wide_trace import find_narrow_types, find_vanishing_type, trace_wide
from tests.checks.measure.compiled import X


def test_casts_to_narrower_floats_are_left_out_and_only_there():
    def loss(p, x):
        return (p.astype(jnp.float16) * jnp.asarray(x, jnp.float16)).sum() * 1e-9

    program = trace(loss, X, (X,))
    wide = trace_wide(program)
    assert {str(x.aval.dtype) for e in wide.jaxpr.eqns for x in e.outvars} == {"float64"}
    assert any(getattr(x, "val", None) == 1e-9 for e in wide.jaxpr.eqns for x in e.invars)
    assert str(jax.make_jaxpr(loss)(X, X)) == str(program.jaxpr)


def test_types_are_sorted_by_what_vanishes_in_them():
    program = trace(
        lambda p: p.astype(jnp.float16)[0] + 0 * p.astype(jnp.bfloat16)[0].astype(jnp.float16),
        X,
        (),
    )
    names = [str(dtype) for dtype in find_narrow_types(program.jaxpr)]
    assert names[0] == "float16" and "bfloat16" in names
    types = find_narrow_types(program.jaxpr)
    assert str(find_vanishing_type(np.float64(2e-8), types)) == "float16"
    assert find_vanishing_type(np.float64(1e-3), types) is None
    assert find_vanishing_type(np.float64(0.0), types) is None
