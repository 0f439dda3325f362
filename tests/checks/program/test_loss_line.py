"""The line at which a loss is defined."""

from functools import partial, wraps

import jax

from checks.program.loss_line import find_loss_line


def loss(params, x):
    return params * x


class Model:
    def __call__(self, params):
        return params

    def loss(self, params):
        return params


LINE = f"{__file__}:{loss.__code__.co_firstlineno}"


def test_wrappers_are_followed_to_the_function():
    @wraps(loss)
    def logged(*args):
        return loss(*args)

    for wrapped in (loss, jax.jit(loss), partial(loss, x=2), partial(jax.checkpoint(loss)), logged):
        assert find_loss_line(wrapped) == LINE


def test_methods_and_callable_objects_have_the_line_of_their_method():
    for one, name in ((Model().loss, "loss"), (Model(), "__call__")):
        code = getattr(Model, name).__code__
        assert find_loss_line(one) == f"{__file__}:{code.co_firstlineno}"


def test_a_function_without_python_source_has_no_line():
    assert find_loss_line(sum) is None
