"""The tiny model on 130 real days."""

import jax
import pytest

from pgat_jax import build, load_config, load_data
from pgat_jax.mesh import make_mesh
from pgat_jax.storage.creation import create_run
from pgat_jax.training.plan import Plan, count_steps
from pgat_jax.training.state import create_state
from tests.training.session import open_session
from tools.commands import write_days


@pytest.fixture(scope="package")
def table(tmp_path_factory):
    return write_days(tmp_path_factory.mktemp("table"))


@pytest.fixture(scope="package")
def config(table):
    keys = ("data.validation_days=8", "data.test_days=8", "train.log_every=5", "model.dropout=0.1")
    return load_config("tiny", f"data.source={table}", *keys)


@pytest.fixture(scope="package")
def data(config):
    return load_data(config)


@pytest.fixture(scope="package")
def plan(config, data):
    return Plan(build(config, data.columns), make_mesh(config), count_steps(config, data))


@pytest.fixture(scope="package")
def first_state(plan):
    """The state before the first step; do not pass it to a compiled step, which reuses it."""
    return create_state(plan)


@pytest.fixture(scope="package")
def params(plan):
    """The initial parameters, as leaves."""
    return plan.model.init(jax.random.key(plan.config.seed))


@pytest.fixture
def new_run(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return create_run(config)


@pytest.fixture(scope="package")
def whole(config, plan, data, tmp_path_factory):
    """A run of both epochs without a break: its folder and its last state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        run = create_run(config).absolute()
        with open_session(plan, data, run) as trainer:
            trainer.run()
            return run, trainer.state
