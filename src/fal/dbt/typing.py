"""The names that a script finds, under their older path; see `fal.typing`."""

from fal.typing import *  # noqa: F403
from fal.typing import __all__ as __all__
