"""Tries edits on a copy of a diagnosed loss; cures are those that make a failing leaf pass."""
