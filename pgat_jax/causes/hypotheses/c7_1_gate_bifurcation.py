"""Cause 7.1: the gate splits the gradient.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from collections.abc import Callable

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_model
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config

NEARLY_CLOSED = 0.1


def _fix_gate(gate: str | float) -> Callable[[Config], Config]:
    def edit_config(config: Config) -> Config:
        return update_model(config, gate=gate)

    return edit_config


# The document's own test: `fusion_gate = torch.ones_like(fusion_gate)`.
OPEN = Intervention(
    name="gate_open",
    claim="the gate is fixed at 1",
    module=__name__,
    edit_config=_fix_gate("open"),
)

CAUSE = Cause(
    number="7.1",
    title="The gate splits the gradient",
    document=LIST,
    section="7.1",
    hypothesis="The residual gets all of the gradient, the gated path only the gate's share.",
    prediction="A gate fixed at 0.1 weakens the gradient of the projections; one fixed at 1 "
    "restores it.",
    impose=Intervention(
        name="gate_tenth",
        claim="the gate is fixed at 0.1",
        module=__name__,
        edit_config=_fix_gate(NEARLY_CLOSED),
    ),
    remedy=OPEN,
    is_in_training=True,
)
