"""Computes statistics of the fusion and its gate, which show a failing fusion in the records."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen

# A gate below this value is saturated, and so is one above 1 minus it.
CLOSED = 0.05
# Keeps a ratio of norms finite where its denominator is 0.
TINY = 1e-12
# Names of the statistics. All of them are 0 where the gate is closed for good.
NAMES = (
    "gate_mean",
    "gate_spread",
    "gate_saturation",
    "attention_entropy",
    "branch_ratio",
    "enc_spread",
    "fused_spread",
    "body_spread",
)


def fusion_statistics(
    enc: Float[Array, "B S D"],
    fused: Float[Array, "B S D"],
    gate: Float[Array, "B S D"],
    embedding: Float[Array, "N D"],
    entropy: Float[Array, ""],
) -> dict[str, Float[Array, ""]]:
    """Computes the statistics; no gradient passes through them.

    Args:
        enc: the stream of the past days.
        fused: the stream that the fusion makes of it.
        gate: the gate, between 0 and 1.
        embedding: a vector for each body.
        entropy: the mean entropy of the attention over the bodies, in nats; ln 13 is uniform.

    Returns:
        Name in `NAMES` -> scalar: `gate_mean`, `gate_spread`, `enc_spread`, `fused_spread` and
        `body_spread`, where a spread is a standard deviation; `gate_saturation`, the share of gates
        below 0.05 or above 0.95; `attention_entropy`, which is `entropy`; and `branch_ratio`, the
        norm of gate * fused, divided by that of enc.
    """
    enc, fused, gate, embedding = (
        jax.lax.stop_gradient(widen(x)) for x in (enc, fused, gate, embedding)
    )
    values = (
        gate.mean(),
        gate.std(),
        jnp.mean(jnp.abs(gate - 0.5) > 0.5 - CLOSED),
        jax.lax.stop_gradient(entropy),
        jnp.linalg.norm(gate * fused) / (jnp.linalg.norm(enc) + TINY),
        enc.std(),
        fused.std(),
        embedding.std(),
    )
    return dict(zip(NAMES, values))


def no_statistics() -> dict[str, Float[Array, ""]]:
    """Returns 0 for each name that `fusion_statistics` returns: those of a model without fusion."""
    return {name: jnp.zeros(()) for name in NAMES}
