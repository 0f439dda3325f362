"""Slices that longer data of the same kind read."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure.longer import find_longer
from checks.program.trace import trace

PLACES = jnp.arange(1.0, 25.0).reshape(12, 2)
X = jax.random.normal(jax.random.key(0), (3, 4, 2))


def _find(loss, *args, first=4, unread=None):
    unread = np.arange(12) >= first if unread is None else np.array(unread)
    program = trace(loss, {"places": PLACES, "w": jnp.ones(2)}, args)
    views = [np.zeros(1, bool), unread, np.zeros(2, bool)]
    return {i: [v.tolist() for v in found] for i, found in find_longer(program, {0: views}).items()}


def _sliced(p, x, key=None):
    return jnp.tanh(x + p["places"][None, : x.shape[1]]).mean(), x


def _gathered(p, x):
    return jnp.tanh(x + p["places"][None, jnp.arange(x.shape[1])]).mean()


def _shifted(p, x):
    return jnp.tanh(x[:, 1:] + p["places"][None, : x.shape[1] - 1]).mean()


@pytest.mark.parametrize("loss, first", [(_sliced, 4), (_gathered, 4), (_shifted, 3)])
def test_later_rows_of_a_table_of_places_are_read_by_longer_data(loss, first):
    found = _find(loss, X, first=first)
    assert found == {0: [[False], [i >= first for i in range(12)], [False, False]]}


def test_keys_stay_and_doubled_lengths_are_tried_too():
    assert _find(_sliced, X, jax.random.key(0))

    def pairs(p, x):
        halves = x.reshape(3, 2, -1, 2)[:, 0]
        return jnp.tanh(halves + p["places"][None, : halves.shape[1]]).mean()

    assert _find(pairs, X, first=2)


def test_rows_that_no_length_reads_are_not_found():
    fixed = lambda p, x: jnp.tanh(x[:, :4] + p["places"][None, :4]).mean()  # noqa: E731
    assert _find(fixed, X) == {}
    refused = lambda p, x: jnp.tanh(x + p["places"][None, :4]).mean()  # noqa: E731
    assert _find(refused, X) == {}


@pytest.mark.parametrize("unread", [[True] * 12, [False] * 12, [False, True] * 6])
def test_only_the_end_of_an_axis_is_tried(unread, monkeypatch):
    monkeypatch.setattr("checks.measure.longer._repeat", None)
    assert _find(_sliced, X, unread=unread) == {}


def test_a_program_without_its_function_is_not_tried():
    program = replace(trace(_sliced, {"places": PLACES}, (X,)), loss=None)
    assert find_longer(program, {0: [np.zeros(1, bool), np.arange(12) > 3]}) == {}
