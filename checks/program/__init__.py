"""A loss as a program: traced, read, run equation by equation, run in float64."""
