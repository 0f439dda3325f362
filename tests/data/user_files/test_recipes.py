"""The lines of pandas in errors: one line, with names quoted as Python does."""

from pgat_jax.data.user_files.recipes import convert_dates, write_recipe


def test_a_recipe_reads_changes_and_writes_beside_the_file():
    recipe = write_recipe("my dir/it's #1.txt", "pd.read_csv(x)", "df = df[1:]")
    assert recipe == (
        "in Python: import pandas as pd; df = pd.read_csv(x); df = df[1:]; "
        """df.to_csv("my dir/it's #1_mended.csv", index=False)"""
    )


def test_a_column_is_replaced_by_dates():
    assert convert_dates("a'b", "x") == """df["a'b"] = x.dt.date"""
