"""Gradient checks for JAX programs: whether each parameter can learn and, if not, why."""
