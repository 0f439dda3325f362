"""R3: the nodes read the embedding, not the phase stream."""

from typing import Any

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import Interceptor
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.embedding import Embedding
from pgat_jax.model.nodes import BodyFeatures, Nodes


def _from_phase() -> Interceptor:
    """Takes the body features at the embedding's door, and gives them to the nodes as stream."""
    seen: dict[str, Any] = {}

    def intercept(next_fun, args, kwargs, context):
        if context.method_name == "__call__" and isinstance(context.module, Embedding):
            seen["stream"] = args[0].reshape(*args[0].shape[:2], -1)
        if context.method_name == "__call__" and isinstance(context.module, (Nodes, BodyFeatures)):
            args = (seen["stream"].astype(args[0].dtype), *args[1:])
        return next_fun(*args, **kwargs)

    return intercept


CAUSE = Cause(
    number="R3",
    title="Nodes are fed from the embedding",
    place=("analysis", "secondary issue"),
    hypothesis="Nodes made from the embedding overwrite the phase features, which cuts them off.",
    prediction="Nodes that read the phase stream give the projections their gradient back.",
    remedy=Intervention(
        name="nodes_from_phase",
        claim="nodes and body features read the phase stream",
        intercept=_from_phase(),
    ),
)
