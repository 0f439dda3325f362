"""3.2: one clip for all parameters lets a spike elsewhere scale the celestial gradient down."""

import optax

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention


def _global(norm: float):
    return lambda optimizer: optax.chain(optax.clip_by_global_norm(norm), optimizer)


CAUSE = Cause(
    number="3.2",
    title="Gradient clipping asymmetry",
    place=("list", "3.2"),
    hypothesis="A clip of all gradients together shrinks the celestial ones whenever others spike.",
    prediction="A global clip that always bites takes the projections' updates; clips a group "
    "give them back.",
    present=Intervention(
        name="clip_global", claim="all gradients are clipped together to 5", optimizer=_global(5.0)
    ),
    impose=Intervention(
        name="clip_tight",
        claim="all gradients are clipped together to 0.05",
        optimizer=_global(0.05),
    ),
    in_training=True,
)
