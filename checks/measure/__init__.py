"""Measurement: points, readings at them, the optimiser on them, the rules on the way."""
