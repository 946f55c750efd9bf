"""Declarations are repaired in the style of the file, and nothing else of it changes."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.lineage.declared import ModelSql
from fal.lineage.facts import Call
from fal.lineage.project_facts import Model
from fal.lineage.repairs import Repair
from fal.lineage.sync import declare

CONFIG = "{{ config(materialized='ephemeral') }}\n"
END = "select * from {{ this }}\n"


def ref(name: str) -> Call:
    return Call("ref", (name,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CONFIG + END, CONFIG + "-- {{ ref('new') }}\n" + END),
        (END, "-- {{ ref('new') }}\n" + END),
        ("\ufeff" + CONFIG + END, "\ufeff" + CONFIG + "-- {{ ref('new') }}\n" + END),
        ((CONFIG + END).replace("\n", "\r\n"),
         (CONFIG + "-- {{ ref('new') }}\n" + END).replace("\n", "\r\n")),
        ("-- {{ ref('a') }}\n" + END, "-- {{ ref('a') }}\n-- {{ ref('new') }}\n" + END),
        ("  -- depends_on: {{ ref('a') }}\nselect 1",
         "  -- depends_on: {{ ref('a') }}\n  -- depends_on: {{ ref('new') }}\nselect 1"),
        ("-- reads {{ ref('a') }} all day\n" + END,
         "-- reads {{ ref('a') }} all day\n-- {{ ref('new') }}\n" + END),
        ("/* {{ ref('a') }} */\n" + END, "/* {{ ref('a') }} {{ ref('new') }} */\n" + END),
        ("/*\nIt's {{ ref('a') }}\n*/\n" + END,
         "/*\nIt's {{ ref('a') }}\n{{ ref('new') }}\n*/\n" + END),
        ("/*\n * {{ ref('a') }}\n */\n" + END,
         "/*\n * {{ ref('a') }}\n * {{ ref('new') }}\n */\n" + END),
        ("/* DO NOT EDIT\n\nScript dependencies:\n\n{{ ref('a') }}\r\n\n*/\n" + END,
         "/* DO NOT EDIT\n\nScript dependencies:\n\n{{ ref('a') }}\r\n{{ ref('new') }}\r\n"
         "\n*/\n" + END),
        ("{# {{ ref('a') }} #}\n" + END, "-- {{ ref('new') }}\n{# {{ ref('a') }} #}\n" + END),
        (END + "-- {{ ref('a') }}", END + "-- {{ ref('a') }}\n-- {{ ref('new') }}"),
        (CONFIG.strip(), CONFIG + "-- {{ ref('new') }}\n"),
    ],
)  # fmt: skip
def test_a_declaration_is_added_in_the_manner_of_the_file(before: str, after: str) -> None:
    assert declare(before, [ref("new")], ()) == after
    assert ref("new") in [one.call for one in ModelSql(after).declarations]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-- {{ ref('old') }}\n" + END, END),
        ("-- {{ ref('a') }}, {{ ref('old') }}\n" + END, "-- {{ ref('a') }}\n" + END),
        ("-- {{ ref('old') }}, {{ ref('a') }}\n" + END, "-- {{ ref('a') }}\n" + END),
        ("/* {{ ref('old') }} {{ ref('a') }} */\n" + END, "/* {{ ref('a') }} */\n" + END),
        ("/*\n{{ ref('old') }}\n*/\n" + END, END),
        ("/*\nWho reads\n{{ ref('old') }}\n*/\n" + END, "/*\nWho reads\n*/\n" + END),
        ("-- reads {{ ref('old') }} daily\n" + END, "-- reads daily\n" + END),
        ("-- {{ ref('old') }}\n-- {{ ref(\"old\") }}\n" + END, END),
        ("{% set x = ref('old') %}\n" + END, "{% set x = ref('old') %}\n" + END),
        ("select * from {{ ref('old') }}\n", "select * from {{ ref('old') }}\n"),
        ("-- {{ ref('old').schema }}\n", "-- {{ ref('old').schema }}\n"),
    ],
)
def test_a_declaration_is_taken_away_with_what_was_there_for_it_alone(
    before: str, after: str
) -> None:
    assert declare(before, (), {ref("old")}) == after


def test_what_counts_as_a_declaration() -> None:
    sql = ModelSql(
        "{{ config(materialized='ephemeral') }}\n-- it's {{ ref('a', v=2) }}\n"
        "/* {{ source('r', 't') }} -- {{ ref('p', 'b') }} */\n{# {{ ref('no') }} #}\n"
        "select '-- {{ ref(\"c\") }}' from {{ ref(name) }} -- {{ this }}\n"
    )
    assert [(str(one.call), one.comment is not None) for one in sql.declarations] == [
        ("ref('a', v=2)", True),
        ("source('r', 't')", True),
        ("ref('p', 'b')", True),
        ("ref('c')", False),
    ]
    assert not sql.selects_this
    assert [sql.line(one.start) for one in sql.declarations] == [2, 3, 3, 5]
    assert ModelSql("select * from {{this}}").selects_this
    assert ModelSql("select * from {{ this.render() }}").selects_this
    assert not ModelSql("{# {{ this }} #} select 1").selects_this


STYLES = ["-- {{{{ {} }}}}", "/* {{{{ {} }}}} */", "/*\n  {{{{ {} }}}}\n*/", "--{{{{{}}}}} --"]
NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=4)


@given(NAMES, NAMES, st.sampled_from(STYLES), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_repair_declares_what_it_should_and_is_done_once(
    declared: list[str], wanted: list[str], style: str, newline: str, has_config: bool
) -> None:
    lines = [style.format(str(ref(name))) for name in declared]
    text = newline.join([*([CONFIG.strip()] if has_config else []), *lines, END])
    text = text.replace("\r\n", "\n").replace("\n", newline)
    add = [ref(name) for name in wanted if name not in declared]
    remove = {ref(name) for name in declared if name not in wanted}
    new = declare(text, add, remove)
    assert {str(one.call) for one in ModelSql(new).declarations} == {str(ref(n)) for n in wanted}
    assert all(one.comment is not None for one in ModelSql(new).declarations)
    assert ModelSql(new).selects_this
    assert new.endswith(END.strip() + newline)
    assert new.count("\r\n") == (new.count("\n") if newline == "\r\n" else 0)
    if not add and not remove:
        assert new == text


def test_the_diff_has_the_lines_that_other_tools_count() -> None:
    old = "-- a \u2028 b\r\n-- c\x0c\nselect 1"
    told = Repair(cast(Model, None), old, old.replace("-- c", "-- d")).diff("m.sql")
    change = [" -- a \u2028 b\r", "--- c\x0c", "+-- d\x0c", " select 1"]
    assert told.split("\n")[3:] == [*change, "\\ No newline at end of file", ""]
