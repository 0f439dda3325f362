"""Small programs, compiled for measuring."""

import jax.numpy as jnp

from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove

X = jnp.arange(1.0, 4.0)


def compiled(loss, params, *args):
    """A runner that watches the reachable leaves, what was proved, and a sampler."""
    proof = prove(trace(loss, params, args))
    return (
        Runner(proof.program, proof.reachable),
        proof,
        Sampler(proof.program, proof.dependence, 0),
    )
