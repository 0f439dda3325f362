"""Repeats as experiments what the original's documents claim about its vanished gradient.

The original is the PyTorch implementation "Celestial Enhanced PGAT". Its repository contains two
documents that explain gradients logged as 0.00000000: `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md`
and `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md`. This package imposes their claims, the original's
measured faults and the fixes on the model from outside, and measures what each does to the
gradient. It depends on the rest of `pgat_jax` and on the public names of `checks`; only `verbs`
imports it.
"""
