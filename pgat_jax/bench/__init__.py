"""What a configuration costs: operations, bytes, kernels, memory, time, and what limits a step.

The package imports the training step and the model, and no run folders.
"""
