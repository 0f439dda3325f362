"""Why the gradient vanished: the original's wiring imposed on the model, from outside.

The one part of `checks` that imports `pgat_jax`. `fault.py` says what a fault is, `wiring/` holds
one a file, `subject.py` imposes them, `summary.py` says what each of them takes.
"""
