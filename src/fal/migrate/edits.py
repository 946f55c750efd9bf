"""Edits YAML files line by line, so that all else in them stays byte for byte.

Every edit is made twice: in the text, and in the data that the text held. The edited text
is taken only if it reads as the edited data.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from fal.migrate.document import Document, UnreadableError, mapping_at, read
from fal.migrate.findings import AddFlag, Change, Nest, Rename
from fal.migrate.splices import Splice, UnsafeError, flag_splices, nest_splices, spliced


def edit(document: Document, changes: Sequence[Change]) -> tuple[str, list[Change]]:
    """Make the changes that can be made safely.

    Args:
        document: the file as it is.
        changes: what should become of it.

    Returns:
        The new text, and the changes that are in it. Left out is what can't be told in
        the file's way of writing (anchors, for one) without changing what else it says.
    """
    done: list[Change] = []
    _add(document, done, list(changes))
    return _edited(document, done) or document.text, done


def _add(document: Document, done: list[Change], more: list[Change]) -> None:
    """Add those of the changes that go together with the ones before."""
    if _edited(document, [*done, *more]) is not None:
        done += more
    elif len(more) > 1:
        half = len(more) // 2
        _add(document, done, more[:half])
        _add(document, done, more[half:])


def _edited(document: Document, changes: Sequence[Change]) -> str | None:
    """The text with the changes; None unless it says what the changed data says."""
    try:
        splices = [splice for change in changes for splice in _splices(document, change)]
        text = spliced(document.text, splices)
        expected = changed(document.data, changes)
        return text if _same(read(text).data, expected) else None
    except (UnsafeError, UnreadableError, RecursionError):
        return None


def changed(data: Any, changes: Sequence[Change]) -> Any:
    """The data of a file as the changes make it.

    Raises:
        UnsafeError: a change does not fit the data.
    """
    data = deepcopy(data)
    # The deepest first: a renamed key is part of the places below it.
    for change in sorted(changes, key=_depth, reverse=True):
        if isinstance(change, AddFlag):
            _target(data, "flags")[change.name] = True
            continue
        holder = data
        try:
            for step in change.place:
                holder = holder[step]
        except (KeyError, IndexError, TypeError) as error:
            raise UnsafeError("the place is not there") from error
        if isinstance(change, Rename):
            _rename(holder, change)
        else:
            _nest(holder, change)
    return data


def _depth(change: Change) -> int:
    return 0 if isinstance(change, AddFlag) else len(change.place)


def _nest(holder: dict[str, Any], change: Nest) -> None:
    target = _target(holder, change.under)
    for key in change.keys:
        if key in target or key not in holder:
            raise UnsafeError(f"{key} is not there, or is under {change.under} already")
        target[key] = holder.pop(key)


def _rename(holder: dict[str, Any], change: Rename) -> None:
    if change.new in holder:
        # An anchor's mapping stands at several places and was renamed at the first.
        if change.old in holder:
            raise UnsafeError(f"both {change.old} and {change.new} are there")
        return
    renamed = {change.new if key == change.old else key: holder[key] for key in holder}
    holder.clear()
    holder.update(renamed)


def _target(holder: Any, name: str) -> dict[str, Any]:
    if holder.get(name) is None:
        holder[name] = {}
    target = holder[name]
    if not isinstance(target, dict):
        raise UnsafeError(f"{name} is no mapping")
    return target


def _splices(document: Document, change: Change) -> list[Splice]:
    if isinstance(change, AddFlag):
        return flag_splices(document, change)
    mapping = mapping_at(document, change.place)
    if mapping is None:
        raise UnsafeError("there is no mapping")
    if isinstance(change, Nest):
        return nest_splices(document, mapping, change)
    key = mapping.key(change.old)
    if key is None:
        raise UnsafeError(f"{change.old} is not there")
    start, end = key.start_mark.index, key.end_mark.index
    written = document.text[start:end]
    return [Splice(start, end, written.replace(change.old, change.new))]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return repr(one) == repr(other)
