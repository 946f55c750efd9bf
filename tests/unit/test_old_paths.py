"""The import paths of the archived tool lead here, and importing them stays light."""

import subprocess
import sys

import pytest

import fal.dbt
import fal.dbt.typing
import fal.typing
import faldbt.project
from fal.dbt.integration import magics
from fal.runtime.context import ModelInfo, SourceInfo, TestInfo


def test_facts_have_their_older_names() -> None:
    assert fal.dbt.DbtModel is ModelInfo
    assert fal.dbt.DbtSource is SourceInfo
    assert issubclass(fal.dbt.DbtGenericTest, TestInfo)
    assert issubclass(fal.dbt.DbtSingularTest, TestInfo)
    assert faldbt.project.DbtModel is ModelInfo


def test_the_older_typing_offers_the_same_names() -> None:
    assert fal.dbt.typing.__all__ == fal.typing.__all__
    assert all(
        getattr(fal.dbt.typing, name) is getattr(fal.typing, name) for name in fal.typing.__all__
    )


def test_the_magic_command_can_be_imported_without_a_notebook() -> None:
    import faldbt.magics

    assert faldbt.magics.init_fal is magics.init_fal


@pytest.mark.parametrize("module", [fal, fal.dbt])
def test_an_unknown_name_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        getattr(module, "Nothing")  # noqa: B009 - type checkers would refuse it


def test_importing_them_imports_neither_dbt_nor_pandas_nor_ipython() -> None:
    code = (
        "import sys, fal, fal.dbt, fal.dbt.typing, faldbt.magics, faldbt.project\n"
        "print([m for m in ('dbt', 'pandas', 'IPython') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "[]\n"
