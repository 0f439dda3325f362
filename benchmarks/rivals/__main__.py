"""Compares tools on the faults and their sound twins: `python -m benchmarks.rivals [NAME ...]`."""

import argparse
import json
import sys

from benchmarks.faults.registry import load_faults
from benchmarks.rivals.benchmark import compare_tools, to_records
from benchmarks.rivals.registry import TOOLS
from benchmarks.rivals.table import format_by_verdict, format_totals


def main(arguments: list[str] | None = None) -> int:
    """Runs the tools on the faults and prints what they find.

    Progress goes to standard error. A wrong option, or a name that nothing matches, exits the
    process with status 2.

    Args:
        arguments: The words of the command line, `[NAME ...] [--tool TOOL] [--json]`; only faults
            with one of the NAMEs in their name are run, all without a NAME, and only tools with
            one of the TOOLs in their name. None reads `sys.argv`.

    Returns:
        The exit status 0: the other tools are not ours to fail.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only faults with NAME in them")
    parser.add_argument("--tool", action="append", help="only tools with TOOL in their name")
    parser.add_argument(
        "--json", action="store_true", help="print a record for each tool and fault"
    )
    given = parser.parse_args(arguments)
    tools = [t for t in TOOLS if not given.tool or any(n in t.name for n in given.tool)]
    if not tools:
        names = ", ".join(tool.name for tool in TOOLS)
        parser.error(f"no tool has {' or '.join(given.tool)} in its name; the tools are {names}")
    faults = [f for f in load_faults() if not given.names or any(n in f.name for n in given.names)]
    if not faults:
        parser.error(f"no fault has {' or '.join(given.names)} in its name")
    results = compare_tools(faults, tools, _say)
    if given.json:
        print(json.dumps(to_records(results), indent=1))
    else:
        print(format_totals(results), format_by_verdict(results), sep="\n\n")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
