"""What this engine wants otherwise in `profiles.yml` and `fal_project.yml`."""

from __future__ import annotations

from collections.abc import Iterator

from fal.migrate.document import Document, Mapping, root_mapping
from fal.migrate.findings import Finding

_CLOUD_KEYS = ("host", "key_id", "key_secret")
_ENVIRONMENTS = ("venv", "virtualenv", "conda")


def profile_findings(path: str, document: Document) -> Iterator[Finding]:
    """What `profiles.yml` wants otherwise."""
    root = root_mapping(document)
    if root is None:
        return
    if root.child("config") and root.child("config").key("outputs") is None:  # type: ignore[union-attr]
        message = "`config` of profiles.yml moved: write it under `flags` in dbt_project.yml"
        yield Finding(path, root.line("config"), "flags", message)
    for name in root.keys():  # noqa: SIM118 - not a dict
        profile = root.child(name)
        outputs = profile.child("outputs") if profile else None
        if outputs is None:
            continue
        for target in outputs.keys():  # noqa: SIM118 - not a dict
            output = outputs.child(target)
            if output is not None and output.scalar("type") == "fal":
                yield from _target(path, outputs, output, f"{name}.outputs.{target}")


def _target(path: str, outputs: Mapping, output: Mapping, where: str) -> Iterator[Finding]:
    named = output.scalar("db_profile")
    jinja = "{{" in named
    wanted = outputs.child(named) if named and not jinja else None
    line = output.line("type")
    if not jinja and (wanted is None or wanted.scalar("type") == "fal"):
        message = (
            f"{where}: `db_profile` must name a target of this profile that is not of type fal"
        )
        yield Finding(path, output.line("db_profile" if named else "type"), "fal-profile", message)
    else:
        message = (
            f"{where}: `type: fal` is understood by `fal` and `fal-dbt` as the target {named}; "
            f"plain dbt knows no such type. To drop it, delete the target and run with "
            f"`--target {named}`, or set `target: {named}`"
        )
        yield Finding(path, line, "fal-profile", message)
    for key in _CLOUD_KEYS:
        if output.key(key):
            message = f"{where}: `{key}` belongs to the old tool's cloud and is not read; remove it"
            yield Finding(path, output.line(key), "fal-cloud", message)


def environment_findings(path: str, document: Document) -> Iterator[Finding]:
    """What `fal_project.yml` wants otherwise."""
    root = root_mapping(document)
    if root is None:
        return
    for environment in root.children("environments"):
        name, kind = environment.scalar("name"), environment.scalar("type")
        if name == "local":
            message = "environment local: the name stands for the engine's own; choose another"
            yield Finding(path, environment.line("name"), "environment", message)
        if kind not in _ENVIRONMENTS:
            message = (
                f"environment {name}: there is no type `{kind}`; write `venv` with its "
                "`requirements`, or `conda` with its `packages`"
            )
            yield Finding(path, environment.line("type"), "environment", message)
