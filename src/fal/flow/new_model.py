"""Finds out whether a new script model fits into a project, and where its files go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dbt.config.runtime import RuntimeConfig
from dbt.contracts.files import SchemaSourceFile
from dbt.contracts.graph.manifest import Manifest

from fal.environments.prepare import Environments
from fal.exceptions import NewModelError
from fal.flow.checking import project_resolver
from fal.flow.promotion import ScriptsPath
from fal.lineage.declared import read_call
from fal.lineage.facts import Call
from fal.lineage.project_facts import Resolve
from fal.project.new_script import NAME, NewScript, frame_names


@dataclass(frozen=True)
class Asked:
    """What the command line asks for.

    Attributes:
        name: the model's name.
        folder: where its SQL goes, from the project's folder or the working folder.
        refs: models that it reads: `name`, `package.name`.
        sources: source tables that it reads: `source.table`.
        environment: the environment of its script.
        notebook: whether the script is a notebook.
    """

    name: str
    folder: str
    refs: Sequence[str] = ()
    sources: Sequence[str] = ()
    environment: str | None = None
    notebook: bool = False


def plan_new_script(asked: Asked, manifest: Manifest, config: RuntimeConfig) -> NewScript:
    """Plan the files of a new script model.

    Raises:
        NewModelError: the name is no model's or is taken, a ref or the folder is not there, or a
            file would be overwritten.
    """
    root = Path(config.project_root).resolve()
    _check_name(asked.name, manifest)
    folder, below = _folder(asked.folder, root, config.model_paths)
    calls = _calls(asked, project_resolver(manifest, config), config.project_name)
    if asked.environment is not None and asked.environment != "local":
        problem = Environments(root).problem(asked.environment)
        if problem:
            raise NewModelError(problem)
    base = ScriptsPath(config)(config.project_name) or "."
    if not isinstance(base, str) or not (root / base).resolve().is_relative_to(root):
        raise NewModelError(f"the variable `fal-scripts-path` names no folder of {root}: {base!r}")
    file = f"{asked.name}{'.ipynb' if asked.notebook else '.py'}"
    if (root / base).resolve() == root:
        below = Path("fal_scripts") / below
    attached_as = (below / file).as_posix()
    script = (root / base).resolve() / attached_as
    frames = frame_names([call.parts[-1] for call in calls])
    plan = NewScript(
        name=asked.name,
        calls=list(zip(map(str, calls), frames, strict=True)),
        sql=folder / f"{asked.name}.sql",
        script=script,
        attached_as=attached_as,
        told=script.relative_to(root).as_posix(),
        environment=asked.environment,
    )
    try:
        taken = next((one for one in plan.files() if one.exists() or one.is_symlink()), None)
    except OSError as error:
        raise NewModelError(f"the files can't be made: {error}") from error
    if taken is not None:
        raise NewModelError(f"{taken} is there already, and is not overwritten")
    return plan


def _check_name(name: str, manifest: Manifest) -> None:
    if not NAME.fullmatch(name):
        raise NewModelError(
            f"{name!r} is no name for a model; use letters, digits and underscores, with no digit "
            "first"
        )
    nodes = [*manifest.nodes.values(), *(n for many in manifest.disabled.values() for n in many)]
    for node in nodes:
        # Warehouses and file systems may take capitals for small letters.
        if node.name.lower() == name.lower() and getattr(node, "is_refable", False):
            kind, path = node.resource_type, node.original_file_path
            raise NewModelError(f"the project has a {kind} {node.name} already, in {path}")
    for file in manifest.files.values():
        if isinstance(file, SchemaSourceFile) and any(_describes(file, name)):
            raise NewModelError(
                f"{file.path.original_file_path} has an entry for the model {name} already, and "
                "dbt takes one; move it out, and into the new file again"
            )


def _describes(file: SchemaSourceFile, name: str) -> Iterator[bool]:
    models = file.dict_from_yaml.get("models")
    for model in models if isinstance(models, list) else ():
        yield isinstance(model, dict) and model.get("name") == name


def _folder(told: str, root: Path, model_paths: Sequence[str]) -> tuple[Path, Path]:
    """The folder of the SQL, and the same from the model path that it is in."""
    found = [(base / told).resolve() for base in (Path.cwd(), root)]
    for folder in found:
        for model_path in model_paths:
            models = (root / model_path).resolve()
            if folder.is_dir() and folder.is_relative_to(models):
                return folder, folder.relative_to(models)
    folders = [folder for path in model_paths for folder in _folders(root / path)]
    names = [folder.relative_to(root).as_posix() for folder in folders]
    if any(folder.is_dir() for folder in found):
        paths = ", ".join(model_paths)
        raise NewModelError(f"the folder {told} is in none of the project's model paths ({paths})")
    near = get_close_matches(told.rstrip("/"), names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"
    raise NewModelError(f"there is no folder {told}; {hint}")


def _folders(base: Path) -> list[Path]:
    if not base.is_dir():
        return []
    found = [folder for folder in sorted(base.rglob("*")) if folder.is_dir()]
    return [base.resolve(), *(folder.resolve() for folder in found)]


def _calls(asked: Asked, resolve: Resolve, project: str) -> list[Call]:
    calls = [Call("ref", tuple(_parts(name))) for name in asked.refs]
    for name in asked.sources:
        parts = name.split(".")
        if len(parts) != 2:
            raise NewModelError(
                f"--source names a source and a table, as in raw.orders, not {name}"
            )
        calls.append(Call("source", (parts[0], parts[1])))
    for call in calls:
        found = resolve(call, project)
        if found.unique_id is None or read_call(str(call)) is None:
            raise NewModelError(f"{call} {found.hint}")
    return list(dict.fromkeys(calls))


def _parts(name: str) -> list[str]:
    package, dot, model = name.partition(".")
    return [package, model] if dot else [name]
