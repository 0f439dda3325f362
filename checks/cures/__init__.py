"""Cures: edits that are tried on a copy of a diagnosed loss, and reported where they help."""
