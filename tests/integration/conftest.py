"""What all integration tests share."""

from collections.abc import Iterator

import pytest

from tests.support.snowflake.server import StandIn, running


@pytest.fixture(scope="session")
def standin() -> Iterator[StandIn]:
    """The Snowflake stand-in of this worker; tests use databases of their own in it."""
    with running() as standin:
        yield standin
