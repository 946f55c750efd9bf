"""Imports run one way, as docs/architecture.md says; read from the syntax trees."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import fal

ROOT = Path(fal.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("fal", "faldbt")
    for path in sorted((ROOT.parent / top).rglob("*.py"))
}

# What a package may import besides itself and `fal.exceptions`; what is not listed is new and
# has to find its place here first.
ALLOWED: dict[str, set[str]] = {
    "fal": set(),
    "fal.__main__": {"fal.cli"},
    "fal.typing": {"fal.runtime"},
    "fal.exceptions": set(),
    "fal.project": set(),
    "fal.warehouse": set(),
    "fal.migrate": set(),
    "fal.plan": set(),
    "fal.environments": set(),
    "fal.artifacts": {"fal.warehouse"},
    "fal.lineage": {"fal.project", "fal.warehouse"},
    "fal.runtime": {"fal.artifacts", "fal.project", "fal.warehouse", "fal.environments", "fal"},
    "fal.report": {"fal.runtime"},
    "fal.docs": {"fal.report"},
    "fal.flow": {
        "fal.artifacts",
        "fal.docs",
        "fal.runtime",
        "fal.report",
        "fal.lineage",
        "fal.project",
        "fal.warehouse",
        "fal.environments",
        "fal.plan",
    },
}
# Beside the engine; they may use all of it but are used by the command line alone, or lead to
# it under other names (`fal.dbt`, `faldbt`).
OUTER = {
    *("fal.cli", "fal.integrations", "fal.check"),
    *("fal.dbt", "faldbt"),
}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions and `if TYPE_CHECKING:`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield full if full in MODULES else module


def package(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "faldbt":
        return "faldbt"
    single = len(parts) == 1 or (len(parts) == 2 and MODULES[module].name != "__init__.py")
    return module if single else ".".join(parts[:2])


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    own = package(module)
    used = {package(name) for name in imports(MODULES[module]) if name in MODULES}
    if own in OUTER:
        return
    assert used - {own, "fal.exceptions"} <= ALLOWED[own]


@pytest.mark.parametrize("module", MODULES)
def test_only_the_engine_room_imports_dbt(module: str) -> None:
    foreign = {name.split(".")[0] for name in imports(MODULES[module])}
    if foreign & {"dbt", "dbt_common"}:
        assert package(module) == "fal.flow"


def test_no_module_imports_itself_over_others() -> None:
    graph = {
        module: {name for name in imports(path) if name in MODULES and name != module}
        for module, path in MODULES.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_modules_stay_below_300_lines_and_say_what_they_are(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert len(text.splitlines()) < 300
    assert ast.get_docstring(ast.parse(text)), f"{module} has no docstring"


def test_importing_the_command_line_does_not_import_dbt_or_pandas() -> None:
    eager = {
        name.split(".")[0]
        for module in ("fal", "fal.cli.main", "fal.exceptions", "fal.runtime.names")
        for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
    }
    assert not eager & {"dbt", "dbt_common", "pandas", "pyarrow", "duckdb"}
