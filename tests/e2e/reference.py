"""The reference project, which is this repository, copied."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.commands import REPOSITORY, Project

SCRIPT_MODEL = "customers_predicted_ltvs"

DOMAIN = "jaffle_shop"
_DOMAINS = ("data", "fal_scripts", "macros", "models", "snapshots", "tests/data")
_REFERENCE = ("dbt_project.yml", "profiles.yml", *_DOMAINS)


def copy_reference(root: Path, *domains: str) -> Project:
    """Copy the reference project, which is this repository, without anything built.

    Args:
        root: the copy's folder.
        domains: the domains that come with it; the jaffle shop alone, if none is named.
    """
    wanted = domains or (DOMAIN,)
    others = {path.name for name in _DOMAINS for path in (REPOSITORY / name).glob("*/")} - {*wanted}
    for name in _REFERENCE:
        source = REPOSITORY / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", *others)
            shutil.copytree(source, root / name, ignore=ignored)
        elif source.exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / name)
    return Project(root)


def assert_one_sane_row_per_customer(project: Project) -> None:
    (counts,) = project.query(
        f"""
        select
            (select count(*) from raw_customers),
            (select count(*) from {SCRIPT_MODEL}),
            (select count(distinct customer_id) from {SCRIPT_MODEL}),
            (select count(*) from fct_customers),
            (select count(distinct customer_id) from fct_customers)
        """
    )
    assert len(set(counts)) == 1
    assert counts[0] > 0
    (implausible,) = project.query(
        """
        select count(*) from fct_customers
        where not (probability_alive between 0 and 1) or expected_orders_30d < 0
            or lifetime_value is null or lifetime_value < 0 or not isfinite(lifetime_value)
        """
    )
    assert implausible == (0,)
