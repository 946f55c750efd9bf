"""The import paths that `fal migrate` lets stand are those that are there."""

import importlib

import pytest

from fal.migrate.code_files import _KNOWN


@pytest.mark.parametrize("module", sorted(_KNOWN))
def test_every_known_name_can_be_imported(module: str) -> None:
    names = _KNOWN[module]
    found = importlib.import_module(module)
    for name in names or ():
        if not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")


@pytest.mark.parametrize("module", ["fal.dbt", "fal.dbt.integration.project", "faldbt.project"])
def test_every_name_of_the_older_paths_is_known(module: str) -> None:
    assert set(importlib.import_module(module).__all__) <= (_KNOWN[module] or set())
