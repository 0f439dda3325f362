"""The texts' names of parts, and where the same stands in this model."""

NAMES = (
    ("celestial_query_projection", "fusion/query"),
    ("celestial_key_projection", "fusion/key_kernel"),
    ("celestial_value_projection", "fusion/value_kernel"),
    ("celestial_output_projection", "fusion/output"),
    ("celestial_fusion_gate", "gate/mlp"),
    ("celestial_nodes: body_embeddings", "nodes/embedding"),
    ("celestial_nodes: body_transforms", "fusion/bodies"),
    ("celestial_nodes: aspect_embeddings", "nodes/aspects"),
    ("celestial_nodes: dynamic adjacency", "nodes/adjacency_*"),
    ("phase_aware_processor, celestial_projection", "phase, embedding/encoder_value"),
    ("CelestialPetriNetCombiner: edges", "petri/edges"),
    ("CelestialPetriNetCombiner: message passing", "petri/rounds, over_days, over_bodies"),
    ("spatiotemporal_encoder", "spatiotemporal"),
    ("hierarchical mapping", "spatiotemporal/hierarchy"),
    ("graph_attention_layers", "graph_attention/blocks"),
    ("graph_attention_layers: edge_bias_scale", "graph_attention/blocks/edge_scale"),
    ("dual_stream_decoder", "decoder, dual_stream"),
    ("calendar_effects", "embedding/*_calendar"),
    ("projection", "head"),
)
"""(name in the texts, our leaves)."""
