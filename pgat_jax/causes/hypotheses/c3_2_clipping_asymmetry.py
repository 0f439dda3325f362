"""Cause 3.2: one clip for all gradients.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
A spike of other gradients then scales the celestial ones down.
"""

from collections.abc import Callable

import optax

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.intervention import Intervention


def _clip_together(
    norm: float,
) -> Callable[[optax.GradientTransformation], optax.GradientTransformation]:
    def edit_optimizer(optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(norm), optimizer)

    return edit_optimizer


CAUSE = Cause(
    number="3.2",
    title="Gradient clipping asymmetry",
    document=LIST,
    section="3.2",
    hypothesis="A clip of all gradients together shrinks the celestial ones whenever others spike.",
    prediction="A global clip that always acts weakens the projections' updates; a clip for each "
    "group restores them.",
    present=Intervention(
        name="clip_global",
        claim="all gradients are clipped together to a norm of 5",
        module=__name__,
        edit_optimizer=_clip_together(5.0),
    ),
    impose=Intervention(
        name="clip_tight",
        claim="all gradients are clipped together to a norm of 0.05",
        module=__name__,
        edit_optimizer=_clip_together(0.05),
    ),
    is_in_training=True,
)
