"""The folder of a training run and the files in it: writing them, and reading them back."""
