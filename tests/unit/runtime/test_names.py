"""Outside a flow the runtime names say so, and by which name they were called."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import fal.typing
from fal.exceptions import FalError, OutsideFlowError
from fal.runtime.names import NAMES
from fal.runtime.session import current
from fal.typing import (
    context,
    execute_sql,
    list_models,
    list_sources,
    ref,
    source,
    write_to_model,
    write_to_source,
)
from tests.support.fakes import FakeSession

CALLS: dict[str, Callable[[], Any]] = {
    "ref()": lambda: ref("orders"),
    "source()": lambda: source("raw", "orders"),
    "write_to_model()": lambda: write_to_model(pd.DataFrame()),
    "write_to_source()": lambda: write_to_source(pd.DataFrame(), "raw", "orders"),
    "execute_sql()": lambda: execute_sql("select 1"),
    "list_models()": list_models,
    "list_sources()": list_sources,
    "context.current_model": lambda: context.current_model,
    "context.config": lambda: context.config,
}


@pytest.mark.parametrize("name", CALLS)
def test_outside_a_flow_every_name_is_refused(name: str) -> None:
    with pytest.raises(OutsideFlowError) as raised:
        CALLS[name]()
    assert str(raised.value) == (
        f"{name} works only inside a script that `fal flow run` or `fal flow build` executes"
    )
    assert isinstance(raised.value, FalError)


def test_fal_typing_offers_what_a_script_finds() -> None:
    assert set(fal.typing.__all__) == set(NAMES)
    assert all(getattr(fal.typing, name) is NAMES[name] for name in NAMES)


def test_inside_a_session_they_reach_it() -> None:
    frame = pd.DataFrame({"id": [1]})
    session = FakeSession(frames={"orders": frame, "raw.orders": frame, "select 1": frame})
    token = current.set(session)
    try:
        assert ref("orders", version=1, v=2) is frame
        assert source("raw", "orders") is frame
        assert execute_sql("select 1") is frame
        write_to_model(frame)
        assert context.config is session.config
        assert repr(context) == (
            "<fal context: current_model, is_incremental, config, target, vars, arguments, "
            "environment>"
        )
    finally:
        current.reset(token)
    assert session.calls == [
        ("ref", ("orders",), 1),
        ("source", "raw", "orders"),
        ("execute_sql", "select 1"),
        ("write_to_model", frame, None, None, False, None),
    ]


def test_version_zero_is_a_version() -> None:
    session = FakeSession(frames={"orders": pd.DataFrame()})
    token = current.set(session)
    try:
        ref("orders", version=0)
    finally:
        current.reset(token)
    assert session.calls == [("ref", ("orders",), 0)]
