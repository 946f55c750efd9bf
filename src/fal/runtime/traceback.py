"""Shows a script's failure as the user wrote it: their frames, none of the engine's."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from types import TracebackType

import fal
from fal.exceptions import FalError

_ENGINE = str(Path(fal.__file__).parent) + os.sep


def format_failure(error: BaseException, script: Path, *, full: bool) -> str:
    """Format what a script raised.

    Args:
        error: the exception, as caught around the script.
        script: the script's file.
        full: whether to keep the engine's own frames, for debugging.

    Returns:
        A traceback like Python's, from the script's frame on, without the frames
        of the engine and of the code below it; ends with the exception's message.
    """
    if isinstance(error, SystemExit):
        return _format_exit(error, script)
    told = traceback.TracebackException.from_exception(error, compact=True)
    if not full:
        _trim(told, script, is_engine=isinstance(error, FalError))
    text = "".join(told.format())
    return _tell_plainly(text, error).rstrip()


def _format_exit(error: SystemExit, script: Path) -> str:
    code = 0 if error.code is None else error.code
    where = _line_in(error.__traceback__, script)
    return (
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


def _trim(told: traceback.TracebackException, script: Path, *, is_engine: bool) -> None:
    """Drop frames above the script, and those of the engine, all along the chain."""
    seen: set[int] = set()
    todo: list[tuple[traceback.TracebackException | None, bool]] = [(told, is_engine)]
    while todo:
        part, cut_below = todo.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = _users_frames(part.stack, str(script), cut_below=cut_below)
        # What the engine translated is told by the message; its cause is ours, not theirs.
        todo += [] if cut_below else [(part.__cause__, False), (part.__context__, False)]
        if cut_below:
            part.__cause__ = part.__context__ = None


def _users_frames(
    stack: traceback.StackSummary, script: str, *, cut_below: bool
) -> traceback.StackSummary:
    names = [frame.filename for frame in stack]
    start = names.index(script) if script in names else 0
    kept = list(stack)[start:]
    if cut_below:
        kept = kept[: next((i for i, f in enumerate(kept) if _is_engine(f)), len(kept))]
    frames = [frame for frame in kept if not _is_engine(frame)]
    return traceback.StackSummary.from_list(frames)


def _is_engine(frame: traceback.FrameSummary) -> bool:
    return frame.filename.startswith(_ENGINE)


def _tell_plainly(text: str, error: BaseException) -> str:
    """Drop the package from the engine's own exception names."""
    if not isinstance(error, FalError):
        return text
    name = type(error).__name__
    return text.replace(f"{type(error).__module__}.{name}", name)
