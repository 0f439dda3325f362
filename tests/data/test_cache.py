"""The cache: by content, atomic, verified."""

import logging
import os

import numpy as np
import pytest

from pgat_jax.data import cache


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Calls `load_or_build` in a folder of its own and counts the builds."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "tables")
    builds = []

    def build():
        builds.append(1)
        return {"a": np.arange(5.0), "b": np.frombuffer(b"text", np.uint8)}

    def load(key="k"):
        arrays = cache.load_or_build(key, build)
        assert np.array_equal(arrays["a"], np.arange(5.0))
        assert arrays["b"].tobytes() == b"text"
        return len(builds)

    return load


def test_the_second_read_builds_nothing(store):
    assert [store(), store()] == [1, 1]


def test_another_key_builds_anew(store):
    assert [store("k"), store("l")] == [1, 2]


@pytest.mark.parametrize("harm", ["flip", "truncate", "empty", "replace"])
def test_a_damaged_file_is_rebuilt_and_said(store, tmp_path, harm, caplog):
    store()
    path = tmp_path / "tables" / "k.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    harmed = {"truncate": content[:100], "empty": b"", "replace": b"0" * 64 + b"not an archive"}
    path.write_bytes(harmed.get(harm, bytes(content)))
    with caplog.at_level(logging.WARNING):
        assert store() == 2
    assert "is damaged; building it again" in caplog.text
    assert store() == 2


@pytest.mark.parametrize("place", range(0, 600, 37))
def test_no_flipped_bit_comes_back_as_a_number(store, tmp_path, place):
    store()
    path = tmp_path / "tables" / "k.npz"
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << place % 8
    path.write_bytes(bytes(content))
    assert store() == 2


def test_the_oldest_files_make_room(store, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    for i in range(5):
        store(f"k{i}")
        os.utime(tmp_path / "tables" / f"k{i}.npz", (i, i))
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "k2.npz",
        "k3.npz",
        "k4.npz",
    ]


def test_a_folder_that_cannot_be_written_costs_only_time(store, tmp_path, caplog):
    (tmp_path / "tables").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert [store(), store()] == [1, 2]
    assert "not cached" in caplog.text


def test_keys_name_their_parts_and_not_their_join():
    assert cache.content_key(b"ab", b"c") != cache.content_key(b"a", b"bc")
