"""Edits of YAML files: what they change, and that all else stays byte for byte."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fal.migrate.document import read
from fal.migrate.edits import changed, edit
from fal.migrate.findings import Change, Finding
from fal.migrate.schema_files import SchemaFile


def findings(text: str) -> list[Finding]:
    return list(SchemaFile("models.yml", read(text)).findings())


def migrated(text: str) -> str:
    """The text after as many runs as it takes, which is one but for entangled edits."""
    changes = [finding.change for finding in findings(text) if finding.change]
    return edit(read(text), changes)[0]


def check(old: str, new: str) -> None:
    old, new = dedent(old).lstrip("\n"), dedent(new).lstrip("\n")
    assert migrated(old) == new
    assert [finding for finding in findings(new) if finding.change] == []


def test_keys_are_renamed_where_they_stand() -> None:
    check(
        """
        version: 2

        models:
          - name: orders  # the grain: one order
            tests:
              - unique_pair
            columns:
              - {name: id, tests: [unique, not_null]}
              - name: total
                "tests":
                - not_null

        # the end
        """,
        """
        version: 2

        models:
          - name: orders  # the grain: one order
            data_tests:
              - unique_pair
            columns:
              - {name: id, data_tests: [unique, not_null]}
              - name: total
                "data_tests":
                - not_null

        # the end
        """,
    )


def test_properties_move_under_config_with_their_comments_and_jinja() -> None:
    check(
        """
        models:
          - name: orders
            # who asks for it
            meta:
              owner: "{{ env_var('OWNER', 'me') }}"
              # what runs with it
              fal:
                scripts:
                  - a.py   # first

                  - b.py

            description: >
              Folded: text,
              # no comment
            docs: {show: false}

          - name: customers
        """,
        """
        models:
          - name: orders
            config:
              # who asks for it
              meta:
                owner: "{{ env_var('OWNER', 'me') }}"
                # what runs with it
                fal:
                  scripts:
                    - a.py   # first

                    - b.py
              docs: {show: false}

            description: >
              Folded: text,
              # no comment

          - name: customers
        """,
    )


def test_a_config_that_is_there_takes_them() -> None:
    check(
        """
        models:
          - name: a
            config:
              # cheap
              materialized: view
            meta: {x: 1}
          - name: b
            meta:
              x: |
                # text

                more
            config: {materialized: table, tags: ["a, b"]}
          - meta: {x: 1}
            name: c
            config:
            columns: []
          - {name: d, config: {}, meta: {x: 1}, docs: {show: true}}
          - {meta: {x: 1}, name: e, config: {enabled: true}}
          - {name: f, meta: {x: 1}, group: g, columns: [{name: i, meta: {}}]}
        """,
        """
        models:
          - name: a
            config:
              meta: {x: 1}
              # cheap
              materialized: view
          - name: b
            config:
              materialized: table
              tags: ["a, b"]
              meta:
                x: |
                  # text

                  more
          - name: c
            config:
              meta: {x: 1}
            columns: []
          - {name: d, config: {meta: {x: 1}, docs: {show: true}}}
          - {name: e, config: {meta: {x: 1}, enabled: true}}
          - {name: f, config: {meta: {x: 1}, group: g}, columns: [{name: i, config: {meta: {}}}]}
        """,
    )


def test_arguments_and_settings_of_tests_part() -> None:
    check(
        """
        sources:
          - name: raw
            freshness:
              warn_after: {count: 1, period: day}
            loaded_at_field: at
            tables:
              - name: orders
                tests:
                  - dbt_utils.recency:
                      datepart: day
                      severity: warn
                      field: at
                  - accepted_values: {values: [a, b], quote: true}
                  - not_null: {severity: warn}
                  - name: named
                    test_name: relationships
                    to: ref('x')
                    field: id
                  - unique
        """,
        """
        sources:
          - name: raw
            config:
              freshness:
                warn_after: {count: 1, period: day}
              loaded_at_field: at
            tables:
              - name: orders
                data_tests:
                  - dbt_utils.recency:
                      arguments:
                        datepart: day
                        field: at
                      config:
                        severity: warn
                  - accepted_values: {arguments: {values: [a, b], quote: true}}
                  - not_null: {config: {severity: warn}}
                  - name: named
                    test_name: relationships
                    arguments:
                      to: ref('x')
                      field: id
                  - unique
        """,
    )


def test_line_ends_and_a_missing_last_one_are_kept() -> None:
    assert migrated("models:\r\n- name: a\r\n  meta: {x: 1}\r\n  tests: [t]") == (
        "models:\r\n- name: a\r\n  config:\r\n    meta: {x: 1}\r\n  data_tests: [t]"
    )
    assert migrated("\ufeffmodels:\n- name: a\n  tests: [ä]\n") == (
        "\ufeffmodels:\n- name: a\n  data_tests: [ä]\n"
    )


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("{name: a, tests: [x], data_tests: [y]}", "data-tests"),
        ("{name: a, meta: {x: 1}, config: {meta: {y: 1}}}", "config"),
        ("{name: a, tags: [x]}", "ignored-key"),
        ("{name: a, name: b}", "duplicate-key"),
    ],
)
def test_what_needs_a_person_is_told_and_left(entry: str, rule: str) -> None:
    text = f"models:\n  - {entry}\n"
    assert [(one.rule, one.line, one.change) for one in findings(text)] == [(rule, 2, None)]


def test_anchors_are_left_where_an_edit_would_change_what_they_say() -> None:
    text = dedent(
        """
        models:
          - &base
            name: a
            meta: &m {x: 1}
            tests: [t]
          - <<: *base
            name: b
          - name: c
            meta: *m
          - name: d
            tests: [u]
        """
    )
    edited = migrated(text)
    assert "data_tests: [u]" in edited
    assert yaml.safe_load(edited)["models"][:3] == yaml.safe_load(text)["models"][:3]


# Random schema files, written as people's tools write them.

_words = st.text("abcä:#{}[],'\"&*|>-% \n", max_size=6) | st.sampled_from(
    ["{{ var('x') }}", "yes", "1", "~", "# no comment", "two\nlines\n\n", "- a"]
)
_scalars = _words | st.integers() | st.booleans() | st.none() | st.dates()
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=6,
)
_names = st.sampled_from(["a", "b", "c d", "e"])
_tests = st.lists(
    st.sampled_from(["unique", "not_null"])
    | st.fixed_dictionaries(
        {},
        optional={
            "relationships": st.dictionaries(
                st.sampled_from(["to", "field", "severity", "where", "name", "tests"]),
                _values,
                max_size=4,
            )
        },
    ),
    max_size=3,
)
_common = {
    "description": _words,
    "tests": _tests,
    "meta": st.dictionaries(_words, _values, max_size=3),
    "tags": st.lists(_names, max_size=2),
    "config": st.none()
    | st.dictionaries(st.sampled_from(["x", "tags", "meta"]), _values, max_size=2),
}
_columns = st.lists(st.fixed_dictionaries({"name": _names}, optional=_common), max_size=2)
_models = st.lists(
    st.fixed_dictionaries(
        {"name": _names},
        optional={**_common, "docs": _values, "group": _names, "columns": _columns},
    ).flatmap(lambda model: st.permutations(list(model.items())).map(dict)),
    max_size=3,
)
_files = st.fixed_dictionaries({}, optional={"version": st.just(2), "models": _models})
_styles = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "indent": st.integers(2, 6),
        "width": st.sampled_from([20, 80, 1000]),
        "default_style": st.sampled_from([None, None, '"', "'", "|"]),
        "line_break": st.sampled_from(["\n", "\r\n"]),
        "allow_unicode": st.booleans(),
    }
)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@settings(deadline=None)
@given(_files, _styles, st.booleans())
def test_whatever_the_file_it_says_the_same_under_the_new_names(
    content: Any, style: Any, aliases: bool
) -> None:
    dumper = yaml.SafeDumper if aliases else _NoAliases
    text = yaml.dump(content, Dumper=dumper, sort_keys=False, **style)
    assume(yaml.safe_load(text) == content)  # PyYAML folds some narrow lines wrongly
    document = read(text)
    changes: list[Change] = [finding.change for finding in findings(text) if finding.change]
    edited, done = edit(document, changes)

    assert yaml.safe_load(edited) == changed(document.data, done)
    assert _old_names(yaml.safe_load(edited)) == _old_names(content)
    left = [finding.change for finding in findings(edited) if finding.change]
    assert len(left) == len(changes) - len(done)
    if not left:
        assert migrated(edited) == edited


def _old_names(content: Any) -> Any:
    """What a file says, told in one way whatever the names: the test's own reading of dbt."""
    nodes = [_old_node(model) for model in content.get("models") or []]
    return {"version": content.get("version"), "models": nodes}


