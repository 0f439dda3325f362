"""The faults of the original's wiring. Each file defines one fault, `FAULT`, with the file's name.

The original is the PyTorch implementation "Celestial Enhanced PGAT", on which the faults were
measured. `configs/original.yaml` names them all, `pgat_jax/causes/README.md` describes them.
"""
