"""How a column's name in a frame and its name in a warehouse belong together."""

import re

# What Snowflake takes as a plain identifier in ASCII.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")

RESERVED = frozenset(
    """
    all alter and any as between by case cast check column connect constraint create current
    current_date current_time current_timestamp current_user delete distinct drop else exists
    false following for from grant group having ilike in increment insert intersect into is like
    localtime localtimestamp minus not null of on or order qualify regexp revoke rlike row rows
    sample select set some start table tablesample then to trigger true try_cast union unique
    update values when whenever where with
    """.split()  # noqa: SIM905  (a list would be eighty lines)
)
"""Words that Snowflake does not take as a column's name, or not in an expression, unquoted."""


def is_plain(name: str) -> bool:
    """Whether a name can be written without quotes on every warehouse, and loses nothing by it."""
    if not _PLAIN.fullmatch(name) or name.lower() in RESERVED:
        return False
    return name in (name.lower(), name.upper())


def in_frame(name: str) -> str:
    """The name that a column of a warehouse has in a frame.

    Lower case for a plain name, which warehouses fold to one case or the other. Any other name
    was quoted where it was made (mixed case, spaces, a reserved word), and stays as it is.

    Args:
        name: the column's name as the warehouse has it.
    """
    return name.lower() if is_plain(name) else name


def in_snowflake(name: str) -> str:
    """The name that a frame's column has in Snowflake, to be quoted there.

    A plain name is what an unquoted one would become: upper case. Any other name stays.
    """
    return name.upper() if is_plain(name) else name
