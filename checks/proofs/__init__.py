"""Proofs from shapes alone: what depends on what, and what cuts a leaf off."""
