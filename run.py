"""The door: ``python run.py --help``."""

from pgat_jax.cli import main

if __name__ == "__main__":
    main()
