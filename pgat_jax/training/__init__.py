"""Training: the loop, the compiled step, the optimiser, and coming back to a run."""
