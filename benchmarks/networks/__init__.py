"""Counts false alarms of the checks on generated networks: `python -m benchmarks.networks`.

A network is drawn: its family, library, width, depth, activation, initialiser, batch and seed. All
of its parameters are meant to learn. A failing leaf or slice is a false alarm if plain gradients
and finite differences at other inputs show that it can get a gradient.
"""
