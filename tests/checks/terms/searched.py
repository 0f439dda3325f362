"""Small losses of several terms, and what the search finds in them."""

import jax.numpy as jnp

from checks.program.trace import trace
from checks.proofs.proof import prove
from checks.terms.parts import unite_summands
from checks.terms.summands import find_summands

W, X = jnp.linspace(-0.5, 1.0, 4), jnp.linspace(0.2, 1.4, 4)
PARAMS = {"w": W, "v": X}


def find(loss, params=PARAMS, *args):
    """Returns the summands of a loss of two leaves."""
    proof = prove(trace(loss, params, args))
    return find_summands(proof.differentiable_program, proof.dependence)


def find_parts(loss, params=PARAMS, *args):
    return unite_summands(find(loss, params, *args))


def count(loss, params=PARAMS, *args):
    """Returns the number of parts, and of those that have a derivative."""
    parts = find_parts(loss, params, *args)
    return len(parts), sum(part.tangent != 0 for part in parts)
