"""Recognises what users hand in by mistake, and names the call that works.

The classes are recognised by their attributes or the name of their module, so that no framework is
imported. The module depends on JAX only.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_OPTAX = "pass an optax transformation, such as optimizer=optax.adam(1e-3)"
_SPLIT = (
    "split it: graphdef, params, rest = nnx.split(model, nnx.Param, ...), and call "
    "diagnose(lambda params, rest, *args: loss(nnx.merge(graphdef, params, rest), *args), params, "
    "rest, *args)"
)
# What `jax.jit` takes inside an argument, besides arrays.
_NUMBERS = (bool, int, float, complex)


def find_wrong_call(loss: Any, params: Any) -> str | None:
    """Returns a sentence if the loss or the parameters are of a kind that cannot be checked.

    Args:
        loss: what the caller passed as the loss.
        params: what the caller passed as the parameters.

    Returns:
        The rule, what was got, and the call that works; None if nothing is recognised.
    """
    for find in (_find_loss_fault, _find_state, _find_optimizer, _find_module, _find_jit_fault):
        if sentence := find(loss, params):
            return sentence
    return None


def find_wrong_optimizer(optimizer: Any) -> str | None:
    """Returns a sentence if the optimiser has no `init` and `update` to call.

    Args:
        optimizer: what the caller passed as the optimiser.
    """
    missing = [name for name in ("init", "update") if not callable(getattr(optimizer, name, None))]
    if not missing:
        return None
    got = getattr(optimizer, "__name__", type(optimizer).__name__)
    return (
        f"an optimizer must have `init` and `update`: got {got} without "
        f"`{'` and `'.join(missing)}`; {_find_optimizer_call(optimizer)}"
    )


def _find_optimizer_call(optimizer: Any) -> str:
    """Returns the way out for an object that is no optax transformation."""
    if hasattr(optimizer, "tx"):
        return f"pass its transformation: optimizer={_name_variable(optimizer)}.tx"
    name = getattr(optimizer, "__name__", "")
    if callable(optimizer) and _is_from(optimizer, "optax"):
        return f"call it with its learning rate: optimizer=optax.{name}(1e-3)"
    return _OPTAX


def _name_variable(holder: Any) -> str:
    return "state" if hasattr(holder, "opt_state") and hasattr(holder, "params") else "optimizer"


def _find_loss_fault(loss: Any, params: Any) -> str | None:
    if callable(loss):
        return None
    got = type(loss).__name__
    if callable(params):
        way = "the loss comes first: call diagnose(loss, params, *args)"
    elif callable(getattr(loss, "apply", None)):
        way = "pass a function that calls its `apply` with the parameters and returns a real scalar"
    else:
        way = "call diagnose(loss, params, *args), where loss(params, *args) is a real scalar"
    return f"a loss must be a function: got {got}; {way}"


def _find_state(_: Any, params: Any) -> str | None:
    if not all(hasattr(params, name) for name in ("params", "tx", "opt_state")):
        return None
    return (
        f"the parameters must be what the optimiser trains: got {type(params).__name__}, whose "
        "optimiser state and step are no parameters; call diagnose(lambda params, *args: "
        "loss(state.replace(params=params), *args), state.params, *args, optimizer=state.tx)"
    )


def _find_optimizer(_: Any, params: Any) -> str | None:
    is_transformation = callable(getattr(params, "init", None)) and _is_from(type(params), "optax")
    if hasattr(params, "tx"):
        way = "call diagnose(loss, model, *args, optimizer=optimizer.tx) with its model"
    elif is_transformation or (callable(params) and _is_from(params, "optax")):
        way = "call diagnose(loss, params, *args, optimizer=optimizer)"
    else:
        return None
    got = getattr(params, "__name__", type(params).__name__)
    return f"the parameters must be what the optimiser trains: got the optimiser {got}; {way}"


def _find_module(_: Any, params: Any) -> str | None:
    """Returns a sentence for a module of NNX or Linen from which no parameters can be told."""
    bases = {f"{base.__module__.split('.')[0]}.{base.__name__}" for base in type(params).__mro__}
    if "flax.Module" not in bases:
        return None
    got = type(params).__name__
    if any(base.__module__.startswith("flax.linen") for base in type(params).__mro__):
        return (
            f"the parameters must be a pytree of arrays: got the Linen module {got}, which has "
            "none; call diagnose(loss, model.init(key, x), *args)"
        )
    others = _list_states(params)
    if not others and jax.tree.leaves(params) != [params]:
        return None
    what = f" whose {', '.join(others)} no optimiser trains" if others else ""
    got += what
    return f"the parameters must be a pytree of what trains: got the NNX module {got}; {_SPLIT}"


def _list_states(module: Any) -> Sequence[str]:
    """Returns the names of the classes of float variables of an NNX module that are no `Param`."""
    found = jax.tree.leaves(module, is_leaf=_is_variable)
    kinds = [type(one) for one in found if _is_variable(one) and _has_floats(one)]
    return sorted({kind.__name__ for kind in kinds if not _is_parameter(kind)})


def _is_variable(value: Any) -> bool:
    bases = type(value).__mro__
    return any(b.__name__ == "Variable" and _is_from(b, "flax") for b in bases)


def _is_parameter(kind: type) -> bool:
    return any(base.__name__ == "Param" for base in kind.__mro__)


def _has_floats(tree: Any) -> bool:
    types = [getattr(leaf, "dtype", None) for leaf in jax.tree.leaves(tree)]
    return any(one is not None and jnp.issubdtype(one, np.inexact) for one in types)


def _find_jit_fault(loss: Any, params: Any) -> str | None:
    """Returns a sentence for `jax.jit` of a loss whose parameters have functions among them."""
    wrapped: Callable[..., Any] | None = getattr(loss, "__wrapped__", None)
    if wrapped is None or type(loss).__name__ != "PjitFunction":
        return None
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if not (hasattr(leaf, "dtype") or isinstance(leaf, _NUMBERS)):
            name = jax.tree_util.keystr(path, simple=True, separator="/")
            return (
                f"a loss under jax.jit takes arrays only: got {name}, a {type(leaf).__name__}; "
                "call diagnose(loss.__wrapped__, params, *args), or jit the loss by "
                "equinox.filter_jit"
            )
    return None


def _is_from(value: Any, package: str) -> bool:
    return str(getattr(value, "__module__", "")).split(".")[0] == package
