"""Lists the remedies: fixes that the original's two documents or the checks propose.

The documents are `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` (the list of causes) and
`CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` (the analysis) of the PyTorch original, "Celestial
Enhanced PGAT". Each remedy is applied to the faulty model. This module reads the interventions of
`hypotheses` and `wiring`.
"""

from dataclasses import dataclass

from pgat_jax.causes.edits import update_loss, update_model
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
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.wiring import (
    edge_scale_squared,
    encoder_bypassed,
    modules_uncalled,
    petri_states_unused,
)
from pgat_jax.config import Config


@dataclass(frozen=True)
class Remedy:
    """One fix: the interventions that it removes from the faulty model, and those that it adds.

    Attributes:
        name: A short name.
        proposer: Where it is proposed: section of the list or of the analysis, or the checks.
        drops: Interventions of the faulty model to remove. None entries are ignored.
        adds: Interventions to add. None entries are ignored.
        is_in_training: Whether it acts in training alone. Then it is trained at the larger scale
            as well.
        is_of_checks: Whether the gradient checks propose it, and neither document does.
    """

    name: str
    proposer: str
    drops: tuple[Intervention | None, ...] = ()
    adds: tuple[Intervention | None, ...] = ()
    is_in_training: bool = False
    is_of_checks: bool = False


def _set_criterion(name: str) -> Intervention:
    def edit_config(config: Config) -> Config:
        return update_loss(config, criterion=name)

    return Intervention(f"loss_{name}", f"the loss is {name}", __name__, edit_config=edit_config)


def _create_encoder(config: Config) -> Config:
    return update_model(config, bypass_spatiotemporal_with_petri=False, hierarchical_mapping=False)


BYPASS_OFF = Intervention(
    "bypass_off", "the joint encoder reads the stream", __name__, edit_config=_create_encoder
)
BYPASS_FAULTS = (encoder_bypassed.FAULT, modules_uncalled.FAULT)

REMEDIES = (
    Remedy("bypass off", "analysis, fix 1", BYPASS_FAULTS, (BYPASS_OFF,)),
    Remedy(
        "route the fused stream onward",
        "analysis, fixes 2 and 3 (the model already does it)",
    ),
    Remedy(
        "nodes from the phase stream",
        "analysis, secondary issue",
        adds=(r3_nodes_from_embedding.CAUSE.remedy,),
    ),
    Remedy(
        "gate bias 0, small kernel", "list, top 5: 2", (c1_1_gate_initialisation.CAUSE.present,)
    ),
    Remedy("gate at exactly 0.5", "list, top 5: 2", adds=(c1_2_sigmoid_saturation.CAUSE.remedy,)),
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
        "a tenth of the learning rate",
        "list, 3.1",
        adds=(c3_1_learning_rate.CAUSE.remedy,),
        is_in_training=True,
    ),
    Remedy(
        "clip each group",
        "list, 3.2",
        (c3_2_clipping_asymmetry.CAUSE.present,),
        is_in_training=True,
    ),
    Remedy(
        "longer warm-up",
        "list, 3.4",
        adds=(c3_4_short_warmup.CAUSE.remedy,),
        is_in_training=True,
    ),
    Remedy("normalise the gate's inputs", "list, 4.1", (c4_1_input_scale.CAUSE.present,)),
    Remedy(
        "twice the batch", "list, 4.3", adds=(c4_3_small_batch.CAUSE.remedy,), is_in_training=True
    ),
    Remedy(
        "likelihood of a mixture",
        "list, top 5: 1",
        adds=(_set_criterion("nll"),),
        is_in_training=True,
    ),
    Remedy(
        "quantile loss", "list, top 5: 1", adds=(_set_criterion("quantile"),), is_in_training=True
    ),
    Remedy(
        "edge scale above zero, applied once",
        "the checks (a cure)",
        (edge_scale_squared.FAULT,),
        is_of_checks=True,
    ),
    Remedy(
        "node states used",
        "the checks (a finding)",
        (petri_states_unused.FAULT,),
        is_of_checks=True,
    ),
    Remedy(
        "all three findings of the checks",
        "the checks",
        (*BYPASS_FAULTS, petri_states_unused.FAULT, edge_scale_squared.FAULT),
        (BYPASS_OFF,),
        is_of_checks=True,
    ),
)
