"""Writes the folder of a training run and the files in it, and reads them back."""
