"""1.4: queries are fifty times as large as keys."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, scaled

CAUSE = Cause(
    number="1.4",
    title="Query and key scales do not match",
    place=("list", "1.4"),
    hypothesis="Queries 50 times larger than keys drive the attention by chance, not by learning.",
    prediction="Keys at a fiftieth take the gradient of the projections; matched keys give it "
    "back.",
    present=Intervention(
        name="keys_small",
        claim="keys are a fiftieth of their size, queries as they are",
        params=scaled({"fusion/key_kernel": 1 / 50}),
    ),
)
