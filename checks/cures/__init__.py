"""Edits that bring a leaf back, each tried; a file a family of edits."""
