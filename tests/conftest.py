"""What all tests run with."""

from __future__ import annotations

import gc

# As the command line does: many tests run its commands in this process.
gc.set_threshold(50_000, 20, 50)
