"""`python -m checks MODULE:FACTORY`: the checks on anybody's model."""

import argparse
import sys

from checks.command import NOT_RUN, load_factory, made, run_check


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when everything passes, 1 when a leaf fails, 2 when it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m checks", description=__doc__)
    parser.add_argument("factory", metavar="MODULE:FACTORY", help="returns loss, params, args")
    parser.add_argument("--static", action="store_true", help="only the proof, from shapes alone")
    parser.add_argument("--allow", metavar="FILE", help="lines of: pattern verdict reason")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON")
    parser.add_argument("--html", metavar="FILE", help="write the report as a page")
    given = parser.parse_args(arguments)
    try:
        loss, params, args, settings = made(load_factory(given.factory))
    except ValueError as error:
        print(f"checks: {error}", file=sys.stderr)
        return NOT_RUN
    files = {"allow": given.allow, "json": given.json, "html": given.html}
    return run_check(loss, params, args, static=given.static, settings=settings, **files)


if __name__ == "__main__":
    sys.exit(main())
