"""Tools for developers; they run from a checkout and are not part of the wheel."""
