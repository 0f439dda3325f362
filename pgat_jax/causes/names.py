"""The texts' names of parts, and where the same stands in this model."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

NAMES = {
    "celestial_query_projection": ("fusion/query/*", "fusion/query_norm/*"),
    "celestial_key_projection": ("fusion/key_kernel",),
    "celestial_value_projection": ("fusion/value_kernel",),
    "celestial_output_projection": ("fusion/output/*",),
    "celestial_fusion_gate": ("gate/*",),
    "CelestialBodyNodes: body_embeddings": ("nodes/embedding",),
    "CelestialBodyNodes: body_transforms": ("fusion/bodies/*", "fusion/body_*"),
    "CelestialBodyNodes: aspects, dynamic adjacency": (
        "nodes/aspects/*",
        "nodes/adjacency_*",
        "nodes/market_norm/*",
    ),
    "phase_aware_processor": ("phase/*",),
    "celestial_projection, enc_embedding": ("embedding/*_value/*", "embedding/encoder_market/*"),
    "calendar_effects": ("embedding/*_calendar/*",),
    "CelestialPetriNetCombiner: edges": ("petri/edges/*",),
    "CelestialPetriNetCombiner: message passing": ("petri/rounds/*", "petri/over_*"),
    "CelestialPetriNetCombiner: output": ("petri/projection/*",),
    "spatiotemporal_encoder": ("spatiotemporal/blocks/*",),
    "hierarchical mapping": ("spatiotemporal/hierarchy/*",),
    "graph_attention_layers": (
        "graph_attention/blocks/*norm*",
        "graph_attention/blocks/attention/*",
        "graph_attention/blocks/feed_forward/*",
        "graph_attention/norm/*",
    ),
    "graph_attention_layers: edge_bias_scale, edge encoders": (
        "graph_attention/blocks/edge_*",
        "graph_attention/edges/*",
    ),
    "dual_stream_decoder": ("decoder/*", "dual_stream/*"),
    "projection": ("head/*",),
}
"""Name in the texts -> patterns of our leaves. Each leaf of the model has one."""


def parts(kinds: Mapping[str, tuple[str, int]]) -> dict[str, dict[str, list[int]]]:
    """Name in the texts -> kind -> [leaves, parameters], of leaf -> (kind, parameters)."""
    found: dict[str, dict[str, list[int]]] = {}
    for leaf, (kind, size) in kinds.items():
        counts = found.setdefault(_name(leaf), {}).setdefault(kind, [0, 0])
        counts[0] += 1
        counts[1] += size
    return {name: found[name] for name in NAMES if name in found}


def _name(leaf: str) -> str:
    return next(name for name, own in NAMES.items() if any(fnmatchcase(leaf, p) for p in own))
