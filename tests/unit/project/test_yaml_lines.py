"""The line of a problem is the line a user would jump to."""

from pathlib import Path

import pytest

from fal.project.yaml_lines import find_line

YAML = """\
version: 2
models:
  - name: customers
    meta:
      fal:
        scripts: [train.py]
  - name: orders
    columns:
      - name: after
        meta: {fal: train.py}
    config:
      tags: [train.py]
      meta:
        fal:
          scripts:
            after:
              - train.py
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "models.yml"
    file.write_text(YAML)
    return file


def test_the_value_is_found_in_the_models_own_entry(path: Path) -> None:
    assert find_line(path, "models", "customers", "train.py") == 6
    assert find_line(path, "models", "orders", "train.py") == 17


def test_keys_are_found_in_meta_and_not_in_columns(path: Path) -> None:
    assert find_line(path, "models", "orders", "after") == 16


def test_text_that_is_not_there_gives_the_entrys_first_line(path: Path) -> None:
    assert find_line(path, "models", "orders", "nowhere.py") == 7


def test_an_unknown_model_has_no_line(path: Path) -> None:
    assert find_line(path, "models", "payments", "train.py") is None


@pytest.mark.parametrize("content", [b"models: [", b"- a\n- b\n", b"models: 3\n", b"\xff\xfe", b""])
def test_a_file_that_is_no_dbt_yaml_has_no_lines(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.yml"
    file.write_bytes(content)
    assert find_line(file, "models", "orders", "train.py") is None


def test_sql_and_missing_files_have_no_lines(tmp_path: Path) -> None:
    (tmp_path / "orders.sql").write_text(YAML)
    assert find_line(tmp_path / "orders.sql", "models", "orders", "train.py") is None
    assert find_line(tmp_path / "missing.yml", "models", "orders", "train.py") is None
