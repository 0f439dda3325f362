"""Finds the loss of a script that has no factory, by running it up to its first gradient."""
