"""Names of columns are the same in frames on both warehouses, and plain in tables."""

from typing import Any

import pandas as pd
import pytest

from fal.exceptions import FrameError
from fal.warehouse.identifiers import RESERVED
from tests.support.warehouses import Side, same

# As a script has them; none are equal when case is ignored.
NAMES = [
    *("customer_id", "Mixed Case", "CamelCase", "with space", "UPPER SPACE", "1st", "a$1", "_x"),
    *('say "hi"', "it's", "semi;colon", "--", "a.b", "[x]", "{{ x }}", "%s", "?", "back\\slash"),
    *("é", "漢字", "😀", "straße", "tab\there", "line\nbreak", "trailing ", " leading", "x" * 200),
]


@pytest.mark.parametrize("names", [NAMES, sorted(RESERVED)], ids=["odd", "reserved"])
def test_names_come_back(side: Side, names: list[str]) -> None:
    frame = pd.DataFrame([range(len(names))], columns=pd.Index(names))
    same(side.back(frame), frame)
    # As an iterator, in another order and with casts by name.
    backwards = frame[names[::-1]]
    found = side.back(iter([frame, backwards]), {names[0]: "varchar"})
    assert found.columns.tolist() == names
    assert found[names[0]].tolist() == ["0", "0"]
    assert found[names[-1]].tolist() == [len(names) - 1] * 2
    side.append(backwards, _in_the_table(side, names))
    assert len(side.read()) == 3


def _in_the_table(side: Side, names: list[str]) -> list[str]:
    if side.name == "duckdb":
        return names
    from fal.warehouse.identifiers import in_snowflake

    return [in_snowflake(name) for name in names]


def test_plain_names_need_no_quotes_in_sql(side: Side) -> None:
    side.write(pd.DataFrame({"customer_id": [1], "Total Sales": [2], "order": [3], "é": [4]}))
    found = side.read(f'select Customer_ID, "Total Sales" as t, "order" as o from {side.table}')
    assert found.iloc[0].tolist() == [1, 2, 3]
    assert found.columns.tolist()[1:] == ["t", "o"]


def test_names_that_sql_gave(side: Side) -> None:
    side.execute(
        f'create or replace table {side.table} (plain int, UPPER int, "Mixed Case" int, '
        '"lower space" int, "order" int, "GROUP" int, "1st" int, "é" int)'
    )
    names = ["plain", "upper", "Mixed Case", "lower space", "order", "GROUP", "1st", "é"]
    found = side.read()
    assert found.columns.tolist() == names
    # What was read goes back into the table that it is from.
    frame = pd.DataFrame([range(8)], columns=pd.Index(names))
    columns = ["UPPER" if name == "upper" else name for name in names]
    side.append(
        frame, [c.upper() if side.name == "snowflake" and c == "plain" else c for c in columns]
    )
    same(side.read(), frame)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("1 as a, 2 as b, 3 as a", r'"(a|A)" \(column 1\) and "\1" \(column 3\)'),
        ('1 as "a", 2 as "A"', r'"a" \(column 1\) and "A" \(column 2\)'),
        ('1 as "Total", 2 as "TOTAL"', r'"Total" \(column 1\) and "TOTAL" \(column 2\)'),
        ("x.*, x.* from (select 1 as n) as x", r'"(n|N)" \(column 1\) and "\1" \(column 2\)'),
    ],
)
def test_clashes_in_what_is_read(side: Side, columns: str, told: str) -> None:
    with pytest.raises(FrameError, match=rf"{told}; name the columns .* The query was: select "):
        side.read(f"select {columns}")
    assert side.read("select 1 as a")["a"].tolist() == [1]


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "A"]), r'"a" \(column 1\) and "A" \(column 2\)'),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r'"a" \(column 1\) and "a" \(column 2\)'),
        (pd.DataFrame({"": [1]}), "column number 1 has an empty name"),
        (pd.DataFrame({"a\0": [1]}), "name of column number 1"),
        (pd.DataFrame(index=[0]), "no columns"),
    ],
)
def test_names_that_no_table_has(side: Side, frame: pd.DataFrame, told: str) -> None:
    with pytest.raises(FrameError, match=f"model m: .*{told}"):
        side.write(frame)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ({"id": [1]}, 'missing "total"'),
        ({"id": [1], "total": [2], "more": [3]}, 'extra "more"'),
        ({"id": [1], "sum": [2]}, 'missing "total" and extra "sum"'),
    ],
)
def test_appends_that_do_not_fit(side: Side, frame: dict[str, Any], told: str) -> None:
    side.write(pd.DataFrame({"id": [0], "total": [0]}))
    columns = _in_the_table(side, ["id", "total"])
    with pytest.raises(FrameError, match=told):
        side.append(pd.DataFrame(frame), columns)
    assert side.count("1 = 1") == 1


def test_an_append_matches_names_in_another_case(side: Side) -> None:
    side.write(pd.DataFrame({"id": [0], "Mixed Case": [0]}))
    columns = _in_the_table(side, ["id", "Mixed Case"])
    side.append(pd.DataFrame({"MIXED CASE": [1], "ID": [2]}), columns)
    found = side.read().sort_values("id", ignore_index=True)
    same(found, pd.DataFrame({"id": [0, 2], "Mixed Case": [0, 1]}))
