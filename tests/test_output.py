"""Output files are whole, and a place that cannot be written is one clear error."""

import pytest

from pgat_jax.errors import UserError
from pgat_jax.output import write_output


def test_the_folder_is_made_and_the_content_whole(tmp_path):
    path = write_output(tmp_path / "new" / "f.csv", b"a,b\n")
    assert path.read_bytes() == b"a,b\n"


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(UserError, match="cannot be written"):
        write_output(tmp_path / "file" / "f.csv", b"new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_output(tmp_path / "folder", b"new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == b"old"
