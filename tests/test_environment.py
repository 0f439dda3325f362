import os

from pgat_jax import environment


def test_a_machine_has_a_compile_cache_of_its_own(monkeypatch):
    here = environment.cache_folder()
    assert here == environment.cache_folder()
    monkeypatch.setattr(environment, "_processor", lambda: "flags: another")
    assert environment.cache_folder() != here


def test_what_the_user_has_set_is_left_alone(monkeypatch):
    monkeypatch.setattr(os, "environ", {"JAX_COMPILATION_CACHE_DIR": ""})
    environment.prepare()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == ""
    assert os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] == "-1"
