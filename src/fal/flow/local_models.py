"""Serves Python models of dbt that run in this process."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from dbt.node_types import ModelLanguage

from fal.flow.reading import to_pandas
from fal.flow.session import ModelSession
from fal.runtime.local_model import LocalModel

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class LocalModelSession(ModelSession):
    """The session of a Python model's body; see `ModelSession`.

    Args:
        node: the model's node.
        **shared: what a `ModelSession` takes.
    """

    def __init__(self, *, node: Any, **shared: Any) -> None:
        super().__init__(node=_as_sql(node), placeholder=True, **shared)

    @property
    def local_model(self) -> LocalModel:
        """What dbt's own `dbtObj` would tell the model's body."""
        node = self._node
        relation = self._adapter.Relation.create_from(self._dbt_config, node)
        return LocalModel(
            name=node.name,
            file=node.original_file_path,
            database=relation.database,
            schema=relation.schema,
            identifier=relation.identifier,
            relation_name=str(relation),
            is_incremental=self.is_incremental,
            config=node.config.to_dict(omit_none=True),
            meta=dict(node.config.meta),
        )

    def query(self, sql: str) -> pd.DataFrame:
        """Run SQL as it stands; there is no Jinja in Python models."""
        return to_pandas(self.query_table(sql))

    def query_table(self, sql: str) -> pa.Table:
        """See `query`."""
        with self._connection.available(self._node.name):
            return self._run(sql, "session.sql()")


def _as_sql(node: Any) -> Any:
    """The model as dbt's materializations are to see it: its rows come from a select."""
    model = copy.copy(node)
    model.language = ModelLanguage.sql
    return model
