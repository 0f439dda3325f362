"""Runs the command line: `python run.py --help`."""

from pgat_jax.cli import main
from pgat_jax.environment import restart_with_huge_pages

if __name__ == "__main__":
    restart_with_huge_pages()
    main()
