"""Injected faults with their clean twins: what the checks are measured on.

Adding one: a function of one boolean in the file of its architecture, and one line in its table.
`python -m checks.faults` runs them all; `checks.faults.oracle` confirms each without the engine.
"""
