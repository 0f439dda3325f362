"""Tests whether the sky helps a forecast: true, absent and false skies under one protocol.

Module `sky_command` is the verb `sky`. The package may import all others but the command line.
"""
