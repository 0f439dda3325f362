"""A loss as a program: traced, read, run anew, run in float64."""
