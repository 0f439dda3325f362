"""The claims of the original's two analysis documents. Each file defines one of them, `CAUSE`.

Files `c*` contain the 22 causes of `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md`, numbered as there;
files `r*` contain the claims of `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md`. Both documents are in
the repository of the PyTorch original, "Celestial Enhanced PGAT".
"""
