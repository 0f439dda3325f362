"""The command line: words in, exit status out; every mistake is one sentence on stderr."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pgat_jax.errors import UserError, printable
from pgat_jax.verbs import VERBS

HELP = """Forecast daily Open, High, Low and Close from prices and the sky.

usage: python run.py [VERB] [flags] [key.sub=value ...]

verbs:
{verbs}

Without a verb, `train` is meant. `python run.py VERB --help` explains a verb.
Keys of a configuration are changed in place: `data.source=FILE train.batch_size=4`.

first steps:
  python run.py --config laptop                  train a small model, minutes on two cores
  python run.py --config recovery --minutes 10   train the full model for ten minutes
  python run.py evaluate                         scores of the newest run beside baselines
  python run.py forecast                         the next trading days, in prices"""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 a check failed, 2 bad input, 130 or 143 a signal."""
    sys.exit(run(sys.argv[1:] if argv is None else list(argv)))


def run(argv: list[str]) -> int:
    """Run the command line; returns the exit status."""
    try:
        return _dispatch(argv)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # what the system refuses: no right, no room, no such name
        what = f"{error.filename or 'a file'}: {error.strerror or error}"
        print(printable(f"{what}: mend that, or name another file."), file=sys.stderr)
        return 2


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
        f"unknown verb {argv[0]!r}{_nearest(argv[0], VERBS)}; verbs: {', '.join(VERBS)}."
    )


def _parse(verb: str, argv: list[str]) -> argparse.Namespace:
    parser = _parser(verb)
    args, extra = parser.parse_known_intermixed_args(argv)
    for word in extra:
        if word.startswith("-"):
            known = [option for a in parser._actions for option in a.option_strings]
            raise UserError(f"{verb}: unknown flag {word!r}{_nearest(word.split('=')[0], known)}.")
        raise UserError(f"{verb}: {word!r} was not expected here; see `run.py {verb} --help`.")
    for word in getattr(args, "overrides", []):
        if "=" not in word:
            hint = "; the verb comes first" if word in VERBS else ""
            raise UserError(f"{verb}: {word!r}: expected a flag or key.sub=value{hint}.")
    return args


def _parser(verb: str) -> argparse.ArgumentParser:
    summary, examples, flags, _ = VERBS[verb]
    parser = _Parser(
        prog=f"python run.py {verb}",
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  python run.py {line}" for line in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    flags(parser)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog.removeprefix('python ')}: {message}.")


def _nearest(word: str, known) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
