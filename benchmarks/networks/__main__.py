"""Counts false alarms on generated networks: `python -m benchmarks.networks`."""

import argparse
import sys

from benchmarks.networks.benchmark import draw_networks, score_networks


def main(arguments: list[str] | None = None) -> int:
    """Draws and diagnoses networks, and prints the false alarms.

    Progress goes to standard error.

    Args:
        arguments: The words of the command line, `[--networks N] [--seed S] [--first I]
            [NAME ...]`; only networks with one of the NAMEs in their name are run. None reads
            `sys.argv`.

    Returns:
        The exit status: 0 without a false alarm, 1 with one.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only those with NAME in the name")
    parser.add_argument("--networks", type=int, default=300, metavar="N", help="how many are drawn")
    parser.add_argument("--first", type=int, default=0, metavar="I", help="how many are left out")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the draw")
    given = parser.parse_args(arguments)
    kinds = draw_networks(given.networks, given.seed)[given.first :]
    kinds = [k for k in kinds if not given.names or any(name in k.name for name in given.names)]
    alarms = score_networks(kinds, lambda line: print(line, file=sys.stderr, flush=True))
    print(alarms.table())
    return 1 if alarms.alarmed else 0


if __name__ == "__main__":
    sys.exit(main())
