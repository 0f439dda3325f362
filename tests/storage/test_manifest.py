"""The manifest of a step's folder: what counts as damage."""

import json

import pytest

from pgat_jax.storage.manifest import META, find_damage, read_json, replace_meta, write_manifest


@pytest.fixture
def step(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "array").write_bytes(bytes(range(100)))
    (tmp_path / "meta").mkdir()
    (tmp_path / META).write_text('{"step": 1}')
    write_manifest(tmp_path)
    return tmp_path


def test_a_step_with_its_manifest_is_sound(step):
    assert find_damage(step) is None


def test_hidden_files_are_no_part_of_a_step(step):
    (step / ".partial").write_bytes(b"x")
    assert find_damage(step) is None


def test_a_changed_byte_is_damage(step):
    path = step / "params" / "array"
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    assert find_damage(step) == "params/array does not match its checksum"


def test_a_missing_file_is_damage(step):
    (step / "params" / "array").unlink()
    assert find_damage(step) == "params/array is missing"


def test_a_file_that_was_added_is_damage(step):
    (step / "more").touch()
    assert find_damage(step) == "more does not match its checksum"


def test_no_manifest_means_that_the_step_was_not_saved_whole(step):
    (step / "manifest.json").unlink()
    assert find_damage(step) == "it has no checksums: its saving was cut short"


def test_a_manifest_that_was_written_by_another_program_is_damage(step):
    path = step / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert find_damage(step) == "manifest.json cannot be read"


def test_a_file_that_is_about_to_change_may_be_old_or_new(step):
    write_manifest(step, {META: [2, 0]})
    assert find_damage(step) is None


def test_the_meta_is_replaced_and_the_step_stays_sound(step):
    replace_meta(step, {"step": 1, "validation_loss": 0.5})
    assert read_json(step / META) == {"step": 1, "validation_loss": 0.5}
    assert find_damage(step) is None
    assert json.loads((step / "manifest.json").read_text())["coming"] == {}


def test_the_same_meta_is_not_written_again(step):
    before = (step / META).stat().st_mtime_ns
    replace_meta(step, {"step": 1})
    assert (step / META).stat().st_mtime_ns == before


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_none(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert read_json(path) is None
    assert read_json(tmp_path / "none") is None
