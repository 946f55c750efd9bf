"""What the engine needs from a warehouse, and what a warehouse needs from the engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from fal.exceptions import FrameError, WarehouseError
from fal.warehouse.artifact_files import ArtifactFiles, Place
from fal.warehouse.columns import match_columns
from fal.warehouse.identifiers import in_frame


class Connection(Protocol):
    """The connection of the running thread, as the engine hands it over."""

    def execute(self, sql: str) -> None:
        """Run one statement inside whatever transaction is open; log it, translate errors."""

    def query(self, sql: str) -> Any:
        """Run one statement as `execute` does, and give the driver's cursor with its rows."""

    def native(self) -> Any:
        """A cursor of the driver's own, on the connection that `execute` uses."""

    def guard(self, sql: str) -> AbstractContextManager[None]:
        """Translate what the driver raises in the block; `sql` is told in the message."""

    def reopen(self, why: str) -> bool:
        """Take a new connection in the place of one that is lost.

        Args:
            why: what is told to the user of it, who is not asked.

        Returns:
            False, and nothing is done, if the lost session held what a new one lacks.
        """


@dataclass(frozen=True)
class StagedColumn:
    """A column of staged rows: its name as the warehouse has it, and its type in SQL."""

    name: str
    type: str


@dataclass(frozen=True)
class Staged:
    """Rows that a statement can select from.

    Attributes:
        select: A SELECT over the rows, with quoted columns and without a trailing semicolon.
        columns: The columns that it gives, in order.
        rows: How many rows it gives.
    """

    select: str
    columns: tuple[StagedColumn, ...]
    rows: int


class Warehouse(ABC):
    """The database behind the target, seen through Arrow.

    Attributes:
        one_writer: whether no other process can write while this one has the database open.
        json_type: the type of columns with JSON.
        instant_type: the type of columns with instants.
    """

    one_writer = False
    json_type: str
    instant_type: str

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @abstractmethod
    def read(self, sql: str, *, repeatable: bool = False) -> pa.Table:
        """Run a SELECT and give its rows as Arrow, with timestamps that have a zone in UTC.

        Args:
            sql: The statement.
            repeatable: Whether it only reads, so that it may be repeated, a bounded number of
                times, on a new connection if the connection is lost.
        """

    def ready(self) -> None:  # noqa: B027 - most have nothing to see to
        """See to it that a write, which is never repeated, begins on a connection that works."""

    def patience(self) -> AbstractContextManager[None]:
        """For the length of a block, wait for answers, but not for ever."""
        return nullcontext()

    def explained(self, error: BaseException, message: str) -> WarehouseError:
        """An error of the driver's in the engine's words.

        Args:
            error: What was raised; the driver's own error is it, or is behind it.
            message: The warehouse's own message.

        Returns:
            A ConnectionLostError if the connection is of no use any more.
        """
        return WarehouseError(message)

    def tells_of_loss(self, message: str) -> bool:
        """Whether an error's message, which is all that is left of it, tells of a lost connection.

        Args:
            message: What dbt tells of a node that has failed.
        """
        return False

    @abstractmethod
    def stage(
        self,
        tables: Iterator[pa.Table],
        dtype: Mapping[str, object] | object | None = None,
        *,
        what: str = "frame",
        schema: str | None = None,
    ) -> AbstractContextManager[Staged]:
        """Put rows where SQL can select from them, for the length of a `with` block.

        Args:
            tables: What `fal.warehouse.arrow.to_tables` gives. Pulled in the calling thread,
                because the iterator may itself use the connection.
            dtype: SQL types to cast to: one for all columns, or a mapping from column names.
            what: The target, for messages.
            schema: The target's schema, quoted as SQL needs it; it exists. What a warehouse
                makes for the time of the block, it makes there.

        Returns:
            A context manager that gives the staged rows; they are gone after the block, also
            if it fails.

        Raises:
            FrameError: `dtype` names a column that is not there, or `tables` raises it.
        """

    @abstractmethod
    def quote(self, name: str) -> str:
        """Quote an identifier."""

    @abstractmethod
    def literal(self, text: str) -> str:
        """Write a text as SQL does."""

    @abstractmethod
    def json_literal(self, text: str) -> str:
        """Write JSON, given as text, as a value of the type `json_type`."""

    @abstractmethod
    def instant(self, moment: datetime) -> str:
        """Write an instant, which has a zone, as a value of the type `instant_type`."""

    @abstractmethod
    def has_table(self, place: Place, table: str) -> bool:
        """Whether a schema has a table; names are compared whatever their case."""

    @abstractmethod
    def artifact_files(self, place: Place) -> ArtifactFiles:
        """Where the files of the trained models are that a schema lists."""

    def size(self, relation: str) -> int | None:
        """The bytes that a table takes, where that has to be asked for and can be told.

        Args:
            relation: The table, quoted as SQL needs it.
        """
        del relation
        return None

    def replace(self, relation: str, select: str) -> None:
        """Make a table of the rows of a SELECT, in the place of a table that may be there.

        Args:
            relation: The table, quoted as SQL needs it.
            select: A SELECT without a trailing semicolon.
        """
        self.connection.execute(f"create or replace table {relation} as {select}")

    def change_type(self, relation: str, column: str, kind: str) -> str | None:
        """Write the statement that gives a table's column another type.

        Args:
            relation: The table, quoted as SQL needs it.
            column: The column's name.
            kind: The type, in SQL.

        Returns:
            The statement; None where the one that dbt writes serves.
        """
        return None

    def append(self, relation: str, existing_columns: Sequence[str], staged: Staged) -> None:
        """Insert staged rows into a table, matching columns by name whatever their case.

        Args:
            relation: The table, quoted as SQL needs it.
            existing_columns: The names of the table's columns.
            staged: The rows.

        Raises:
            FrameError: The rows lack a column of the table, or have one more; or two columns of
                the table differ only in case, so that it is open which one is meant.
        """
        # By the names that a script knows: a warehouse may have them in another case.
        found = {in_frame(column.name): column.name for column in staged.columns}
        expected = [in_frame(name) for name in existing_columns]
        self.refuse_clashes(relation, existing_columns)
        matched = match_columns([*found], expected, what=relation, beside="the table")
        into = ", ".join(map(self.quote, existing_columns))
        values = ", ".join(self.quote(found[name]) for name in matched)
        self.connection.execute(
            f"insert into {relation} ({into}) select {values} from ({staged.select}) as staged"
        )

    @staticmethod
    def refuse_clashes(relation: str, columns: Sequence[str]) -> None:
        """Raise FrameError where two columns of a table differ only in case."""
        by_key: dict[str, str] = {}
        for name in columns:
            other = by_key.setdefault(name.lower(), name)
            if other != name:
                raise FrameError(
                    f'{relation}: the table\'s columns "{other}" and "{name}" differ only in case, '
                    "so no frame can hold both; rename one"
                )
