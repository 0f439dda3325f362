"""`python -m checks MODULE:FACTORY`: the checks on anybody's model."""

import argparse
import sys

from checks.command import NOT_RUN, load_factory, made, run_check, run_profile

_DESCRIPTION = """\
Says for every parameter of a JAX loss whether it can learn and, where it cannot,
why and at which line.

FACTORY is a function without arguments in MODULE (a module that Python finds from
the working directory). It returns `loss, params, args`: the loss is called as
loss(params, *args) and gives a scalar, params is any pytree of arrays, args a tuple.
A fourth value may hold settings of `checks.diagnose`: {"optimizer": optax.adam(1e-4)}.
"""
_EPILOG = """\
examples:
  python -m checks mymodel:check                     every leaf, measured
  python -m checks mymodel:check --static            seconds, nothing is run
  python -m checks mymodel:check --html report.html  the same as one page
  python -m checks mymodel:check --profile decoder/query/kernel

exit status: 0 everything passes (or a profile was made), 1 a leaf fails,
2 it could not be run.
"""


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when everything passes, 1 when a leaf fails, 2 when it could not be run."""
    given = _parser().parse_args(arguments)
    files = {"json": given.json, "html": given.html}
    try:
        if given.profile is not None and (given.static or given.allow):
            raise ValueError("--profile measures one leaf: it goes with --json and --html only")
        loss, params, args, settings = made(load_factory(given.factory))
    except ValueError as error:
        print(f"checks: {error}", file=sys.stderr)
        return NOT_RUN
    if given.profile is not None:
        return run_profile(loss, params, args, given.profile, **files)
    how = {"static": given.static, "allow": given.allow, "settings": settings}
    return run_check(loss, params, args, **how, **files)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m checks",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("factory", metavar="MODULE:FACTORY", help="such as mymodel:check")
    parser.add_argument("--static", action="store_true", help="only the proof, from shapes alone")
    parser.add_argument(
        "--profile", metavar="LEAF", help="where the gradient of this one leaf is lost"
    )
    parser.add_argument(
        "--allow", metavar="FILE", help="what may fail, a line each: pattern verdict reason"
    )
    parser.add_argument("--json", metavar="FILE", help="write the report or profile as JSON")
    parser.add_argument("--html", metavar="FILE", help="write it as one page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
