"""The command `python -m checks`, which runs the checks on a user's factory or script."""

import argparse
import re
import sys
from typing import Any, NoReturn

from checks.factory import call_factory, load_factory
from checks.scripts.run_script import find_gradient, is_script
from checks.shell import NOT_RUN, run_check, run_profile

_DESCRIPTION = """\
Says for every parameter of a JAX loss whether it can learn and, where it cannot,
why and at which line.

FACTORY is a function without arguments in MODULE, which Python imports; the
working directory is searched too. It returns `loss, params, args`: the checks
call loss(params, *args), which returns a scalar; params is any pytree of arrays;
args is a tuple. A fourth value may give keyword arguments of `checks.diagnose`:
{"optimizer": optax.adam(1e-4)}.

Without a factory, SCRIPT.py is run as `python SCRIPT.py` would, up to its first
call of jax.grad or jax.value_and_grad at arrays (or that of the function LOSS).
Nothing after that call runs, and what it differentiates is checked. The script's
own arguments come after `--`.
"""
_EPILOG = """\
examples:
  python -m checks mymodel:check                     measure every leaf
  python -m checks mymodel:check --static            prove what shapes can prove, in seconds
  python -m checks mymodel:check --html report.html  write the report as a page too
  python -m checks train.py -- --epochs 1            check the loss that a script trains
  python -m checks train.py:loss_fn                  the gradient of this function
  python -m checks mymodel:check --sarif checks.sarif  annotate source lines in CI
  python -m checks mymodel:check --profile decoder/query/kernel

exit status: 0 everything passes (or the profile was measured), 1 a leaf fails,
2 the checks could not be run.
"""


def main(arguments: list[str] | None = None) -> int:
    """Checks the loss of a factory or script; `--profile` shows where one leaf loses its gradient.

    Args:
        arguments: words of the command line, `MODULE:FACTORY | SCRIPT.py [--static]
            [--profile LEAF] [--allow FILE] [--json FILE] [--html FILE] [--sarif FILE]
            [--junit FILE] [-- ARGUMENTS OF THE SCRIPT]`; None reads `sys.argv`.

    Returns:
        The exit status: 0 when everything passes (or the profile was measured), 1 when a leaf
        fails, 2 when the words are wrong or the checks could not be run; the reason is printed to
        standard error.

    Raises:
        SystemExit: the words ask for help.
    """
    try:
        words = sys.argv[1:] if arguments is None else arguments
        own, of_script = _split(words)
        options = _parse(own)
        files = {"json": options.json, "html": options.html}
        others = (options.static, options.allow, options.sarif, options.junit)
        if options.profile is not None and any(others):
            raise ValueError(
                "--profile measures one leaf: got it with --static, --allow, --sarif or --junit; "
                "use it with --json and --html only"
            )
        loss, params, args, settings = _find_loss(options.factory, of_script)
    except ValueError as error:
        print(f"checks: {error}", file=sys.stderr)
        return NOT_RUN
    if options.profile is not None:
        return run_profile(loss, params, args, options.profile, **files)
    files |= {"sarif": options.sarif, "junit": options.junit}
    checks = {"static": options.static, "allow": options.allow, "settings": settings}
    return run_check(loss, params, args, **checks, **files)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Splits the command line at `--`, after which the script's own arguments come."""
    end = words.index("--") if "--" in words else len(words)
    return words[:end], words[end + 1 :]


def _find_loss(name: str, arguments: list[str]) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
    """Returns loss, parameters, arguments and settings of a script or a factory."""
    if is_script(name):
        call = find_gradient(name, arguments)
        return call.loss, call.params, call.args, {}
    if arguments:
        raise ValueError(
            f"only a script has arguments after `--`: got {' '.join(arguments)} for the factory "
            f"{name}"
        )
    return call_factory(load_factory(name))


class _Parser(argparse.ArgumentParser):
    """A parser that raises its errors as ValueError instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see `{self.prog} --help`")


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line; an unknown flag is named before anything that is missing."""
    parser = _build_parser()
    known = re.findall(r"--[a-z]+", parser.format_usage())
    for word in arguments:
        if word.startswith("-") and word.partition("=")[0] not in (*known, "-h", "--help"):
            parser.error(f"unknown flag {word!r}; the flags are {', '.join(known)}")
    return parser.parse_args(arguments)


def _build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m checks",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "factory",
        metavar="MODULE:FACTORY | SCRIPT.py[:LOSS]",
        help="for example mymodel:check, or train.py",
    )
    parser.add_argument(
        "--static", action="store_true", help="run only the static proof, from shapes alone"
    )
    parser.add_argument(
        "--profile", metavar="LEAF", help="show where the gradient of this one leaf is lost"
    )
    parser.add_argument(
        "--allow", metavar="FILE", help="leaves that may fail, a line each: pattern verdict reason"
    )
    parser.add_argument("--json", metavar="FILE", help="write the report or profile as JSON")
    parser.add_argument("--html", metavar="FILE", help="write the report or profile as a page")
    parser.add_argument(
        "--sarif", metavar="FILE", help="write the failing leaves as SARIF 2.1.0, for annotations"
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write the leaves as JUnit XML, one test case each"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
