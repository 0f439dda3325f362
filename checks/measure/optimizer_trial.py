"""Tries the caller's optimiser once, before anything is measured."""

from typing import Any

import jax
import jax.numpy as jnp

from checks.measure.chain import Chain
from checks.program.leaves import Partition
from checks.program.wrong_call import find_wrong_optimizer

_WAY_OUT = "pass an optax transformation, such as optimizer=optax.adam(1e-3)"


def try_optimizer(optimizer: Any, params: Partition) -> None:
    """Calls `init` and then `update` once with a gradient of ones; the results are thrown away.

    Nothing is computed unless the optimiser needs values.

    Args:
        optimizer: what the caller passed as the optimiser.
        params: the parameters, split by `partition`.

    Raises:
        ValueError: the optimiser has no `init` or `update`, or one of them raises.
    """
    if sentence := find_wrong_optimizer(optimizer):
        raise ValueError(sentence)
    chain = Chain(optimizer, params)
    try:
        jax.eval_shape(lambda leaves: _take_step(chain, leaves), list(params.learning))
    except Exception:  # an optimiser may need values; how it fails without them does not matter
        _take_step_with_values(chain, params)


def _take_step_with_values(chain: Chain, params: Partition) -> None:
    try:
        _take_step(chain, list(params.learning))
    except Exception as error:
        lines = str(error).strip().splitlines()
        said = f": {lines[0]}" if lines else ""
        raise ValueError(
            "an optimizer must take one step from the parameters with a gradient of ones: got "
            f"{type(error).__name__}{said}; {_WAY_OUT} that was made for these parameters"
        ) from error


def _take_step(chain: Chain, leaves: list[Any]) -> Any:
    ones = [jnp.ones_like(x) for x in leaves]
    return chain.step(leaves, chain.init(leaves), ones, 1.0)
