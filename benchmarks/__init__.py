"""Benchmarks of the gradient checks. They run from a checkout and are not part of the wheel."""
