"""Training: the loop, the compiled step, the optimiser, and how a run goes on from a checkpoint."""
