"""7.1: the gate passes only its own share of the gradient."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, with_model
from pgat_jax.config import Config

SHARE = 0.1


def _fixed(gate: str | float):
    def edit(config: Config) -> Config:
        return with_model(config, gate=gate)

    return edit


OPEN = Intervention(name="gate_open", claim="the gate is 1", config=_fixed("open"))
"""The texts' own test: `fusion_gate = torch.ones_like(fusion_gate)`."""

CAUSE = Cause(
    number="7.1",
    title="The gate splits the gradient",
    place=("list", "7.1"),
    hypothesis="The residual gets all of the gradient, the gated path the gate's share of it.",
    prediction="A gate held at 0.1 takes the gradient of the projections; one held at 1 gives it "
    "back.",
    impose=Intervention(name="gate_tenth", claim="the gate is 0.1", config=_fixed(SHARE)),
    remedy=OPEN,
    in_training=True,
)