def _old_node(node: dict[str, Any]) -> dict[str, Any]:
    told = {**node, "config": dict(node.get("config") or {})}
    if "data_tests" in told:
        told["tests"] = told.pop("data_tests")
    for key in ("meta", "tags", "docs", "group"):
        if key in told and key not in told["config"] and told[key] is not None:
            told["config"][key] = told.pop(key)
    if "columns" in told:
        told["columns"] = [_old_node(column) for column in told["columns"] or []]
    told["tests"] = [_old_test(test) for test in told.get("tests") or []]
    return told


def _old_test(test: Any) -> Any:
    if not isinstance(test, dict):
        return test
    flat = {}
    for name, keys in test.items():
        own = {key: keys[key] for key in keys if key not in ("arguments", "config")}
        flat[name] = {**own, **(keys.get("arguments") or {}), **(keys.get("config") or {})}
    return flat


def test_most_random_files_are_edited_in_full() -> None:
    """The property above would hold for an editor that does nothing."""
    total = made = 0

    # hypothesis takes constants from the modules that are loaded, so the files are not
    # always the same ones.
    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(_files, _styles)
    def count(content: Any, style: Any) -> None:
        nonlocal total, made
        text = yaml.dump(content, Dumper=_NoAliases, sort_keys=False, **style)
        changes = [finding.change for finding in findings(text) if finding.change]
        total += len(changes)
        made += len(edit(read(text), changes)[1])

    count()
    assert made >= 0.9 * total
    # What is drawn depends on which modules are loaded; here it is the odds that matter.
    assert total > 30
