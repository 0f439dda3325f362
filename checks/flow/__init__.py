"""Measures how the gradient flows back from the loss: by module, and by equation."""
