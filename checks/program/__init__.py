"""A loss as a program: traces it, reads it, and runs it by equation or in float64."""
