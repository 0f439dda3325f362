"""Compares every proof of the checks on random programs with float64 gradients."""
