"""Shows a script's failure as the user wrote it: their frames, none of the engine's."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import fal
from fal.exceptions import FalError
from fal.project.model import Script
from fal.runtime.output import printable

_ENGINE = str(Path(fal.__file__).parent) + os.sep
_ENGINE_ERROR = re.compile(r"^(\s*\|?\s*)fal\.exceptions\.(?=\w+:)", re.MULTILINE)

Told = traceback.TracebackException


def format_failure(error: BaseException, script: Script, *, full: bool) -> str:
    """Format what a script raised.

    Args:
        error: the exception, as caught around the script.
        script: the script.
        full: whether to keep the engine's own frames, for debugging.

    Returns:
        A traceback like Python's, from the script's frame on, without the frames
        of the engine and of the code below it; ends with the exception's message.
    """
    if isinstance(error, SystemExit):
        return _format_exit(error, script.path)
    told = Told.from_exception(error, compact=True)
    if not full:
        for part, raised in _parts(told, error):
            _trim(part, raised, script)
    return printable(_ENGINE_ERROR.sub(r"\1", "".join(told.format())).rstrip())


def _format_exit(error: SystemExit, script: Path) -> str:
    code = 0 if error.code is None else error.code
    where = _line_in(error.__traceback__, script)
    return printable(
        f"{script}{where}: the script called sys.exit({code!r}); a script ends by reaching its "
        "last line, and an exit counts as its failure"
    )


def _line_in(trace: TracebackType | None, script: Path) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(trace)
        if frame.filename == str(script) and frame.lineno
    ]
    return f":{lines[-1]}" if lines else ""


def _parts(told: Told, error: BaseException) -> Iterator[tuple[Told, BaseException]]:
    """An exception with its causes, contexts and members, each with how it is told."""
    todo: list[tuple[Told | None, BaseException | None]] = [(told, error)]
    seen: set[int] = set()
    while todo:
        part, raised = todo.pop()
        if part is None or raised is None or id(part) in seen:
            continue
        seen.add(id(part))
        todo += [(part.__cause__, raised.__cause__), (part.__context__, raised.__context__)]
        if isinstance(raised, BaseExceptionGroup) and part.exceptions is not None:
            todo += zip(part.exceptions, raised.exceptions, strict=False)
        yield part, raised


def _trim(part: Told, raised: BaseException, script: Script) -> None:
    """Drop the frames above the script, those of the engine and what the engine calls."""
    names = [frame.filename for frame in part.stack]
    start = names.index(str(script.path)) if str(script.path) in names else 0
    kept: list[traceback.FrameSummary] = []
    in_engine = False
    for frame in list(part.stack)[start:]:
        # The engine may call the user's code again, such as a generator of frames.
        in_engine = frame.filename.startswith(_ENGINE) or (
            in_engine and not _is_users(frame, script)
        )
        if not in_engine:
            kept.append(frame)
    part.stack = traceback.StackSummary.from_list(kept)
    if isinstance(raised, FalError):
        # What the engine translated is told by its message.
        part.__cause__ = part.__context__ = None


def _is_users(frame: traceback.FrameSummary, script: Script) -> bool:
    path = Path(frame.filename)
    return any(path.is_relative_to(root) for root in script.roots) and (
        "site-packages" not in path.parts
    )
