"""Injected faults with their clean twins: what the checks are measured on.

Adding one: a function of one boolean in the file of its architecture, and one line in its table.
`python -m benchmarks.faults` runs them all; `benchmarks.faults.oracle` confirms each without the
engine.
"""
