"""Why did the gradient vanish? Claims of the texts, wiring of the original and fixes, tried singly.

The one part of `checks` that imports `pgat_jax`. `intervention.py` says what is done to the model,
always from outside. `wiring/` holds the original's faults, `hypotheses/` the claims of the texts,
one a file each; `remedies.py` the fixes. `subject.py` imposes, `trial.py` measures, `judge.py`
decides, `page.py` tells.
"""
