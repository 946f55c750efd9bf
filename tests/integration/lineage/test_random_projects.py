"""In random projects, check finds exactly what was planted, and sync leaves nothing to find."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.planted import HELPER, ONE, SEVERAL, UNDECIDABLE, Piece, one, several
from tests.support.project import Project


@dataclass
class Planted:
    """A model `m<place>` of a random project.

    Attributes:
        pieces: the code of its script; empty for a SQL model.
        declared: what its placeholder declares.
        undecidable: code that reads what can't be told; empty for none.
        style: how its comment is written.
    """

    pieces: list[Piece] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    undecidable: str = ""
    style: str = "-- {}"

    @property
    def reads(self) -> set[str]:
        return {name for piece in self.pieces for name in piece.reads}

    @property
    def code(self) -> str:
        parts = [piece.code for piece in self.pieces]
        unknown = [self.undecidable] if self.undecidable else []
        return "\n".join([*parts, *unknown, "write_to_model(0)"])


@st.composite
def projects(draw: st.DrawFn) -> list[Planted]:
    models = [Planted(), Planted()]
    for place in range(2, draw(st.integers(5, 12))):
        names = st.sampled_from([f"m{number}" for number in range(place)])
        some = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
        pieces = st.one_of(
            st.builds(one, st.sampled_from(sorted(ONE)), names),
            st.builds(several, st.sampled_from(sorted(SEVERAL)), some),
        )
        model = Planted(draw(st.lists(pieces, min_size=1, max_size=3)))
        model.declared = draw(st.sets(names)) | draw(st.sets(st.sampled_from(sorted(model.reads))))
        if draw(st.integers(0, 5)) == 0:
            model.undecidable = draw(st.sampled_from(UNDECIDABLE[:-1]))
        model.style = draw(st.sampled_from(["-- {}", "/* {} */", "/*\n  {}\n*/"]))
        models.append(model)
    return models


def write(models: list[Planted], root: Path) -> Project:
    project = Project(root)
    project.script("shared/load.py", HELPER)
    for place, model in enumerate(models):
        name = f"m{place}"
        if not model.pieces:
            project.model(name, "select 1 as m0")
            continue
        project.placeholder(name, code=model.code)
        calls = [model.style.format(f"{{{{ ref('{read}') }}}}") for read in sorted(model.declared)]
        lines = ["{{ config(materialized='ephemeral') }}", *calls, "select * from {{ this }}", ""]
        project.file(f"models/{name}.sql", "\n".join(lines))
    return project


def found(project: Project) -> dict[tuple[str, str], set[str]]:
    rows = json.loads(project.fal("check", "--output", "json").output)["findings"]
    result: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row["model"] is None:
            assert row["file"] == "fal_scripts/shared/load.py"  # which nobody imports
            continue
        read = row["message"].partition("ref('")[2].partition("'")[0]
        name = row["model"].rpartition(".")[2]
        known = result.setdefault((name, row["code"]), set())
        if row["code"] != "undecidable-ref":
            known.add(read)
    return result


def expected(models: list[Planted], *, synced: bool) -> dict[tuple[str, str], set[str]]:
    result: dict[tuple[str, str], set[str]] = {}
    for place, model in enumerate(models):
        name = f"m{place}"
        if model.undecidable:
            result[name, "undecidable-ref"] = set()
        undeclared = model.reads - model.declared
        if undeclared and not synced:
            result[name, "undeclared-ref"] = undeclared
        stale = model.declared - model.reads if model.pieces and not model.undecidable else set()
        if stale and not synced:
            result[name, "stale-ref"] = stale
    return result


@settings(
    deadline=None,
    max_examples=3,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(projects())
def test_check_finds_what_was_planted_and_sync_repairs_it(models: list[Planted]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = write(models, Path(folder))
        assert found(project) == expected(models, synced=False)
        project.fal("sync", "--all").ok()
        files = {path: path.read_bytes() for path in project.root.glob("models/*.sql")}
        assert "Nothing to repair." in project.fal("sync", "--all").ok().output
        assert {path: path.read_bytes() for path in files} == files
        assert found(project) == expected(models, synced=True)
