"""Measures what a configuration costs: operations, bytes, kernels, memory, time, limits.

The package imports the training step and the model, and no run folders.
"""
