"""Runs real trainings that are killed, damaged and disturbed at random until they end."""
