"""The fixes that the texts propose, and the cure that the checks find, tried on the sick model."""

from dataclasses import dataclass

from pgat_jax.causes.hypotheses import (
    c1_1_gate_initialisation,
    c1_2_sigmoid_saturation,
    c1_3_small_embeddings,
    c1_4_query_key_mismatch,
    c2_1_fusion_bottleneck,
    c2_2_residual_dominance,
    c2_3_uniform_attention,
    c2_4_gelu_dead_zones,
    c3_1_learning_rate,
    c3_2_clipping_asymmetry,
    c3_4_short_warmup,
    c4_1_input_scale,
    c4_3_small_batch,
    c7_1_gate_bifurcation,
    r3_nodes_from_embedding,
)
from pgat_jax.causes.intervention import Intervention, with_loss, with_model
from pgat_jax.causes.wiring import (
    edge_scale_squared,
    encoder_bypassed,
    modules_uncalled,
    petri_states_unused,
)
from pgat_jax.config import Config


@dataclass(frozen=True)
class Remedy:
    """One fix: what goes from the sick model, and what comes.

    Attributes:
        name: short.
        place: where it is proposed.
        drops: interventions of the sick model that go.
        adds: interventions that come.
        in_training: acts in training alone: it is trained at the larger scale as well.
    """

    name: str
    place: str
    drops: tuple[Intervention | None, ...] = ()
    adds: tuple[Intervention | None, ...] = ()
    in_training: bool = False


def _criterion(name: str) -> Intervention:
    def edit(config: Config) -> Config:
        return with_loss(config, criterion=name)

    return Intervention(f"loss_{name}", f"the loss is {name}", config=edit)


def _static(config: Config) -> Config:
    return with_model(config, bypass_spatiotemporal_with_petri=False, hierarchical_mapping=False)


BYPASS_OFF = Intervention("bypass_off", "the joint encoder reads the stream", config=_static)
NOT_BYPASSED = (encoder_bypassed.FAULT, modules_uncalled.FAULT)

REMEDIES = (
    Remedy("bypass off", "analysis, fix 1", NOT_BYPASSED, (BYPASS_OFF,)),
    Remedy("route the fused stream onward", "analysis, fixes 2 and 3: it is routed already"),
    Remedy(
        "nodes from the phase stream",
        "analysis, secondary issue",
        adds=(r3_nodes_from_embedding.CAUSE.remedy,),
    ),
    Remedy(
        "gate bias 0, small kernel", "list, top 5: 2", (c1_1_gate_initialisation.CAUSE.present,)
    ),
    Remedy("gate at 0.5 sharp", "list, top 5: 2", adds=(c1_2_sigmoid_saturation.CAUSE.remedy,)),
    Remedy("gate forced open", "list, diagnostic 4", adds=(c7_1_gate_bifurcation.OPEN,)),
    Remedy("embedding scale 0.5", "list, top 5: 3", (c1_3_small_embeddings.CAUSE.present,)),
    Remedy("matched query and key", "list, 1.4", (c1_4_query_key_mismatch.CAUSE.present,)),
    Remedy(
        "fusion as wide as the stream",
        "list, top 5: 4",
        (c2_1_fusion_bottleneck.CAUSE.present,),
        (c2_1_fusion_bottleneck.CAUSE.remedy,),
    ),
    Remedy("no residual", "list, top 5: 5", adds=(c2_2_residual_dominance.CAUSE.remedy,)),
    Remedy("lower temperature", "list, 2.3", adds=(c2_3_uniform_attention.SHARP,)),
    Remedy("another activation", "list, 2.4", adds=(c2_4_gelu_dead_zones.CAUSE.remedy,)),
    Remedy(
        "a tenth of the rate",
        "list, 3.1",
        adds=(c3_1_learning_rate.CAUSE.remedy,),
        in_training=True,
    ),
    Remedy(
        "clip each group", "list, 3.2", (c3_2_clipping_asymmetry.CAUSE.present,), in_training=True
    ),
    Remedy("longer warm-up", "list, 3.4", adds=(c3_4_short_warmup.CAUSE.remedy,), in_training=True),
    Remedy("normalise what the gate reads", "list, 4.1", (c4_1_input_scale.CAUSE.present,)),
    Remedy("twice the batch", "list, 4.3", adds=(c4_3_small_batch.CAUSE.remedy,), in_training=True),
    Remedy(
        "likelihood of a mixture", "list, top 5: 1", adds=(_criterion("nll"),), in_training=True
    ),
    Remedy("quantile loss", "list, top 5: 1", adds=(_criterion("quantile"),), in_training=True),
    Remedy("edge scale off zero, once", "the checks' own cure", (edge_scale_squared.FAULT,)),
    Remedy("node states used", "the checks' own finding", (petri_states_unused.FAULT,)),
    Remedy(
        "all three findings of the checks",
        "the checks",
        (*NOT_BYPASSED, petri_states_unused.FAULT, edge_scale_squared.FAULT),
        (BYPASS_OFF,),
    ),
)
