"""The tiny model and 130 real days; compiled once, then read from a compile cache."""

import jax
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.runs.folder import create_run
from tests.training.session import NEVER, Session
from tools.commands import write_days


@pytest.fixture(scope="package", autouse=True)
def compile_cache(tmp_path_factory):
    settings = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {key: getattr(jax.config, key) for key in settings}
    for key, value in settings.items():
        jax.config.update(key, value)
    yield
    for key, value in before.items():
        jax.config.update(key, value)


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


@pytest.fixture
def new_run(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return create_run(config)


@pytest.fixture(scope="package")
def whole(config, data, tmp_path_factory):
    """A run of both epochs without a break: its folder and its last state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        run = create_run(config).absolute()
        with Session(config, data, run) as trainer:
            trainer.run(NEVER)
            return run, trainer.state
