"""What the fusion tells of itself: the numbers with which its failure would be seen."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen

CLOSED = 0.05
"""A gate below it lets next to nothing through; above one minus it, next to everything."""
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
"""The statistics, all of them zero where the gate is closed for good."""


def fusion_statistics(
    enc: Float[Array, "B S D"],
    fused: Float[Array, "B S D"],
    gate: Float[Array, "B S D"],
    embedding: Float[Array, "N D"],
    entropy: Float[Array, ""],
) -> dict[str, Float[Array, ""]]:
    """Scalars by ``NAMES``; no gradient passes through them.

    ``gate_saturation`` is the share of gates beyond ``CLOSED`` or one minus it,
    ``attention_entropy`` in nats (uniform is ln 13), ``branch_ratio`` the norm of gate * fused
    over that of enc, the spreads standard deviations.
    """
    enc, fused, gate, embedding = (
        jax.lax.stop_gradient(widen(x)) for x in (enc, fused, gate, embedding)
    )
    values = (
        gate.mean(),
        gate.std(),
        jnp.mean(jnp.abs(gate - 0.5) > 0.5 - CLOSED),
        jax.lax.stop_gradient(entropy),
        jnp.linalg.norm(gate * fused) / (jnp.linalg.norm(enc) + 1e-12),
        enc.std(),
        fused.std(),
        embedding.std(),
    )
    return dict(zip(NAMES, values))


def no_statistics() -> dict[str, Float[Array, ""]]:
    """Of a fusion that does not exist."""
    return {name: jnp.zeros(()) for name in NAMES}
