"""Claims of the original's two analysis documents. Each file defines one of them, `CAUSE`.

Files `c*` hold the 22 causes of `fusion_gate_collapse_causes.txt`, numbered as there; files `r*`
the claims of `gradient_flow_analysis.txt`. Both documents are in the repository of the PyTorch
original, "Celestial Enhanced PGAT".
"""
