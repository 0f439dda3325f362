"""The fault: the joint encoder is built, but the stream does not pass through it.

The flag `bypass_spatiotemporal_with_petri` of the PyTorch original is on by default.
"""

from typing import Any

import jax

from pgat_jax.causes.edits import update_model
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.config import Config
from pgat_jax.model.encoder import SpatioTemporal


def _create_encoder(config: Config) -> Config:
    return update_model(config, bypass_spatiotemporal_with_petri=False)


def _return_input(_module: Any, _call: Any, stream: jax.Array, _adjacency: Any) -> Any:
    return stream


FAULT = WiringFault(
    name="encoder_bypassed",
    claim="the joint encoder is built, and the stream goes around it",
    module=__name__,
    takes=(("spatiotemporal/blocks/*", "disconnected"),),
    edit_config=_create_encoder,
    intercept=intercept_calls(SpatioTemporal, _return_input),
)
