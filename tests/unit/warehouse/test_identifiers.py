"""Names of columns, in frames and in warehouses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fal.warehouse.identifiers import in_frame, in_snowflake, is_plain


@pytest.mark.parametrize(
    ("name", "frame", "snowflake"),
    [
        ("customer_id", "customer_id", "CUSTOMER_ID"),
        ("CUSTOMER_ID", "customer_id", "CUSTOMER_ID"),
        ("a$1", "a$1", "A$1"),
        ("CustomerId", "CustomerId", "CustomerId"),
        ("Total Sales", "Total Sales", "Total Sales"),
        ("TOTAL SALES", "TOTAL SALES", "TOTAL SALES"),
        ("1st", "1st", "1st"),
        ("straße", "straße", "straße"),
        ("order", "order", "order"),
        ("ORDER", "ORDER", "ORDER"),
    ],
)
def test_a_plain_name_is_folded_and_any_other_stays(name: str, frame: str, snowflake: str) -> None:
    assert in_frame(name) == frame
    assert in_snowflake(name) == snowflake


@given(st.text(min_size=1))
def test_a_name_comes_back_from_snowflake_as_it_went_there(name: str) -> None:
    frame = in_frame(name)
    assert in_frame(in_snowflake(frame)) == frame
    assert in_snowflake(in_frame(in_snowflake(name))) == in_snowflake(name)


@given(st.text(alphabet="abcXYZ_ 1$", min_size=1))
def test_a_plain_name_has_one_case(name: str) -> None:
    if is_plain(name):
        assert name in (name.upper(), name.lower())
