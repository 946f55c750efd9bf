"""DuckDB's types that Arrow has no place for: what they are read as."""

from typing import Any

import pyarrow as pa

from fal.warehouse.marks import INTEGER, JSON, marked

# DuckDB hands these over as raw bytes, or as another value.
_READ_AS = {
    "BIGNUM": "VARCHAR",
    "BIT": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "UHUGEINT": "VARCHAR",
    "VARIANT": "JSON",
}
_MARKS = {"BIGNUM": INTEGER, "JSON": JSON, "UHUGEINT": INTEGER, "VARIANT": JSON}


def readable_type(kind: Any) -> str:
    """The SQL type that a column is cast to before it becomes Arrow; its own for most.

    Args:
        kind: The type, as a relation of DuckDB tells it.
    """
    match kind.id, _children(kind):
        case "list", [(_, item)]:
            return f"{readable_type(item)}[]"
        case "array", [(_, item), (_, size)]:
            return f"{readable_type(item)}[{size}]"
        case "map", [(_, key), (_, value)]:
            return f"MAP({readable_type(key)}, {readable_type(value)})"
        case "struct", fields:
            inside = (f"{_quoted(name)} {readable_type(field)}" for name, field in fields)
            return f"STRUCT({', '.join(inside)})"
    return _READ_AS.get(str(kind), str(kind))


def is_readable(kind: Any) -> bool:
    """Whether Arrow has all of a type."""
    if str(kind) in _READ_AS:
        return False
    return all(is_readable(child) for _, child in _children(kind) if not isinstance(child, int))


def marked_field(field: pa.Field, kind: Any) -> pa.Field:
    """Say in a field, and in those inside of it, what its text stands for.

    Args:
        field: As DuckDB gave it.
        kind: The type that the column had before it was cast.
    """
    if (mark := _MARKS.get(str(kind))) is not None:
        return marked(field, mark)
    inside = field.type
    match kind.id, _children(kind):
        case "list", [(_, item)]:
            return field.with_type(pa.list_(marked_field(inside.value_field, item)))
        case "array", [(_, item), (_, size)]:
            return field.with_type(pa.list_(marked_field(inside.value_field, item), size))
        case "map", [(_, key), (_, value)]:
            pair = (marked_field(inside.key_field, key), marked_field(inside.item_field, value))
            return field.with_type(pa.map_(*pair))
        case "struct", fields:
            parts = zip(inside, fields, strict=True)
            return field.with_type(pa.struct([marked_field(one, part) for one, (_, part) in parts]))
    return field


def _children(kind: Any) -> list[tuple[str, Any]]:
    nested = kind.id in ("list", "array", "map", "struct")
    return list(kind.children) if nested else []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
