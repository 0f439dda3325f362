"""Generates bad input and checks that each case is refused clearly or read correctly."""
