"""Benchmarks of the checks; run from a checkout, not part of the wheel."""
