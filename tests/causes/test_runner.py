"""Conditions are tried side by side: one compile for all, and one error or Ctrl-C ends all."""

import gc
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import jax
import pytest

from pgat_jax import load_config
from pgat_jax.causes.conditions import Store
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import FULL, SMALL, all_causes
from pgat_jax.causes.programs import Programs, Stopped, _Program
from pgat_jax.causes.runner import run_missing
from pgat_jax.progress import Reporter
from tools.commands import Command


def test_threads_that_want_one_program_compile_it_once():
    traced = []

    @jax.jit
    def double(x):
        traced.append(threading.get_ident())
        return 2 * x

    program = _Program(double, threading.Event())
    with ThreadPoolExecutor(4) as pool:
        assert [float(y) for y in pool.map(program, [1.0, 2.0, 3.0, 4.0])] == [2, 4, 6, 8]
    assert len(traced) == 1


def test_programs_are_shared_and_the_longest_unused_makes_room():
    programs = Programs()
    made = [programs._kept(i, lambda i=i: f"program {i}") for i in range(12)]
    assert programs._kept(0, lambda: "again") is made[0]
    programs._kept(12, lambda: "one more")
    assert programs._kept(0, lambda: "again") is made[0]
    assert programs._kept(1, lambda: "again") == "again"


def test_a_program_that_was_told_to_stop_does():
    stop = threading.Event()
    program = _Program(lambda: 1, stop)
    assert program() == 1
    stop.set()
    with pytest.raises(Stopped):
        program()


class Failing(Store):
    """The first condition fails, the second works until it is told to stop."""

    def __init__(self, root):
        super().__init__(root)
        self.begun = []

    def run(self, condition, scale, seeds, programs, done):
        self.begun.append(condition)
        if len(self.begun) == 1:
            raise OSError("no space left")
        program = _Program(lambda: None, programs._stop)
        while True:
            program()


def test_an_error_in_one_condition_ends_the_others_and_is_raised(tmp_path):
    store, config = Failing(tmp_path), load_config("tiny", schema=StudyConfig)
    causes = list(all_causes().values())
    with pytest.raises(OSError, match="no space left"):
        run_missing(config, [SMALL], causes, False, range(2), store, Reporter())
    assert len(store.begun) <= 3  # of some twenty


class Holding(Store):
    """Notes the programs that each scale gets, without holding them."""

    def __init__(self, root):
        super().__init__(root)
        self.seen = {}

    def run(self, condition, scale, seeds, programs, done):
        self.seen.setdefault(scale.name, set()).add(weakref.ref(programs))


def test_the_programs_of_a_scale_are_let_go_before_the_next(tmp_path):
    store, causes = Holding(tmp_path), list(all_causes().values())
    run_missing(
        load_config("tiny", schema=StudyConfig),
        [FULL, SMALL],
        causes,
        False,
        range(2),
        store,
        Reporter(),
    )
    gc.collect()
    (started,), (trained,) = store.seen.values()
    assert store.seen.keys() == {"full", "small"} and started is not trained
    assert started() is None and trained() is None


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished_and_says_so(tmp_path):
    command = Command(tmp_path, "causes", "--config", "tiny", "--only", "1.1,1.2", "--seeds", "4")
    command.until("trial ")
    command.process.send_signal(signal.SIGINT)
    assert command.end(120) == 130
    assert "finished trials are kept" in command.text and "Traceback" not in command.text
    assert list((tmp_path / "runs/causes").rglob("*.json"))
