"""Cause 4.1: the gate's inputs differ.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from typing import Any

import flax.linen as nn
import jax

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.interception import Interceptor, intercept_calls
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.gate import Gate


def _skip_norms(enc_factor: float) -> Interceptor:
    """Returns an interceptor that leaves out the gate's normalisations.

    Args:
        enc_factor: The encoder's branch is multiplied by it.
    """

    def act(module: Any, call: Any, x: jax.Array) -> Any:
        if not isinstance(module.parent, Gate):
            return call()
        own = module.variables["params"]
        factor = enc_factor if module.name == "enc_norm" else 1.0
        return factor * x * own["scale"][None, None] + own["bias"][None, None]

    return intercept_calls(nn.LayerNorm, act)


CAUSE = Cause(
    number="4.1",
    title="Input scale mismatch at the gate",
    document=LIST,
    section="4.1",
    hypothesis="The encoder's branch is ten times as large, so the gate ignores the fused branch.",
    prediction="Unnormalised branches, the encoder's ten times as large, weaken the gradient of "
    "the projections; LayerNorms in front of the gate restore it.",
    present=Intervention(
        name="gate_reads_raw",
        claim="the gate reads both branches without their LayerNorms",
        module=__name__,
        intercept=_skip_norms(1.0),
    ),
    impose=Intervention(
        name="gate_reads_enc",
        claim="the gate reads both branches without LayerNorms, the encoder's times ten",
        module=__name__,
        intercept=_skip_norms(10.0),
    ),
)
