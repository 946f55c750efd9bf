"""Random projects with scripts, and random selections in them."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.support.project import Project
from tests.support.selection_rules import Model, Shape

# One file name in two folders, and one that is a model's and a source's name too.
SCRIPTS = ("load.py", "m0.py", "check.py", "sub/load.py", "sub/train.ipynb")
LISTS: list[tuple[str, ...]] = [(path,) for path in SCRIPTS] + [*itertools.permutations(SCRIPTS, 2)]
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
TABLES = ("raw.t0", "raw.t1", "m0.t0")


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    scripts = st.sampled_from([(), *LISTS])
    models: list[Model] = []
    for at in range(draw(st.integers(4, 9))):
        kind = draw(st.sampled_from(["view", "view", "placeholder", "ephemeral"]))
        plain = kind == "ephemeral"
        after = () if plain else draw(scripts)
        earlier = [model.name for model in models]
        models.append(
            Model(
                name=f"m{at}",
                kind=kind,
                folder=draw(st.sampled_from(["a", "b"])),
                tags=draw(st.frozensets(st.sampled_from(["x", "y"]))),
                reads=tuple(draw(st.sets(st.sampled_from(earlier), max_size=2)) if earlier else ()),
                tables=tuple(draw(st.sets(st.sampled_from(TABLES), max_size=1))),
                before=() if plain else draw(scripts),
                after=after or (("check.py",) if kind == "placeholder" else ()),
            )
        )
    owners = st.sampled_from(["raw", "raw.t0", "m0"])
    loads = draw(st.dictionaries(owners, st.sampled_from(LISTS), max_size=3))
    if loads.get("raw") == loads.get("raw.t0"):  # which is how a table inherits
        loads.pop("raw.t0", None)
    return Shape(tuple(models), TABLES, loads)


@st.composite
def words(draw: st.DrawFn) -> str:
    names = [
        *(f"m{at}" for at in range(9)),
        *(
            "*.ipynb",
            "load.py",
            "m0.py",
            "check.py",
            "train.ipynb",
            "*.py",
            "m1.sql",
            "file:load",
            "file:t*",
        ),
        *(f"fal_scripts/{path}" for path in SCRIPTS),
        *("sub/train.ipynb", "path:fal_scripts/sub", "path:fal_scripts", "path:models/a"),
        *("tag:x", "tag:y", "a", "b", "source:raw", "source:raw.t0", "source:m0"),
        *("shop", "package:shop", "*", "nothing", "nothing.py", "sub/nothing.py"),
    ]
    before = ["", "", "+", "1+", "2+", "@"]
    after = ["", "", "+", "+1", "+2"]

    def atom() -> str:
        # Scripts are what this is about, so names of files come more often.
        name = draw(st.one_of(st.sampled_from(names), st.sampled_from(names[:20])))
        prefix = draw(st.sampled_from(before))
        return f"{prefix}{name}{'' if prefix == '@' else draw(st.sampled_from(after))}"

    parts = [
        ",".join(atom() for _ in range(draw(st.sampled_from([1, 1, 1, 2]))))
        for _ in range(draw(st.sampled_from([1, 1, 1, 2])))
    ]
    return " ".join(parts)


selections = st.tuples(
    st.lists(words(), max_size=3).map(tuple), st.lists(words(), max_size=2).map(tuple)
)


def build(root: Path, shape: Shape) -> Project:
    project = Project(root)
    for script in SCRIPTS:
        project.script(script, NOTEBOOK if script.endswith(".ipynb") else "")
    for model in shape.models:
        calls = [f"{{{{ ref('{name}') }}}}" for name in model.reads]
        calls += ["{{{{ source('{}', '{}') }}}}".format(*name.split(".")) for name in model.tables]
        kind = "view" if model.kind == "view" else "ephemeral"
        told = "\n".join(f"-- {call}" for call in calls)
        sql = f"{{{{ config(materialized='{kind}') }}}}\n{told}\nselect 1 as x\n"
        project.file(f"models/{model.folder}/{model.name}.sql", sql)
    models = [
        {"name": model.name, "config": {"tags": sorted(model.tags), "meta": _meta(model)}}
        for model in shape.models
    ]
    sources: dict[str, dict[str, Any]] = {}
    for table in shape.tables:
        source, _, name = table.partition(".")
        entry = sources.setdefault(source, {"name": source, "tables": []})
        entry["tables"].append({"name": name, **_loads(shape, table)})
        entry.update(_loads(shape, source))
    return project.yaml("models/all.yml", {"models": models, "sources": [*sources.values()]})


def _meta(model: Model) -> dict[str, Any]:
    if not model.before and not model.after:
        return {}
    return {"fal": {"scripts": {"before": [*model.before], "after": [*model.after]}}}


def _loads(shape: Shape, owner: str) -> dict[str, Any]:
    scripts = [*shape.loads.get(owner, ())]
    return {"config": {"meta": {"fal": {"scripts": {"before": scripts}}}}} if scripts else {}
