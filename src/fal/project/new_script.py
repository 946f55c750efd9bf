"""Writes the files of a new script model."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class NewScript:
    """A script model that is to be made.

    Attributes:
        name: its name.
        calls: the refs and sources that it reads, as SQL spells them, with the name of each one's
            frame in the script.
        sql: where its placeholder goes; `.yml` of the same name is made beside it.
        script: where its script goes.
        attached_as: that file as YAML names it.
        told: that file from the project's folder.
        environment: the environment that it runs in; None for the engine's own.
    """

    name: str
    calls: Sequence[tuple[str, str]]
    sql: Path
    script: Path
    attached_as: str
    told: str
    environment: str | None = None

    def files(self) -> dict[Path, str]:
        """The text of each file."""
        code = self._notebook() if self.script.suffix == ".ipynb" else self._code()
        return {
            self.sql: self._sql(),
            self.script: code,
            self.sql.with_suffix(".yml"): self._yaml(),
        }

    def _sql(self) -> str:
        refs = "".join(f"{{{{ {call} }}}}\n" for call, _frame in self.calls)
        reads = ", which reads" if refs else ""
        return (
            "{{ config(materialized='ephemeral') }}\n"
            f"/*\nWritten by {self.told}{reads}\n{refs}*/\n"
            "select * from {{ this }}\n"
        )

    def _yaml(self) -> str:
        lines = [
            "version: 2",
            "",
            "models:",
            f"  - name: {_yaml_text(self.name)}",
            f"    description: {_yaml_text(f'Written by {self.told}.')}",
            "    config:",
            "      meta:",
            "        fal:",
            *([f"          environment: {_quoted(self.environment)}"] if self.environment else []),
            "          scripts:",
            "            after:",
            f"              - {_quoted(self.attached_as)}",
        ]
        return "\n".join([*lines, ""])

    def _code(self) -> str:
        return (
            "\n\n".join(["\n".join(self._head()), *("\n".join(cell) for cell in self._cells())])
            + "\n"
        )

    def _head(self) -> list[str]:
        return [f'"""Write the table of {self.name}."""', "", "from fal.typing import *"]

    def _cells(self) -> list[list[str]]:
        """The code after the head, as a notebook has it in cells."""
        if not self.calls:
            return [
                ["import pandas as pd"],
                ['result = pd.DataFrame({"id": [1]})  # TODO: make the rows of the table'],
                ["write_to_model(result)"],
            ]
        first = self.calls[0][1]
        return [
            [f"{frame} = {call.replace(chr(39), chr(34))}" for call, frame in self.calls],
            [f"result = {first}  # TODO: make the rows of the table"],
            ["write_to_model(result)"],
        ]

    def _notebook(self) -> str:
        head = ["\n".join(self._head())]
        cells = [*head, *("\n".join(cell) for cell in self._cells())]
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "id": f"cell-{number}",
                    "metadata": {},
                    "outputs": [],
                    "source": cell.splitlines(keepends=True),
                }
                for number, cell in enumerate(cells, 1)
            ],
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return json.dumps(content, indent=1) + "\n"


def _yaml_text(text: str) -> str:
    """A text as YAML spells it, quoted where the bare text would be read as something else."""
    return text if _as_yaml(text) == text else _quoted(text)


def _quoted(text: str) -> str:
    # YAML takes JSON's escapes, but not its two for one character beyond 16 bits.
    return json.dumps(text, ensure_ascii=False)


def _as_yaml(text: str) -> object:
    import yaml

    try:
        return yaml.safe_load(f"text: {text}")["text"]
    except yaml.YAMLError:
        return None


def frame_names(tables: Sequence[str]) -> list[str]:
    """Names for the frames of some tables, each a Python name of its own."""
    taken = {"result", "pd", "ref", "source", "context", "write_to_model", "execute_sql"}
    names: list[str] = []
    for table in tables:
        base = re.sub(r"\W", "_", table)
        base = base if NAME.fullmatch(base) and not _is_keyword(base) else f"frame_{base}"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names.append(name)
    return names


def _is_keyword(name: str) -> bool:
    from keyword import iskeyword, issoftkeyword

    return iskeyword(name) or issoftkeyword(name)
