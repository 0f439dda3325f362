"""Proofs from shapes alone: what the loss depends on, and what cuts a leaf off from it."""
