"""4.1: the gate reads two branches of different size."""

import flax.linen as nn

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.gate import Gate


def _raw(enc_factor: float):
    def act(module, call, x):
        if not isinstance(module.parent, Gate):
            return call()
        own = module.variables["params"]
        factor = enc_factor if module.name == "enc_norm" else 1.0
        return factor * x * own["scale"] + own["bias"]

    return on_call(nn.LayerNorm, act)


CAUSE = Cause(
    number="4.1",
    title="Input scale mismatch at the gate",
    place=("list", "4.1"),
    hypothesis="The encoder's branch is ten times as large, so the gate does not hear the fused.",
    prediction="Unnormalised branches, the encoder's ten times as large, take the gradient of the "
    "projections; LayerNorms in front of the gate give it back.",
    present=Intervention(
        name="gate_reads_raw",
        claim="the gate reads both branches without their LayerNorms",
        intercept=_raw(1.0),
    ),
    impose=Intervention(
        name="gate_reads_enc",
        claim="the gate reads both branches raw, the encoder's tenfold",
        intercept=_raw(10.0),
    ),
)
