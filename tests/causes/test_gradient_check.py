"""The verb `check` reports what a fault takes, and leaves faults out on request."""

import pytest

from pgat_jax.cli import run


def test_check_reports_what_a_fault_takes(capsys):
    assert run(["check", "--config", "tiny", "--static", "--fault", "petri_states_unused"]) == 1
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.strip().startswith("petri_states_unused"))
    assert row.split()[1:3] == ["disconnected", "24"]
    assert "predicted by no fault: none" in out


def test_a_fault_of_the_configuration_is_left_out(capsys):
    words = ["check", "--config", "tiny", "--static", "faults=[petri_states_unused]"]
    assert run([*words, "--without", "petri_states_unused"]) == 0
    assert "petri_states_unused" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "--config", "tiny", "--fault", "bypass"], "fault 'bypass': there is none"),
        (["check", "--config", "tiny", "--without", "x"], "--without x: the configuration has no"),
        (["train", "--config", "original"], "only the verbs `check` and `causes` impose"),
        (["bench", "--config", "original"], "only the verbs `check` and `causes` impose"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, capsys):
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1
