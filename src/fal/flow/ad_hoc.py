"""Makes the node that SQL belongs to where no model runs it."""

from __future__ import annotations

from dbt.artifacts.resources import FileHash
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.nodes import SqlNode
from dbt.node_types import NodeType

NAME = "fal"


def ad_hoc_node(config: RuntimeConfig) -> SqlNode:
    """Make a node of the root project, as dbt makes one for inline SQL.

    dbt's resolvers and its compiler work for a node only. This one is in no manifest, is
    in nobody's way and may read private models, as a query that is typed by hand may.
    """
    package = config.project_name
    return SqlNode(
        name=NAME,
        alias=NAME,
        resource_type=NodeType.SqlOperation,
        package_name=package,
        path=NAME,
        original_file_path=NAME,
        unique_id=f"{NodeType.SqlOperation}.{package}.{NAME}",
        fqn=[package, NAME],
        checksum=FileHash.empty(),
        database=config.credentials.database,
        schema=config.credentials.schema,
        language="sql",
        raw_code="",
    )
