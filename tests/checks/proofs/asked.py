"""What the custom rules of a program answer, whatever its outputs are."""

import jax
import jax.numpy as jnp

from checks.proofs.dependence import Dependence
from checks.proofs.derivatives import _RuleAsker


def ask_rules(closed):
    """The dependence of a closed jaxpr, all of whose floats have a tangent."""
    asker = _RuleAsker({})

    def total(moved, fixed):
        inputs = [moved.get(i, fixed.get(i)) for i in range(len(closed.in_avals))]
        return sum(x.sum() for x in asker.run(closed, inputs)[0] if _is_float(x))

    inputs = {i: jax.ShapeDtypeStruct(x.shape, x.dtype) for i, x in enumerate(closed.in_avals)}
    floats = {i: x for i, x in inputs.items() if _is_float(x)}
    rest = {i: x for i, x in inputs.items() if i not in floats}
    jax.eval_shape(jax.grad(total), floats, rest)
    return Dependence(rules=asker.rules)


def _is_float(x):
    return jnp.issubdtype(x.dtype, jnp.inexact)
