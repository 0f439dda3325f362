"""Output files are whole, and a place that cannot be written is one clear error."""

import logging
import os
from pathlib import Path

import pytest

from pgat_jax.errors import UserError
from pgat_jax.output import (
    ONCE,
    show_messages,
    write_atomically,
    write_output,
    write_together,
    writing,
)


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


def test_a_failed_write_leaves_neither_the_file_nor_a_rest(tmp_path, monkeypatch):
    target = tmp_path / "t.csv"
    target.write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_atomically(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    assert target.read_bytes() == b"old"


def test_files_that_belong_together_are_all_written_or_none(tmp_path):
    write_together({tmp_path / "new" / "a.csv": b"a", tmp_path / "b.png": b"b"})
    assert (tmp_path / "new" / "a.csv").read_bytes() == b"a"
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError, match=r"folder.png: cannot be written \(Is a directory\)"):
        write_together({tmp_path / "b.png": b"new", tmp_path / "folder.png": b"c"})
    assert (tmp_path / "b.png").read_bytes() == b"b"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.png", "folder.png", "new"]


def test_a_file_is_no_more_open_than_the_user_s_other_files(tmp_path):
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "t.csv", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "t.csv").stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"old")
    (tmp_path / "t.csv").symlink_to(tmp_path / "elsewhere")
    write_atomically(tmp_path / "t.csv", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"old"
    assert not (tmp_path / "t.csv").is_symlink()


def test_messages_of_the_package_are_lines_on_stderr_while_they_are_shown(capsys):
    logger = logging.getLogger("pgat_jax.data.source")
    with show_messages():
        logger.info("building %s", "t.csv\x1b[2J")
        logger.debug("detail")
    logger.info("not shown")
    assert capsys.readouterr() == ("", "building t.csv\\x1b[2J\n")


def test_a_message_is_shown_once_although_the_root_logger_has_a_handler(capsys):
    root, handler = logging.getLogger(), logging.StreamHandler()
    root.addHandler(handler)
    try:
        with show_messages():
            logging.getLogger("pgat_jax.data.source").info("building")
    finally:
        root.removeHandler(handler)
    assert capsys.readouterr().err == "building\n"
    assert logging.getLogger("pgat_jax").propagate


def test_an_error_of_the_system_says_how_to_go_on(tmp_path):
    with pytest.raises(UserError) as error, writing(tmp_path):
        raise OSError(28, "No space left on device", str(tmp_path / "f"))
    message = str(error.value)
    assert f"{tmp_path / 'f'} cannot be written (No space left on device)" in message
    assert message.endswith(f"python run.py --resume {tmp_path}")


def test_a_message_to_be_shown_once_is_shown_once(capsys):
    logger = logging.getLogger("pgat_jax.data.source")
    for _ in range(2):
        with show_messages():
            for text in ("a", "b", "a", "a"):
                logger.info(text, extra=ONCE)
            logger.info("c")
            logger.info("c")
    assert capsys.readouterr().err == "a\nb\nc\nc\n" * 2
