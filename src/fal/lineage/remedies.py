"""What to do about a read that is not declared."""

from __future__ import annotations

from fal.lineage.facts import Call, Use
from fal.lineage.project_facts import Model, ProjectFacts
from fal.project.model import Script, ScriptedModel


def told_undeclared(
    facts: ProjectFacts, model: Model, scripted: ScriptedModel, script: Script, use: Use, uid: str
) -> str:
    """Tell of an undeclared read, and what to do.

    Args:
        facts: the project.
        model: the model that does not declare it.
        scripted: its scripts.
        script: the one that reads.
        use: what it reads.
        uid: dbt's id of that.
    """
    call = use.call
    if script.is_model:
        return (
            f"the model reads {call} where dbt does not find it, so it may run before that is "
            f"built; dbt finds calls of `dbt.{call}` with literal arguments, in the file itself, "
            "that are no part of a comprehension or a lambda"
        )
    kind = "placeholder" if scripted.placeholder else "model"
    told = f"the script {use.told}, which its {kind} does not declare; "
    return told + _remedy(facts, model, scripted.placeholder, call, uid)


def _remedy(facts: ProjectFacts, model: Model, placeholder: bool, call: Call, uid: str) -> str:
    line = f"-- {{{{ {call} }}}}"
    if facts.is_below(uid, model.unique_id):
        return (
            f"it is built from {model.name}, so it can't be declared, and the script sees it "
            "as an earlier run left it; read something else"
        )
    if model.generated_from is not None:
        return f"add {{{{ {call} }}}} to the docstring at the top of {model.generated_from}"
    if model.is_installed:
        return f"add `{line}` to {model.told} of the package {model.package}"
    if placeholder:
        return f"add `{line}` to {model.told}, or run `fal sync {model.name}`"
    if model.is_python:
        return f"call `dbt.{call}` in {model.told}, so that it is built before the script runs"
    return f"add `{line}` to {model.told}, so that it is built before the script runs"
