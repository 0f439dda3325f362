"""Programs are compiled once for all threads, shared, dropped when unused, and can be stopped."""

import threading
from concurrent.futures import ThreadPoolExecutor

import jax
import pytest

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.scales import SMALL, resize
from pgat_jax.causes.trial_programs import MAX_PROGRAMS, SharedProgram, Stopped, TrialPrograms


def test_threads_that_want_one_program_compile_it_once():
    traces = []

    @jax.jit
    def double(x):
        traces.append(threading.get_ident())
        return 2 * x

    program = SharedProgram(double, threading.Event())
    with ThreadPoolExecutor(4) as pool:
        assert [float(y) for y in pool.map(program, [1.0, 2.0, 3.0, 4.0])] == [2, 4, 6, 8]
    assert len(traces) == 1


def test_programs_are_shared_and_the_least_recently_used_is_dropped():
    programs = TrialPrograms()
    first = [programs.get(i, lambda i=i: f"program {i}") for i in range(MAX_PROGRAMS)]
    assert programs.get(0, lambda: "again") is first[0]
    programs.get(MAX_PROGRAMS, lambda: "one more")
    assert programs.get(0, lambda: "again") is first[0]
    assert programs.get(1, lambda: "again") == "again"


def test_a_stopped_program_raises():
    programs = TrialPrograms()
    program = programs.share(lambda: 1)
    assert program() == 1
    programs.stop()
    with pytest.raises(Stopped):
        program()


def test_interventions_on_parameters_alone_reuse_the_gradients_program(tiny):
    base = Condition(resize(tiny, SMALL))
    causes, programs = load_causes(), TrialPrograms()
    own = programs.gradient(base.build())
    assert programs.gradient(base.plus(causes["1.2"].imposition).build()) is own
    assert programs.gradient(base.plus(causes["2.4"].remedy).build()) is not own


def test_interventions_on_the_optimiser_have_their_own_program(tiny):
    base = Condition(resize(tiny, SMALL))
    clipped, programs = base.plus(load_causes()["3.2"].present), TrialPrograms()
    own = programs.optimizer(base.build(), 2)
    assert programs.optimizer(base.build(), 2) is own
    assert programs.optimizer(base.build(), 3) is not own
    assert programs.optimizer(clipped.build(), 2) is not own
