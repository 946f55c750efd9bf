"""Which types of a table hold whatever another type holds."""

import re

_NAMED = re.compile(r"\s*([A-Za-z0-9_]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*")
# Digits before the point of the widest value.
_INTEGERS = {
    "TINYINT": 3, "UTINYINT": 3, "SMALLINT": 5, "USMALLINT": 5, "INTEGER": 10, "INT": 10,
    "UINTEGER": 10, "BIGINT": 19, "UBIGINT": 20, "HUGEINT": 39, "UHUGEINT": 39,
}  # fmt: skip
_DECIMALS = ("DECIMAL", "NUMERIC", "NUMBER", "FIXED")
_FLOATS = {"REAL": 1, "FLOAT": 1, "FLOAT4": 1, "DOUBLE": 2, "FLOAT8": 2}
_MOST_DIGITS = 38


def kept_type(new: str, old: str) -> str | None:
    """Decide which type a table's column takes where new rows give it another one.

    The types of a frame's columns go by the values that they happen to hold: a decimal is as wide
    as the widest, and a column that holds no fraction this time comes as integers. Taken as they
    come, a table's type would follow them and lose what older rows hold.

    Args:
        new: the type of the new rows' column, in SQL.
        old: the type of the table's column.

    Returns:
        The type that holds both: `old` where it does; None where neither is known to.
    """
    if new.upper() == old.upper():
        return old
    before, after = _digits(old), _digits(new)
    if before and after:
        if _signed_apart(new, old):
            return None
        whole, fraction = max(before[0], after[0]), max(before[1], after[1])
        if (whole, fraction) == before:
            return old
        fits = fraction > 0 and whole + fraction <= _MOST_DIGITS
        return f"DECIMAL({whole + fraction}, {fraction})" if fits else None
    if (wide := _FLOATS.get(_name(old))) is not None:
        return old if after or _FLOATS.get(_name(new), 3) <= wide else None
    if _name(old).startswith("TIMESTAMP"):
        finer = _name(old) == "TIMESTAMP_NS" and _name(new) == "TIMESTAMP"
        return old if _name(new) == "DATE" or finer else None
    return None


def loss(new: str, old: str, value: str) -> str | None:
    """Write the condition under which a column's values are silently changed by a table's type.

    Floats may be rounded to the digits of a decimal column, as they are no exact numbers.

    Args:
        new: the type of the new rows' column, in SQL.
        old: the type of the table's column.
        value: the new rows' column, in SQL.

    Returns:
        The condition; None where a value is kept, or is refused by the warehouse itself.
    """
    before, after = _digits(old), _digits(new)
    if before and ((after and after[1] > before[1]) or (_name(new) in _FLOATS and not before[1])):
        return f"round({value}, {before[1]}) <> {value}"
    if _name(new).startswith("TIMESTAMP") and _name(old) == "DATE":
        return f"date_trunc('day', {value}) <> {value}"
    if _name(new) == "TIMESTAMP_NS" and _name(old) == "TIMESTAMP":
        return f"cast({value} as {old}) <> {value}"
    return None


def _name(kind: str) -> str:
    found = _NAMED.fullmatch(kind)
    return found[1].upper() if found else ""


def _digits(kind: str) -> tuple[int, int] | None:
    """The digits before and after the point of a type of exact numbers."""
    found = _NAMED.fullmatch(kind)
    if found is None:
        return None
    name = found[1].upper()
    if name in _INTEGERS:
        return _INTEGERS[name], 0
    if name not in _DECIMALS or found[2] is None:
        return None
    fraction = int(found[3] or 0)
    return int(found[2]) - fraction, fraction


def _signed_apart(new: str, old: str) -> bool:
    """Whether an unsigned column would be given numbers that may be negative."""
    return _name(old).startswith("U") and not _name(new).startswith("U")
