"""What plain dbt would miss in the SQL of placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fal.migrate.findings import Finding

_EPHEMERAL = re.compile(r"materialized\s*=\s*[\"']ephemeral[\"']")
_SCRIPTS = re.compile(r"[\"']scripts[\"']\s*:")
_GENERATED = re.compile(r"FAL_GENERATED [0-9a-f]{32}")
_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*|\{#.*?#\}", re.DOTALL)
_CONFIG = re.compile(r"\{\{\s*config\s*\(.*?\)\s*\}\}", re.DOTALL)
_OWN_TABLE = re.compile(
    r"\{\{[^}]*\b(?:this|model\.(?:name|alias|identifier|relation_name))\b[^}]*\}\}"
)


def sql_findings(path: str, text: str, *, scripted: bool, ephemeral: bool) -> Iterator[Finding]:
    """What a model's SQL wants otherwise.

    Args:
        path: the file.
        text: its SQL.
        scripted: whether YAML attaches after-scripts to the model.
        ephemeral: whether YAML makes the model ephemeral.
    """
    if (generated := _GENERATED.search(text)) is not None:
        message = (
            "the old tool generated this file from a Python model; delete it, `fal flow run` "
            "generates its own"
        )
        yield Finding(path, _line(text, generated.start()), "generated", message)
        return
    placeholder = (scripted or _SCRIPTS.search(text)) and (ephemeral or _EPHEMERAL.search(text))
    if not placeholder or _OWN_TABLE.search(_COMMENTS.sub("", text)):
        return
    body = _CONFIG.sub(_blank, _COMMENTS.sub(_blank, text))
    at = len(body) - len(body.lstrip()) if body.strip() else max(len(text.rstrip()) - 1, 0)
    message = (
        "the placeholder does not select from its own table, so under plain dbt its readers "
        "would not find what the script wrote; end it with `select * from {{ this }}`"
    )
    yield Finding(path, _line(text, at), "placeholder", message)


def _blank(found: re.Match[str]) -> str:
    """Spaces of the same length and lines, so that what follows keeps its place."""
    return re.sub(r"[^\n]", " ", found[0])


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
