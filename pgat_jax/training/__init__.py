"""Trains a model: the loop, the compiled step, the optimiser, and resuming from a checkpoint."""
