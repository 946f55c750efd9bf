"""The program that a script's own process runs, by the Python of its environment.

It is run by its path. The engine's package is put in place by hand, since the folder that
holds it also holds the engine's other packages, which are not the environment's.
"""

import importlib.util
import sys
from pathlib import Path


def _engine() -> None:
    """Make `fal`, and its older name, importable, and nothing beside them."""
    for name in ("fal", "faldbt"):
        folder = Path(__file__).resolve().parents[2] / name
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


if __name__ == "__main__":
    _engine()

    from fal.runtime.remote_worker import main

    main(*map(int, sys.argv[1:]))
