"""Proves from shapes alone what the loss depends on, and which equations cut a leaf off from it."""
