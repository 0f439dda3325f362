"""1.3: body and aspect embeddings are drawn at scale 0.02."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, changed

SCALE = 0.02


def _small(path, leaf):
    return leaf * (SCALE / leaf.std())


CAUSE = Cause(
    number="1.3",
    title="Celestial features start too small (0.02)",
    place=("list", "1.3"),
    hypothesis="Embeddings at 0.02 make tiny keys and values, whose small gradients keep them so.",
    prediction="Embeddings at 0.02 take the gradient of the projections; a scale of 0.5 gives it "
    "back.",
    present=Intervention(
        name="embeddings_small",
        claim="body and aspect embeddings have a standard deviation of 0.02",
        params=changed(("nodes/embedding", "nodes/aspects/embedding/kernel"), _small),
    ),
    rank=3,
)
