import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from pgat_jax.bench.compile_cache import disable_compile_cache

SETTINGS = {
    "jax_compilation_cache_dir": None,
    "jax_enable_compilation_cache": True,
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


@pytest.fixture
def cache(tmp_path):
    """A folder in which JAX keeps every program that it compiles."""
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    for name, value in (SETTINGS | {"jax_compilation_cache_dir": str(tmp_path)}).items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    yield tmp_path
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def compile_sum(size: int) -> None:
    jax.jit(lambda x: jnp.sum(x) + size).lower(jnp.ones(size)).compile()


def count(folder) -> int:
    return len([path for path in folder.iterdir() if path.name.endswith("-cache")])


def test_nothing_is_cached_inside_and_everything_again_afterwards(cache):
    compile_sum(3)
    first = count(cache)
    assert first > 0
    with disable_compile_cache():
        compile_sum(4)
        assert count(cache) == first
    compile_sum(5)
    assert count(cache) > first


def test_the_cache_is_as_before_after_an_exception(cache):
    with pytest.raises(RuntimeError), disable_compile_cache():
        raise RuntimeError
    assert jax.config.jax_enable_compilation_cache
    jax.config.update("jax_enable_compilation_cache", False)
    with disable_compile_cache():
        pass
    assert not jax.config.jax_enable_compilation_cache
