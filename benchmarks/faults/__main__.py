"""Measures the checks on programs with injected faults: `python -m benchmarks.faults [NAME ...]`.

With `--clean` it counts false alarms on sound models of real libraries.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.faults.benchmark import Score, score_faults
from benchmarks.faults.clean.benchmark import FalseAlarms
from benchmarks.faults.clean.registry import load_sound_models
from benchmarks.faults.registry import load_faults


def main(arguments: list[str] | None = None) -> int:
    """Runs the benchmark on faults, or with `--clean` on sound models, and prints the score.

    Progress goes to standard error. `--list` prints the sound models and runs nothing; `--json`
    prints one record for each fault (`record.make_record`) in place of the score. A wrong
    option, or a name that nothing matches, exits the process with status 2.

    Args:
        arguments: The words of the command line, `[NAME ...] [--clean] [--list] [--json]`;
            only faults or models with one of the NAMEs in their name are run, all without a NAME.
            None reads `sys.argv`.

    Returns:
        The exit status: 0 when every verdict is right or after `--list`; 1 on any wrong verdict,
        wrong line, false alarm or unconfirmed fault; 2 when models were asked for by NAME and the
        library of one of them is not installed.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only those with NAME in their name"
    )
    parser.add_argument("--clean", action="store_true", help="sound models instead of faults")
    parser.add_argument("--list", action="store_true", help="list the sound models and run nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON record for each fault")
    given = parser.parse_args(arguments)
    if given.json and (given.clean or given.list):
        parser.error("--json prints records of faults; it goes without --clean and --list")
    chosen = _find_named(
        load_sound_models() if given.clean or given.list else load_faults(), given.names
    )
    if not chosen:
        parser.error(f"nothing has {' or '.join(given.names)} in its name: see --list")
    if given.list:
        print("\n".join(f"{entry.name}: {entry.source}" for entry in chosen))
        return 0
    return _run_clean(chosen, bool(given.names)) if given.clean else _run_faults(chosen, given.json)


def _find_named(entries: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Returns the entries whose name contains one of some words; all if there are no words."""
    return [e for e in entries if not names or any(name in e.name for name in names)]


def _run_faults(chosen: Sequence[Any], as_json: bool) -> int:
    start = time.perf_counter()
    score = score_faults(chosen, _say)
    if as_json:
        print(json.dumps(score.records, indent=1))
    else:
        _print_score(chosen, score, time.perf_counter() - start)
    return 1 if score.misses or score.alarms or score.wrong_lines or score.unconfirmed else 0


def _print_score(chosen: Sequence[Any], score: Score, seconds: float) -> None:
    print(score.table())
    public = sum(fault.report is not None for fault in chosen)
    held_out = sum(fault.held_out for fault in chosen)
    print(
        f"{len(chosen)} faults ({public} reported in public, {held_out} not looked at while "
        f"thresholds were chosen), {seconds:.0f} s in two processes, {score.seconds:.0f} s of them "
        "in the checks"
    )


def _run_clean(chosen: Sequence[Any], asked_for: bool) -> int:
    """Runs the models whose library is installed, and says which ones are left out."""
    score, missing = FalseAlarms(), [clean for clean in chosen if not clean.is_installed]
    _run_each([clean for clean in chosen if clean.is_installed], score.add)
    print(score.table())
    print(f"{score.seconds:.0f} s")
    if missing:
        libraries = ", ".join(dict.fromkeys(clean.library for clean in missing))
        print(f"{len(missing)} models left out: {libraries} not installed; pip install '.[clean]'")
    if missing and asked_for:
        return 2
    return 1 if score.alarms else 0


def _run_each(chosen: Sequence[Any], run: Callable[[Any], None]) -> None:
    for number, entry in enumerate(chosen, 1):
        _say(f"{number}/{len(chosen)} {entry.name}")
        run(entry)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
