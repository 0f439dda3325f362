"""The claims of the texts: one a file, called `CAUSE`."""
