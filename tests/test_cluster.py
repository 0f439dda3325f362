import os
from pathlib import Path

import pytest

from pgat_jax import cluster
from pgat_jax.errors import UserError

ALONE = {"PATH": "/bin", "SLURM_NTASKS": "1"}
CLUSTERS = {
    "a step of SLURM": {"SLURM_NTASKS": "2", "SLURM_STEP_NODELIST": "node[1-2]"},
    "an indexed job of Kubernetes": {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "JOB_COMPLETION_INDEX": "0",
    },
}
NOT_CLUSTERS = {
    "nothing": {},
    "the script of a SLURM job, outside its steps": {"SLURM_NTASKS": "2"},
    "a pod of Kubernetes": {"KUBERNETES_SERVICE_HOST": "10.0.0.1"},
}


@pytest.mark.parametrize("marks", CLUSTERS.values(), ids=CLUSTERS)
def test_a_cluster_is_known_by_its_marks(marks, monkeypatch):
    monkeypatch.setattr(os, "environ", ALONE | marks)
    assert cluster.is_in_cluster()


@pytest.mark.parametrize("marks", NOT_CLUSTERS.values(), ids=NOT_CLUSTERS)
def test_one_process_alone_joins_nothing(marks, monkeypatch):
    monkeypatch.setattr(os, "environ", ALONE | marks)
    assert not cluster.is_in_cluster()
    cluster.join(None, None, None)


def test_the_three_flags_belong_together():
    with pytest.raises(UserError, match="--coordinator, --processes and --process belong together"):
        cluster.join("localhost:1234", 2, None)


@pytest.mark.parametrize("process", [-1, 2])
def test_a_process_beyond_their_number_is_refused(process):
    with pytest.raises(UserError, match=f"--process: got {process}, expected 0 to 1 of 2"):
        cluster.join("localhost:1234", 2, process)


def test_alone_every_wish_is_agreed_and_the_first_decides():
    assert cluster.is_first()
    assert [cluster.any_process(wish) for wish in (True, False)] == [True, False]
    assert cluster.make_on_first(lambda: Path("runs/a")) == Path("runs/a")
