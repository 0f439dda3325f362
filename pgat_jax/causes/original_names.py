"""Maps the original's names of the parts of the model to the paths of the same leaves here.

The names are those of the PyTorch original, "Celestial Enhanced PGAT", as its documents
`CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` and `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` use
them. Parameter paths are a public contract of the model (see `edits`); a test checks that each
pattern matches a leaf.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

# Name in the original -> patterns of leaf names. Each leaf of the model matches one of them.
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


def count_by_part(kinds: Mapping[str, tuple[str, int]]) -> dict[str, dict[str, list[int]]]:
    """Counts the leaves and parameters of each kind in each part of the original.

    Args:
        kinds: Leaf name -> (kind of gradient, number of parameters).

    Returns:
        Name in the original -> kind -> [leaves, parameters].
    """
    counts: dict[str, dict[str, list[int]]] = {}
    for leaf, (kind, size) in kinds.items():
        entry = counts.setdefault(_find_name(leaf), {}).setdefault(kind, [0, 0])
        entry[0] += 1
        entry[1] += size
    return {name: counts[name] for name in NAMES if name in counts}


def _find_name(leaf: str) -> str:
    return next(name for name, own in NAMES.items() if any(fnmatchcase(leaf, p) for p in own))
