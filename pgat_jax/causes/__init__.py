"""Why did the gradient vanish? The claims about the original, repeated as experiments.

The original is the PyTorch implementation "Celestial Enhanced PGAT". Its repository contains two
documents that explain gradients logged as 0.00000000: `gradient_flow_analysis.txt` and
`fusion_gate_collapse_causes.txt`. This package imposes their claims, the original's measured faults
and the fixes on the model from outside, and measures what each does to the gradient. It depends on
the rest of `pgat_jax` and on the public names of `checks`; only `verbs` imports it.
"""
