"""Reads prices and an ephemeris, and makes windows on the device of them."""
