"""Reads users' files of daily prices: pandas and pyarrow read cells, and the rules here read them.

`content` and `text` give the text of a file, `layout` its separator and header, `recognition` the
columns by name, `dates`, `numbers` and `order` the values, and `user_rows` puts them together.
What is ambiguous is refused, with a line of pandas that mends the file.
"""
