"""The command line: runs the verbs, prints each mistake as one sentence on stderr, and exits."""

import argparse
import logging
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from pgat_jax.errors import UserError, name_program, printable, suggest
from pgat_jax.output import show_messages
from pgat_jax.verbs import VERBS

HELP = """Forecast daily Open, High, Low and Close from prices and the sky.

usage: {program} [VERB] [flags] [key.sub=value ...]

verbs:
{verbs}

Without a verb, `train` runs. `{program} VERB --help` explains a verb.
`key.sub=value` changes one key of the configuration: `data.source=FILE train.batch_size=4`.

first steps:
{steps}"""
# Arguments of the first steps -> what they do.
FIRST_STEPS = {
    "--config laptop": "train a small model, minutes on two cores",
    "--config recovery --minutes 10": "train the full model for ten minutes",
    "evaluate": "scores of the newest run beside baselines",
    "forecast": "the next trading days, in prices",
}

# The ends of the names of tables, as `pgat_jax.data.user_files.content` reads them.
TABLE_SUFFIXES = (".csv", ".txt", ".tsv", ".parquet", ".pq")
# The verbs that take several tables.
TAKES_FILES = ("train",)
# The flag of the verbs that show no progress.
QUIET = "--quiet"

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
        with show_messages(logging.WARNING if QUIET in argv else logging.INFO):
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
        program = name_program()
        verbs = _list({name: verb.summary for name, verb in VERBS.items()})
        steps = _list({f"{program} {words}": text for words, text in FIRST_STEPS.items()})
        print(HELP.format(program=program, verbs=verbs, steps=steps))
        return 0
    verb, rest = _split_verb(argv)
    return VERBS[verb].act(_parse(verb, rest)) or 0


def _list(lines: dict[str, str]) -> str:
    """Returns two aligned columns."""
    width = max(map(len, lines))
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in lines.items())


def _split_verb(argv: list[str]) -> tuple[str, list[str]]:
    if not argv or argv[0].startswith("-") or "=" in argv[0]:
        return "train", argv
    if argv[0] not in VERBS and _is_file(argv[0]):
        return "train", argv
    if argv[0] in VERBS:
        return argv[0], argv[1:]
    raise UserError(
        f"unknown verb {argv[0]!r}{suggest(argv[0], VERBS)}; verbs: {', '.join(VERBS)}."
    )


def _parse(verb: str, argv: list[str]) -> argparse.Namespace:
    parser = _make_parser(verb)
    way_out = f"see `{name_program()} {verb} --help`."
    args, extra = parser.parse_known_intermixed_args(argv)
    for word in extra:
        if word.startswith("-"):
            known = re.findall(r"--[a-z-]+", parser.format_usage())
            hint = suggest(word.split("=")[0], known)
            raise UserError(f"{verb}: unknown flag {word!r}{hint}; {way_out}")
        raise UserError(f"{verb}: {word!r} was not expected here; {way_out}")
    _take_files(verb, args)
    for word in getattr(args, "overrides", []):
        if "=" not in word:
            hint = "; the verb comes first" if word in VERBS else ""
            hint = f"; for a table: data.source={word}" if _is_file(word) else hint
            raise UserError(f"{verb}: {word!r}: expected a flag or key.sub=value{hint}.")
    return args


def _take_files(verb: str, args: argparse.Namespace) -> None:
    """Moves the names of files among the overrides to `--data`, where a verb has both.

    Raises:
        UserError: there are several, and the verb takes one.
    """
    if not {"files", "overrides"} <= set(vars(args)):
        return
    words = [word for word in args.overrides if _is_file(word)]
    args.files = [*words, *(args.files or [])]
    args.overrides = [word for word in args.overrides if word not in words]
    if len(args.files) > 1 and verb not in TAKES_FILES:
        raise UserError(f"{verb}: got the files {' and '.join(args.files)}, expected one.")


def _is_file(word: str) -> bool:
    """Returns whether an argument is the name of a table: a file, or with the suffix of one."""
    return os.path.isfile(word) or ("=" not in word and word.lower().endswith(TABLE_SUFFIXES))


def _make_parser(verb: str) -> argparse.ArgumentParser:
    summary, examples, add_flags, _ = VERBS[verb]
    program = name_program()
    parser = _Parser(
        prog=f"{program} {verb}",
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {program} {line}" for line in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_flags(parser)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that raises its errors instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog.removeprefix('python ')}: {message}.")
