from pgat_jax.text_table import TextTable, open_console, print_table


def test_a_table_is_printed_with_caption_heads_and_rows_as_they_are(capsys):
    table = TextTable("a [bold]caption[/bold]", ["name", "value"], [["one", "1"], ["[x]", "1000"]])
    print_table(open_console(), table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["", "a [bold]caption[/bold]"]
    assert any("one" in line and "    1 " in line for line in lines)
    assert any("[x]" in line for line in lines)


def test_without_a_terminal_lines_have_at_most_a_hundred_columns(capsys):
    print_table(open_console(), TextTable("c", ["a", "b"], [["x " * 80, "y " * 80]]))
    assert max(map(len, capsys.readouterr().out.splitlines())) == 100
