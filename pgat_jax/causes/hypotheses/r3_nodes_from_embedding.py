"""Claim R3: the nodes read the embedding.

The claim is in `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` of the PyTorch original.
The document says that they should read the stream of the phases.
"""

from typing import Any

from pgat_jax.causes.cause import ANALYSIS, Cause
from pgat_jax.causes.interception import Interceptor
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.embedding import Embedding
from pgat_jax.model.fusion import BodyFeatures
from pgat_jax.model.nodes import Nodes


def _feed_phases() -> Interceptor:
    """Returns an interceptor that gives the nodes the body features that the embedding got."""
    seen: dict[str, Any] = {}

    def intercept(next_fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any], context: Any):
        if context.method_name == "__call__" and isinstance(context.module, Embedding):
            seen["stream"] = args[0].reshape(*args[0].shape[:2], -1)
        if context.method_name == "__call__" and isinstance(context.module, (Nodes, BodyFeatures)):
            args = (seen["stream"].astype(args[0].dtype), *args[1:])
        return next_fun(*args, **kwargs)

    return intercept


CAUSE = Cause(
    number="R3",
    title="Nodes are fed from the embedding",
    document=ANALYSIS,
    section="secondary issue",
    hypothesis="Nodes made from the embedding overwrite the phase features, which cuts them off.",
    prediction="Nodes that read the phase stream give the projections their gradient back.",
    remedy=Intervention(
        name="nodes_from_phase",
        claim="nodes and body features read the phase stream",
        module=__name__,
        intercept=_feed_phases(),
    ),
)
