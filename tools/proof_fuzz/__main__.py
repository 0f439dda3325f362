"""Compares proofs on random programs: `python -m tools.proof_fuzz --programs 10000 --seed 0`."""

import argparse
import sys
import time

from tools.bad_input.fuzz import fuzz
from tools.proof_fuzz.judge import judge_program
from tools.proof_fuzz.programs import programs


def main() -> int:
    """Draws and judges random programs, and prints the outcomes.

    It reads `sys.argv`: `--programs N` (10,000) and `--seed N` (0).

    Returns:
        1 if a proof was contradicted or the checks raised, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.proof_fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    began = time.monotonic()
    outcomes, wrong = fuzz(programs, judge_program, args.programs, args.seed)
    for outcome, count in outcomes.most_common():
        print(f"{count:7,} {outcome}")
    for text in wrong[:20]:
        print(f"WRONG {text[:2000]}")
    print(f"{outcomes.total():,} programs in {time.monotonic() - began:.0f} s, {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
