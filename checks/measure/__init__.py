"""Measures gradients at points, the steps of the optimiser, and the custom rules of the program."""
