"""Generates, judges and counts bad input: `python -m tools.bad_input --cases 10000 --seed 0`."""

import argparse
import sys
import time

from tools.bad_input import run_folders, tables, texts
from tools.bad_input.fuzz import fuzz

KINDS = texts.KINDS | tables.KINDS | run_folders.KINDS
# The share of each kind in all cases; kinds that are quick to judge have more.
SHARES = {
    "configuration": 0.3,
    "command line": 0.3,
    "CSV table": 0.16,
    "Parquet table, its bytes": 0.06,
    "Parquet table, its columns": 0.06,
    "run folder": 0.06,
    "checkpoint": 0.06,
}


def main() -> int:
    """Generates and judges bad input, and prints the outcomes of each kind.

    It reads `sys.argv`: `--cases N` (10,000, shared out among the kinds), `--seed N` (0) and
    `--kind KIND` (only this kind, with all the cases).

    Returns:
        1 if a case was handled wrongly, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.bad_input", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=KINDS, help="only this kind")
    args = parser.parse_args()
    total = wrong = 0
    for kind in [args.kind] if args.kind else KINDS:
        began, cases = time.monotonic(), args.cases if args.kind else args.cases * SHARES[kind]
        outcomes, failures = fuzz(*KINDS[kind], round(cases), args.seed)
        counts = "; ".join(f"{what} {count:,}" for what, count in outcomes.most_common())
        took = time.monotonic() - began
        print(f"{kind}: {outcomes.total():,} in {took:.0f} s: {counts}", flush=True)
        for failure in failures[:20]:
            print(f"  WRONG {failure[:1000]}", flush=True)
        total, wrong = total + outcomes.total(), wrong + len(failures)
    print(f"{total - wrong:,} of {total:,} handled correctly")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
