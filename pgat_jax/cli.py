"""The command line: runs the verbs, prints each mistake as one sentence on stderr, and exits."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from pgat_jax.errors import UserError, printable, suggest
from pgat_jax.output import show_messages
from pgat_jax.verbs import VERBS

HELP = """Forecast daily Open, High, Low and Close from prices and the sky.

usage: python run.py [VERB] [flags] [key.sub=value ...]

verbs:
{verbs}

Without a verb, `train` runs. `python run.py VERB --help` explains a verb.
`key.sub=value` changes one key of the configuration: `data.source=FILE train.batch_size=4`.

first steps:
  python run.py --config laptop                  train a small model, minutes on two cores
  python run.py --config recovery --minutes 10   train the full model for ten minutes
  python run.py evaluate                         scores of the newest run beside baselines
  python run.py forecast                         the next trading days, in prices"""

# Exit statuses. A signal's is 128 + its number, as in shells: 2 is SIGINT, 13 is SIGPIPE.
BAD_INPUT = 2
INTERRUPTED = 128 + 2
PIPE_CLOSED = 128 + 13


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 done, 1 a check failed, 2 bad input, 130 or 143 a signal.

    Args:
        argv: the arguments without the program's name; those of the process if None.
    """
    sys.exit(run(sys.argv[1:] if argv is None else list(argv)))


def run(argv: list[str]) -> int:
    """Runs the command line.

    Args:
        argv: the arguments without the program's name.

    Returns:
        The exit status, as in `main`.
    """
    try:
        with show_messages():
            return _dispatch(argv)
    except UserError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has exited
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:  # the system refuses: no permission, no space, no such name
        what = f"{error.filename or 'a file'}: {error.strerror or error}"
        print(printable(f"{what}: correct that, or name another file."), file=sys.stderr)
        return BAD_INPUT


def _dispatch(argv: list[str]) -> int:
    if argv and argv[0] in ("-h", "--help", "help"):
        width = max(map(len, VERBS))
        verbs = "\n".join(f"  {name:<{width}}  {verb.summary}" for name, verb in VERBS.items())
        print(HELP.format(verbs=verbs))
        return 0
    verb, rest = _split_verb(argv)
    return VERBS[verb].act(_parse(verb, rest)) or 0


def _split_verb(argv: list[str]) -> tuple[str, list[str]]:
    if not argv or argv[0].startswith("-") or "=" in argv[0]:
        return "train", argv
    if argv[0] in VERBS:
        return argv[0], argv[1:]
    raise UserError(
        f"unknown verb {argv[0]!r}{suggest(argv[0], VERBS)}; verbs: {', '.join(VERBS)}."
    )


def _parse(verb: str, argv: list[str]) -> argparse.Namespace:
    parser = _make_parser(verb)
    args, extra = parser.parse_known_intermixed_args(argv)
    for word in extra:
        if word.startswith("-"):
            known = re.findall(r"--[a-z-]+", parser.format_usage())
            hint = suggest(word.split("=")[0], known)
            raise UserError(f"{verb}: unknown flag {word!r}{hint}; see `run.py {verb} --help`.")
        raise UserError(f"{verb}: {word!r} was not expected here; see `run.py {verb} --help`.")
    for word in getattr(args, "overrides", []):
        if "=" not in word:
            hint = "; the verb comes first" if word in VERBS else ""
            raise UserError(f"{verb}: {word!r}: expected a flag or key.sub=value{hint}.")
    return args


def _make_parser(verb: str) -> argparse.ArgumentParser:
    summary, examples, add_flags, _ = VERBS[verb]
    parser = _Parser(
        prog=f"python run.py {verb}",
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  python run.py {line}" for line in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_flags(parser)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that raises its errors instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog.removeprefix('python ')}: {message}.")
