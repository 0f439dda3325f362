"""The card of a run in a notebook."""

import shutil

from pgat_jax.pages.run_card import write_card


def test_the_card_shows_facts_picture_and_trust(drawn_run):
    card = write_card(drawn_run)
    for words in (drawn_run.name, "tiny-nll", "nasdaq", "0 of 500", "How far to trust it"):
        assert words in card
    assert 'src="data:image/png;base64,' in card
    assert "<script" not in card


def test_a_run_that_was_not_drawn_has_a_card_without_a_picture(make_run, tmp_path):
    run = shutil.copytree(make_run("mse"), tmp_path / "a<b>")
    card = write_card(run)
    assert "<img" not in card and "How far" not in card
    assert "a&lt;b&gt;" in card and "a<b>" not in card
