"""Resolves a script's refs and sources as dbt resolves them, and keeps lineage honest."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from dbt.context.providers import RuntimeRefResolver, RuntimeSourceResolver
from dbt.contracts.graph.manifest import Disabled
from dbt.exceptions import TargetNotFoundError
from dbt_common.exceptions import DbtRuntimeError

from fal.exceptions import RefError, UndeclaredRefError
from fal.project.generated import generated_from

Warn = Callable[[str], None]


class Lineage:
    """Holds what a script reads against what its model declares.

    A placeholder must declare what its scripts read: else dbt might run it before
    its parents. An ordinary model's SQL declares what the SQL reads, so its scripts
    may read more, and the run says so.

    Args:
        node: the model's node.
        placeholder: whether scripts build it.
        warn: takes a warning.
        strict: whether an undeclared read of a placeholder's script fails; else it is warned of.
    """

    def __init__(self, node: Any, *, placeholder: bool, warn: Warn, strict: bool = True) -> None:
        self.node = node
        self._allowed = {*node.depends_on.nodes, node.unique_id}
        self._placeholder, self._strict = placeholder, strict
        self._warn = warn

    def check(self, unique_id: str, call: str, does: str | None = None) -> None:
        """Check one read.

        Args:
            unique_id: what is read.
            call: the call that reads it, such as `ref('orders')`.
            does: what the script does, for messages; it reads that without it.

        Raises:
            UndeclaredRefError: the placeholder does not declare it.
        """
        if unique_id in self._allowed:
            return
        does = does or f"reads {call}"
        path = self.node.original_file_path
        if self._placeholder and path.endswith(".py"):
            raise UndeclaredRefError(
                f"the model {does} where dbt did not find it in {path}, so dbt may run the "
                f"model before that is built; dbt finds calls of `dbt.{call}` with literal "
                "arguments that are no part of a comprehension or a lambda"
            )
        if self._placeholder:
            remedy = self._remedy(call)
            if self._strict:
                raise UndeclaredRefError(
                    f"the script {does}, which its placeholder does not declare, so dbt may "
                    f"run it before that is built; {remedy}"
                )
            self._allowed.add(unique_id)
            self._warn(
                f"{does}, which its placeholder does not declare, so dbt may run it before "
                f"that is built; {remedy}"
            )
            return
        self._allowed.add(unique_id)
        self._warn(
            f"{does}, which {path} does not depend on: the script may see it as an "
            "earlier run left it"
        )

    def _remedy(self, call: str) -> str:
        file = generated_from(self.node.raw_code)
        if file is not None:
            return f"add {{{{ {call} }}}} to the docstring at the top of {file}"
        return (
            f"add {{{{ {call} }}}} to the comment in {self.node.original_file_path}, or run "
            f"`fal sync {self.node.name}`"
        )


class ScriptRefResolver(RuntimeRefResolver):
    """dbt's `ref`, with the engine's lineage check and hints."""

    def __init__(self, lineage: Lineage | None, *args: Any) -> None:
        super().__init__(*args)
        self._lineage = lineage

    def resolve(
        self, target_name: str, target_package: Any = None, target_version: Any = None
    ) -> Any:
        try:
            return super().resolve(target_name, target_package, target_version)
        except TargetNotFoundError as error:
            raise RefError(self._not_found(target_name, target_package, target_version)) from error

    def find(self, name: str, package: str | None = None, version: Any = None) -> Any:
        """The node that a name means."""
        return self.manifest.resolve_ref(
            self.model, name, package, version, self.current_project, self.model.package_name
        )

    def validate(self, resolved: Any, target_name: str, package: Any, version: Any) -> None:
        if self._lineage is not None:
            self._lineage.check(resolved.unique_id, ref_call(target_name, package, version))

    def _not_found(self, name: str, package: str | None, version: Any) -> str:
        call = ref_call(name, package, version)
        if isinstance(self.find(name, package, version), Disabled):
            return f"{call}: the model is disabled"
        nodes = [n for n in self.manifest.nodes.values() if n.is_refable]
        same = [n for n in nodes if n.name == name]
        if same and version is not None:
            versions = ", ".join(sorted(str(n.version) for n in same if n.version is not None))
            return f"{call}: the model {name} has the versions: {versions or 'none'}"
        near = get_close_matches(name, {n.name for n in nodes}, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`fal-dbt ls` lists all names"
        return f"{call}: there is no model, seed or snapshot of that name; {hint}"


class ScriptSourceResolver(RuntimeSourceResolver):
    """dbt's `source`, with the engine's lineage check and hints."""

    def __init__(self, lineage: Lineage | None, *args: Any) -> None:
        super().__init__(*args)
        self._lineage = lineage

    def resolve(self, source_name: str, table_name: str) -> Any:
        try:
            relation = super().resolve(source_name, table_name)
        except TargetNotFoundError as error:
            raise RefError(self._not_found(source_name, table_name)) from error
        if self._lineage is not None:
            node = self.find(source_name, table_name)
            self._lineage.check(node.unique_id, source_call(source_name, table_name))
        return relation

    def find(self, source_name: str, table_name: str) -> Any:
        """The source's node."""
        return self.manifest.resolve_source(
            source_name, table_name, self.current_project, self.model.package_name
        )

    def _not_found(self, source_name: str, table_name: str) -> str:
        names = {f"{n.source_name}.{n.name}" for n in self.manifest.sources.values()}
        near = get_close_matches(f"{source_name}.{table_name}", names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"{source_call(source_name, table_name)}: there is no such source table{hint}"


def ref_call(name: str, package: str | None = None, version: Any = None) -> str:
    """Write a `ref` as SQL and scripts spell it."""
    parts = [repr(part) for part in (package, name) if part is not None]
    if version is not None:
        parts.append(f"v={version!r}")
    return f"ref({', '.join(parts)})"


def source_call(source_name: str, table_name: str) -> str:
    """Write a `source` as SQL and scripts spell it."""
    return f"source({source_name!r}, {table_name!r})"


def resolve_or_explain(resolve: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a resolver; dbt's own refusals become RefErrors."""
    try:
        return resolve(*args, **kwargs)
    except DbtRuntimeError as error:
        raise RefError(str(error.msg)) from error


def build_command(model: str, config: Any) -> str:
    """The command that builds a model in the target of this run."""
    target = getattr(config.args, "TARGET", None)
    return f"fal flow run --select {model}" + (f" --target {target}" if target else "")
