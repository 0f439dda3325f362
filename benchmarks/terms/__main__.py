"""Measures the search for faulty terms: `python -m benchmarks.terms [NAME ...]`."""

import argparse
import sys

from benchmarks.terms.benchmark import TermScore
from benchmarks.terms.registry import load_losses


def main(arguments: list[str] | None = None) -> int:
    """Runs the search on composite losses and their sound twins, and prints the score.

    Args:
        arguments: The words of the command line, `[NAME ...]`; only losses with one of the NAMEs in
            their name are run, all without a NAME. None reads `sys.argv`.

    Returns:
        The exit status: 0 when every faulty term is found and no sound one is flagged, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.terms", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only those with NAME in their name"
    )
    names, score = parser.parse_args(arguments).names, TermScore()
    for loss in load_losses():
        if not names or any(name in loss.name for name in names):
            score.add(loss)
    print(score.table())
    return 1 if score.misses or score.alarms else 0


if __name__ == "__main__":
    sys.exit(main())
