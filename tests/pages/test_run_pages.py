"""The page of a run, made anew."""

import shutil

from pgat_jax.pages.run_pages import renew_page
from pgat_jax.storage.loaded_run import load_run


def test_what_is_missing_is_made_and_the_page_is_new(drawn_run, tmp_path):
    run = shutil.copytree(drawn_run, tmp_path / "run")
    for name in ("report.html", "forecasts.csv", "next_days.json"):
        (run / name).unlink()
    shutil.rmtree(run / "pictures")
    said = []
    assert renew_page(load_run(run), said.append) == run / "report.html"
    assert (run / "report.html").stat().st_size > 0
    assert (run / "pictures" / "next_days.png").exists()
    assert (run / "forecasts.csv").read_bytes() == (drawn_run / "forecasts.csv").read_bytes()
    assert said[-2:] == ["pictures ...", "report.html ..."]
