"""Runs a training script up to its first gradient, and returns the loss that it differentiates."""

import contextlib
import runpy
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from checks.program.loss_line import find_loss_line
from checks.program.places import find_raise_line
from checks.scripts.gradient_call import GradientCall
from checks.scripts.search import Found, Search

_FACTORY = "give the checks a factory, MODULE:FACTORY, which returns `loss, params, args`"


def is_script(name: str) -> bool:
    """Returns whether a name on the command line is a script, `FILE.py` or `FILE.py:LOSS`.

    Args:
        name: the first word of the command line.
    """
    return _split(name)[0].endswith(".py")


def find_gradient(name: str, arguments: Sequence[str] = ()) -> GradientCall:
    """Runs a script as `python SCRIPT` would, until it takes its first gradient of arrays.

    The script ends there: nothing after it runs. What it prints goes to standard error.

    Args:
        name: `FILE.py`, or `FILE.py:LOSS` for the gradient of the function with the name LOSS.
        arguments: the script's own command line arguments.

    Raises:
        ValueError: there is no such file, the script raises, or it takes no such gradient.
    """
    path, loss = _split(name)
    if not Path(path).is_file():
        raise ValueError(f"a script is a file of Python: got {path}, which is no file")
    search = Search(loss)
    with _as_main(path, arguments), contextlib.redirect_stdout(sys.stderr):
        failure = _run(path, search)
    if search.call is not None:
        _refuse_nnx(path, search.call)
        print(f"checks: {_describe(search.call)}", file=sys.stderr)
        return search.call
    raise ValueError(failure or _explain_none(path, loss, search.traced))


def _run(path: str, search: Search) -> str | None:
    """Runs the script; returns a sentence if it raises before a gradient is found."""
    try:
        with search.watch():
            runpy.run_path(path, run_name="__main__")
    except (Found, SystemExit):
        return None
    except Exception as error:
        place = find_raise_line(error)
        return (
            f"{path} raised {type(error).__name__}: {error}{f' at {place}' if place else ''}, "
            "before it took a gradient: mend it, or pass its arguments after `--`"
        )
    return None


@contextlib.contextmanager
def _as_main(path: str, arguments: Sequence[str]) -> Iterator[None]:
    """Sets `sys.argv` and the folder for imports, as for a script that Python runs."""
    argv, paths = sys.argv, sys.path[:]
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, paths


def _split(name: str) -> tuple[str, str | None]:
    """Splits `FILE.py:LOSS`; the second part is None if there is none."""
    path, colon, loss = name.rpartition(":")
    return (path, loss) if colon and path.endswith(".py") else (name, None)


def _refuse_nnx(path: str, call: GradientCall) -> None:
    """Raises ValueError for a gradient of NNX, whose function works only inside NNX's own call."""
    if type(call.loss).__module__.startswith("flax.nnx"):
        raise ValueError(
            f"{path} takes its gradient by flax.nnx, whose function works only inside NNX: "
            f"{_FACTORY}: `graph, params, rest = nnx.split(model, nnx.Param, ...)`, and "
            "`lambda p, x: loss(nnx.merge(graph, p, rest), x), params, (x,)`"
        )


def _describe(call: GradientCall) -> str:
    """Returns a sentence that says which function the script differentiates."""
    line = find_loss_line(call.loss)
    name = getattr(call.loss, "__name__", type(call.loss).__name__)
    return f"the script takes the gradient of {name}{f' ({line})' if line else ''}"


def _explain_none(path: str, loss: str | None, traced: int) -> str:
    wanted = f" of a function with the name {loss}" if loss else ""
    if traced:
        return (
            f"{path} takes a gradient{wanted} inside vmap, pmap or shard_map alone, where its "
            f"arguments have no values: {_FACTORY}"
        )
    return (
        f"{path} ended without a call of jax.grad or jax.value_and_grad{wanted} at arrays of two "
        f"numbers or more: {_FACTORY}"
    )
