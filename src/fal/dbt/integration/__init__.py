"""Older paths of the notebook's magic command and of `FalDbt`."""
