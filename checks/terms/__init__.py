"""Finds the terms of a loss, and which of them are dead, cancel each other or outweigh the rest."""
