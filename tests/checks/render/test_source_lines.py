"""Files and lines of places, and the root of the repository."""

import pytest

from checks.render.source_lines import SourceLine, find_repository_root, read_source_line


@pytest.mark.parametrize(
    "place, path, line",
    [
        ("model.py:41 stop_gradient in Model/decoder", "pkg/model.py", 41),
        ("my model.py:7", "pkg/my model.py", 7),
        ("../other.py:3 mul, called at model.py:9", "other.py", 3),
    ],
)
def test_a_place_below_the_root_is_relative_to_it(place, path, line, tmp_path, monkeypatch):
    (tmp_path / "pkg").mkdir()
    monkeypatch.chdir(tmp_path / "pkg")
    assert read_source_line(place, tmp_path) == SourceLine(path, line, is_relative=True)


def test_a_place_elsewhere_keeps_its_absolute_path(tmp_path):
    place = "/usr/lib/model.py:5 mul in Model"
    assert read_source_line(place, tmp_path) == SourceLine("/usr/lib/model.py", 5, False)


@pytest.mark.parametrize(
    "place", ["no source line mul", "optimizer stage 1: clip", "a.py:0 mul", ""]
)
def test_words_without_a_line_are_none(place, tmp_path):
    assert read_source_line(place, tmp_path) is None


def test_the_root_is_the_nearest_folder_with_git(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert find_repository_root() == (tmp_path / "a" / "b").resolve()
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # as in a work tree
    assert find_repository_root() == tmp_path.resolve()
