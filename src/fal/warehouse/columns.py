"""Column names: what a table may be called by, and how two sets of names are matched."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from fal.exceptions import FrameError
from fal.warehouse.identifiers import in_frame


def column_names(labels: Iterable[object], *, what: str) -> list[str]:
    """Turn the labels of a frame's columns into the names of a table's columns.

    Args:
        labels: The labels from left to right; ones that are not strings become `str(label)`.
        what: The target, for messages.

    Returns:
        One name per label, all distinct even when case is ignored.

    Raises:
        FrameError: There are no columns, a name is empty or no valid text, the labels have
            several levels, or two names differ in nothing or only in case (a warehouse takes
            those for one column).
    """
    if isinstance(labels, pd.MultiIndex):
        raise FrameError(
            f"{what}: the columns have {labels.nlevels} levels, such as {labels[:1].tolist()}; "
            'flatten them first, e.g. df.columns = ["_".join(map(str, c)) for c in df.columns]'
        )
    names = [label if isinstance(label, str) else str(label) for label in labels]
    if not names:
        raise FrameError(f"{what}: the frame has no columns; a table needs at least one")
    empty = [str(place) for place, name in enumerate(names, start=1) if not name]
    if empty:
        raise FrameError(f"{what}: column number {', '.join(empty)} has an empty name; name it")
    for place, name in enumerate(names, start=1):
        # No warehouse can be told such a name: SQL is text in UTF-8 and ends at a NUL.
        if "\0" in name or not is_unicode(name):
            raise FrameError(
                f"{what}: the name of column number {place}, {name!r}, holds a character that "
                "SQL cannot; rename it"
            )
    if clashes := _clashes(names):
        raise FrameError(
            f"{what}: a warehouse takes these columns for one, because their names are equal or "
            f"differ only in case: {clashes}; rename or drop all but one"
        )
    return names


def frame_names(names: Sequence[str], *, sql: str) -> list[str]:
    """Give the columns of a query the names that they have in a frame.

    Args:
        names: The names as the warehouse tells them, from left to right.
        sql: The query, for messages.

    Returns:
        One name per column, all distinct even when case is ignored.

    Raises:
        FrameError: Two names differ in nothing or only in case.
    """
    if clashes := _clashes(names):
        raise FrameError(
            "these columns can't be told apart in a frame, because their names are equal or "
            f"differ only in case: {clashes}; name the columns in the select, and rename all but "
            f'one (select ... as "other_name"). The query was: {_shown(sql)}'
        )
    return [in_frame(name) for name in names]


def is_unicode(text: str) -> bool:
    """Whether text has a UTF-8 form: text with a lone surrogate has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clashes(names: Sequence[str]) -> str:
    """The names that are equal when case is ignored, with their places; empty if there are none."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name.lower(), []).append(place)
    return "; ".join(
        " and ".join(f'"{names[place]}" (column {place + 1})' for place in group)
        for group in places.values()
        if len(group) > 1
    )


def _shown(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= 200 else f"{line[:197]}..."


def match_columns(
    found: Sequence[str], expected: Sequence[str], *, what: str, beside: str
) -> list[str]:
    """Pair columns by name, whatever their order and case; the very name goes before others.

    Args:
        found: The names that the data has.
        expected: The names that its target has.
        what: The target, for messages.
        beside: What has the `expected` columns, for messages ("the table", "the first chunk").

    Returns:
        For each expected name, in order, the found name that goes with it.

    Raises:
        FrameError: A column is missing or extra, or its name differs from those of several
            only in case; both sets are named.
    """
    pairs = {name: name for name in expected if name in set(found)}
    pairs |= _paired_without_case(
        [name for name in found if name not in pairs],
        [name for name in expected if name not in pairs],
        f"{what}: of the columns of {beside}",
    )
    missing = [name for name in expected if name not in pairs]
    extra = [name for name in found if name not in pairs.values()]
    if missing or extra:
        parts = [f"missing {listed(missing)}"] if missing else []
        parts += [f"extra {listed(extra)}"] if extra else []
        raise FrameError(
            f"{what}: the columns are not those of {beside}: {' and '.join(parts)}; "
            f"{beside} has {listed(expected)}"
        )
    return [pairs[name] for name in expected]


def _paired_without_case(
    found: Sequence[str], expected: Sequence[str], where: str
) -> dict[str, str]:
    """Pair the names that no other has exactly, by expected name."""
    by_key: dict[str, list[str]] = {}
    for name in found:
        by_key.setdefault(name.lower(), []).append(name)
    wanted: dict[str, list[str]] = {}
    for name in expected:
        if name.lower() in by_key:
            wanted.setdefault(name.lower(), []).append(name)
    for key, names in wanted.items():
        if len(names) > 1 or len(by_key[key]) > 1:
            raise FrameError(
                f"{where}, {listed(names)} could each be {listed(by_key[key])} of the data: the "
                "names differ only in case; rename all but one, or give the data the very name"
            )
    return {names[0]: by_key[key][0] for key, names in wanted.items()}


def column_types(
    dtype: Mapping[str, object] | object | None, names: Sequence[str], *, what: str
) -> dict[str, str]:
    """Read a `dtype` argument: which columns are to be cast to which SQL types.

    Args:
        dtype: One type for all columns, or a mapping from column names to types. A type is a
            name in the warehouse's SQL or an SQLAlchemy type (an instance or a class).
        names: The names of the columns; matched without regard to case.
        what: The target, for messages.

    Returns:
        The SQL type for each column that has one, by the name that the column has in `names`.

    Raises:
        FrameError: `dtype` names a column that is not there, or one twice, or holds something that
            is no type.
    """
    if dtype is None:
        return {}
    if not isinstance(dtype, Mapping):
        return dict.fromkeys(names, _type_sql(dtype, "dtype", what))
    by_key = {name.lower(): name for name in names}
    unknown = [str(name) for name in dtype if str(name).lower() not in by_key]
    if unknown:
        raise FrameError(
            f"{what}: dtype names columns that the frame does not have: {listed(unknown)}; "
            f"it has {listed(names)}"
        )
    if clashes := _clashes([str(name) for name in dtype]):
        raise FrameError(f"{what}: dtype names one column twice: {clashes}; leave all but one out")
    return {
        by_key[str(name).lower()]: _type_sql(kind, f'dtype of column "{name}"', what)
        for name, kind in dtype.items()
    }


def plain_dtype(
    dtype: Mapping[str, object] | object | None, *, what: str
) -> dict[str, str] | str | None:
    """Write the types of a `dtype` argument as SQL, whatever class they are of.

    Args:
        dtype: As for `column_types`.
        what: The target, for messages.

    Raises:
        FrameError: It holds something that is no type.
    """
    if dtype is None:
        return None
    if not isinstance(dtype, Mapping):
        return _type_sql(dtype, "dtype", what)
    return {
        str(name): _type_sql(kind, f'dtype of column "{name}"', what)
        for name, kind in dtype.items()
    }


def _type_sql(kind: object, where: str, what: str) -> str:
    if isinstance(kind, str) and kind.strip():
        return kind.strip()
    # SQLAlchemy's types say so by this attribute, and print as SQL once they are instances.
    if hasattr(kind, "__visit_name__"):
        return str(kind() if isinstance(kind, type) else kind)
    raise FrameError(
        f"{what}: the {where} is {kind!r}; expected the name of an SQL type such as 'varchar', "
        "or an SQLAlchemy type"
    )


def listed(names: Iterable[str]) -> str:
    """The names in double quotes, with commas between them."""
    return ", ".join(f'"{name}"' for name in names)
