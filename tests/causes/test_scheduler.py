"""Conditions run side by side; one error ends them all, and finished trials stay."""

import gc
import signal
import weakref

import pytest

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.experiments import list_conditions
from pgat_jax.causes.scales import FULL, SMALL
from pgat_jax.causes.scheduler import run_missing
from pgat_jax.causes.trial_store import TrialStore
from pgat_jax.progress import Reporter
from tools.commands import Command

CAUSES = list(load_causes().values())


class FailingStore(TrialStore):
    """The first condition fails, the second works until it is stopped."""

    def __init__(self, root):
        super().__init__(root)
        self.begun = []

    def run(self, condition, scale, seeds, programs, report):
        self.begun.append(condition)
        if len(self.begun) == 1:
            raise OSError("no space left")
        program = programs.share(lambda: None)
        while True:
            program()


def test_an_error_in_one_condition_ends_the_others_and_is_raised(tiny, tmp_path):
    store = FailingStore(tmp_path)
    with pytest.raises(OSError, match="no space left"):
        run_missing(tiny, [SMALL], CAUSES, False, range(2), store, Reporter())
    assert len(store.begun) <= 3  # of some twenty


class WatchingStore(TrialStore):
    """Notes the programs of each scale by weak references, and what was run."""

    def __init__(self, root):
        super().__init__(root)
        self.programs, self.runs = {}, []

    def run(self, condition, scale, seeds, programs, report):
        self.programs.setdefault(scale.name, set()).add(weakref.ref(programs))
        self.runs.append((condition, scale, list(seeds)))


def test_the_programs_of_a_scale_are_dropped_before_the_next(tiny, tmp_path):
    store = WatchingStore(tmp_path)
    run_missing(tiny, [FULL, SMALL], CAUSES, False, range(2), store, Reporter())
    gc.collect()
    (started,), (trained,) = store.programs.values()
    assert store.programs.keys() == {"full", "small"} and started is not trained
    assert started() is None and trained() is None


def test_only_missing_trials_are_run(tiny, tmp_path, capsys):
    store, cause = WatchingStore(tmp_path), CAUSES[0]
    (first, scale), *others = list_conditions(tiny, [SMALL], [cause], with_remedies=False)
    for seed in range(2):
        store.write(first, scale, seed, {"start": {}})
    for condition, _ in others:
        store.write(condition, SMALL, 0, {"start": {}})
    run_missing(tiny, [SMALL], [cause], False, range(2), store, Reporter())
    assert [(c, seeds) for c, _, seeds in store.runs] == [(c, [1]) for c, _ in others]
    for condition, _ in others:
        store.write(condition, SMALL, 1, {"start": {}})
    store.runs.clear()
    run_missing(tiny, [SMALL], [cause], False, range(2), store, Reporter())
    assert not store.runs and "trials are finished" in capsys.readouterr().err


@pytest.mark.nightly
def test_ctrl_c_keeps_finished_trials_and_says_so(tmp_path):
    command = Command(tmp_path, "causes", "--config", "tiny", "--only", "1.1,1.2", "--seeds", "16")
    command.until("trial ")
    command.process.send_signal(signal.SIGINT)
    assert command.end(120) == 130
    assert "finished trials are stored" in command.text and "Traceback" not in command.text
    assert list((tmp_path / "runs/causes").rglob("*.json"))
