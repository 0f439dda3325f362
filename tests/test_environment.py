import os
import subprocess
import sys

import pytest

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


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's setting")
def test_the_door_starts_itself_again_with_huge_pages_and_its_arguments():
    door = "from pgat_jax.environment import restart_with_huge_pages as r; r(); import os, sys; "
    show = "print(os.environ['GLIBC_TUNABLES'], sys.argv[1:])"
    bare = {k: v for k, v in os.environ.items() if k != "GLIBC_TUNABLES"}
    command = [sys.executable, "-c", door + show, "a b", "--c"]
    result = subprocess.run(command, env=bare, capture_output=True, text=True, check=True)
    assert result.stdout.split(" ", 1) == ["glibc.malloc.hugetlb=1", "['a b', '--c']\n"]
