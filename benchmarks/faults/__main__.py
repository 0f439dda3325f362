"""`python -m benchmarks.faults [NAME ...]`: recall and precision of the checks on injected faults.

With `--clean`: false alarms on clean models of real libraries.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.faults.benchmark import scored
from benchmarks.faults.clean.benchmark import CleanScore
from benchmarks.faults.clean.registry import all_clean
from benchmarks.faults.registry import all_faults


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when all is right, 1 on any failure, 2 when something asked for cannot run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only those with it in their name")
    parser.add_argument("--clean", action="store_true", help="clean models instead of faults")
    parser.add_argument("--list", action="store_true", help="name the clean models and run nothing")
    given = parser.parse_args(arguments)
    chosen = _named(all_clean() if given.clean or given.list else all_faults(), given.names)
    if not chosen:
        parser.error(f"nothing is called {' or '.join(given.names)}: see --list")
    if given.list:
        print("\n".join(f"{entry.name}: {entry.source}" for entry in chosen))
        return 0
    return _run_clean(chosen, bool(given.names)) if given.clean else _run_faults(chosen)


def _named(entries: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Those whose name contains one of the given words; all, where none is given."""
    return [e for e in entries if not names or any(name in e.name for name in names)]


def _run_faults(chosen: Sequence[Any]) -> int:
    start = time.perf_counter()
    score = scored(chosen, _say)
    print(score.table())
    public = sum(fault.report is not None for fault in chosen)
    seconds = time.perf_counter() - start
    print(
        f"{len(chosen)} faults ({public} reported in public), {seconds:.0f} s in two processes, "
        f"{score.seconds:.0f} s of them in the checks"
    )
    return 1 if score.misses or score.alarms or score.wrong_lines or score.unconfirmed else 0


def _run_clean(chosen: Sequence[Any], asked_for: bool) -> int:
    """Models whose library is missing are left out, and said to be."""
    score, missing = CleanScore(), [clean for clean in chosen if not clean.is_installed]
    _each([clean for clean in chosen if clean.is_installed], score.add)
    print(score.table())
    print(f"{score.seconds:.0f} s")
    if missing:
        libraries = ", ".join(dict.fromkeys(clean.library for clean in missing))
        print(f"{len(missing)} models left out: {libraries} not installed; pip install '.[clean]'")
    if missing and asked_for:
        return 2
    return 1 if score.alarms else 0


def _each(chosen: Sequence[Any], run: Callable[[Any], None]) -> None:
    for number, entry in enumerate(chosen, 1):
        _say(f"{number}/{len(chosen)} {entry.name}")
        run(entry)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
