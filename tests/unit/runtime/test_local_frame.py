"""The frames of Python models that run locally answer as those of warehouses do."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fal.runtime.local_frame import LocalFrame


@pytest.fixture
def frame() -> LocalFrame:
    return LocalFrame(pd.DataFrame({"id": [1, 2], "amount": [2.5, None]}))


@pytest.mark.parametrize("word", ["to_pandas", "toPandas", "df", "fetchdf"])
def test_every_word_for_pandas_gives_a_frame_of_its_own(frame: LocalFrame, word: str) -> None:
    plain = getattr(frame, word)()
    assert type(plain) is pd.DataFrame
    pd.testing.assert_frame_equal(plain, pd.DataFrame(frame))
    plain.loc[0, "id"] = 9
    plain["more"] = 1
    plain.columns = ["a", "b", "c"]
    assert frame["id"].tolist() == [1, 2]
    assert list(frame.columns) == ["id", "amount"]


def test_rows_come_as_tuples_of_plain_values(frame: LocalFrame) -> None:
    assert frame.collect() == frame.fetchall() == [(1, 2.5), (2, None)]
    assert frame.fetchone() == (1, 2.5)
    assert LocalFrame(frame.head(0)).fetchone() is None


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f[f["id"] > 1],
        lambda f: f.assign(x=1),
        lambda f: f.merge(f, on="id"),
        lambda f: f.groupby("id", as_index=False).sum(),
        lambda f: f.astype(object),
        lambda f: f.copy(),
        lambda f: pd.concat([f, f]),
        copy.copy,
        copy.deepcopy,
        lambda f: pickle.loads(pickle.dumps(f)),
        lambda f: pickle.loads(pickle.dumps(f, protocol=2)),
    ],
)
def test_what_is_made_of_it_is_plain(frame: LocalFrame, change: Callable[[Any], Any]) -> None:
    made = change(frame)
    assert type(made) is pd.DataFrame
    pd.testing.assert_frame_equal(made, change(pd.DataFrame(frame)))


def test_it_is_a_frame_to_pandas_and_to_others(frame: LocalFrame) -> None:
    frame["twice"] = frame["id"] * 2
    frame.loc[0, "twice"] = 7
    assert frame.twice.tolist() == [7, 4]
    assert repr(frame) == repr(pd.DataFrame(frame))
    assert pa.Table.from_pandas(frame).num_rows == 2
    assert pl.from_pandas(frame)["twice"].to_list() == [7, 4]
    assert duckdb.query_df(frame, "f", "select sum(twice) from f").fetchall() == [(11,)]


def test_a_method_of_a_warehouse_is_named_with_the_reason(frame: LocalFrame) -> None:
    assert not hasattr(frame, "with_column")
    assert not hasattr(frame, "_jdf")
    with pytest.raises(AttributeError, match=r"pandas DataFrame.*runs locally.*'with_column'"):
        frame.with_column("x", 1)
