"""The information schema: views over DuckDB's catalogue and the notes kept in its comments.

Every table, view and column that the stand-in makes has a comment in DuckDB that holds JSON:
the comment that Snowflake shows, whether a table is transient, its clustering, tags, grants,
a column's declared type. So these notes are renamed, dropped, replaced and rolled back with
their object.
"""

from __future__ import annotations

CATALOG = "_standin"

HIDDEN = "('main', '_fs_information_schema', 'information_schema', 'pg_catalog')"

_NOTE = "CASE WHEN json_valid(comment) THEN comment::JSON END"

_RELATIONS = f"""
CREATE VIEW {CATALOG}.main._relations AS
SELECT database_name AS db, schema_name AS sch, table_name AS nam, FALSE AS is_view, temporary,
       estimated_size AS rows, {_NOTE} AS note, NULL AS text FROM duckdb_tables()
UNION ALL
SELECT database_name, schema_name, view_name, TRUE, temporary, NULL, {_NOTE}, sql
FROM duckdb_views() WHERE NOT internal
"""

_TABLES = f"""
CREATE VIEW {CATALOG}.main.all_relations AS
SELECT CASE WHEN temporary THEN note->>'$.name[0]' ELSE db END AS TABLE_CATALOG,
       CASE WHEN temporary THEN note->>'$.name[1]' ELSE sch END AS TABLE_SCHEMA,
       CASE WHEN temporary THEN note->>'$.name[2]' ELSE nam END AS TABLE_NAME,
       coalesce(note->>'$.owner', 'TRANSFORMER') AS TABLE_OWNER,
       CASE WHEN is_view THEN 'VIEW' WHEN temporary THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END
           AS TABLE_TYPE,
       coalesce(note->>'$.transient', 'NO') AS IS_TRANSIENT,
       note->>'$.cluster_by' AS CLUSTERING_KEY,
       rows::BIGINT AS ROW_COUNT,
       CASE WHEN is_view THEN NULL ELSE rows * 1024 END::BIGINT AS BYTES,
       1::BIGINT AS RETENTION_TIME,
       coalesce((note->>'$.created')::TIMESTAMPTZ, to_timestamp(0)) AS CREATED,
       coalesce((note->>'$.created')::TIMESTAMPTZ, to_timestamp(0)) AS LAST_ALTERED,
       coalesce((note->>'$.created')::TIMESTAMPTZ, to_timestamp(0)) AS LAST_DDL,
       CASE WHEN note->>'$.cluster_by' IS NULL THEN 'NO' ELSE 'YES' END AS AUTO_CLUSTERING_ON,
       note->>'$.comment' AS COMMENT,
       CASE WHEN temporary THEN 'YES' ELSE 'NO' END AS IS_TEMPORARY,
       'NO' AS IS_ICEBERG, 'NO' AS IS_DYNAMIC, 'NO' AS IS_HYBRID, 'YES' AS IS_INSERTABLE_INTO,
       text AS VIEW_DEFINITION, is_view AS _IS_VIEW
FROM {CATALOG}.main._relations
WHERE (temporary AND note IS NOT NULL) OR (NOT temporary AND sch NOT IN {HIDDEN}
      AND db NOT IN ('system', 'temp', 'memory', '_fs_global', '{CATALOG}'))
"""

_COLUMNS = f"""
CREATE VIEW {CATALOG}.main.all_columns AS
WITH found AS (
    SELECT c.*, CASE WHEN json_valid(c.comment) THEN c.comment::JSON END AS note,
           r.note AS relation, r.temporary AS temporary
    FROM duckdb_columns() c JOIN {CATALOG}.main._relations r
      ON r.db = c.database_name AND r.sch = c.schema_name AND r.nam = c.table_name
    WHERE (r.temporary AND r.note IS NOT NULL) OR (NOT r.temporary AND c.schema_name
          NOT IN {HIDDEN} AND c.database_name NOT IN ('system', '_fs_global', '{CATALOG}'))
)
SELECT CASE WHEN temporary THEN relation->>'$.name[0]' ELSE database_name END AS TABLE_CATALOG,
       CASE WHEN temporary THEN relation->>'$.name[1]' ELSE schema_name END AS TABLE_SCHEMA,
       CASE WHEN temporary THEN relation->>'$.name[2]' ELSE table_name END AS TABLE_NAME,
       column_name AS COLUMN_NAME, column_index::BIGINT AS ORDINAL_POSITION,
       column_default AS COLUMN_DEFAULT,
       CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
       CASE WHEN note->>'$.kind' IS NOT NULL THEN note->>'$.kind'
            WHEN data_type LIKE 'DECIMAL%' OR data_type LIKE '%INT' OR data_type = 'INTEGER'
                THEN 'NUMBER'
            WHEN data_type IN ('DOUBLE', 'FLOAT') THEN 'FLOAT'
            WHEN data_type = 'BLOB' THEN 'BINARY'
            WHEN data_type IN ('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS') THEN 'TIMESTAMP_TZ'
            WHEN data_type LIKE 'TIMESTAMP%' THEN 'TIMESTAMP_NTZ'
            WHEN data_type = 'JSON' THEN 'VARIANT'
            WHEN data_type IN ('DATE', 'TIME', 'BOOLEAN') THEN data_type
            ELSE 'TEXT' END AS DATA_TYPE,
       CASE WHEN data_type = 'VARCHAR' THEN coalesce((note->>'$.length')::BIGINT, 16777216) END
           AS CHARACTER_MAXIMUM_LENGTH,
       CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_precision
            WHEN data_type LIKE '%INT' OR data_type = 'INTEGER' THEN 38 END::BIGINT
           AS NUMERIC_PRECISION,
       CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_scale
            WHEN data_type LIKE '%INT' OR data_type = 'INTEGER' THEN 0 END::BIGINT
           AS NUMERIC_SCALE,
       CASE WHEN data_type LIKE 'TIME%' THEN 9 END::BIGINT AS DATETIME_PRECISION,
       note->>'$.comment' AS COMMENT
FROM found
"""

_SCHEMATA = f"""
CREATE VIEW {CATALOG}.main.all_schemata AS
SELECT database_name AS CATALOG_NAME, schema_name AS SCHEMA_NAME, 'TRANSFORMER' AS SCHEMA_OWNER,
       'NO' AS IS_TRANSIENT, to_timestamp(0) AS CREATED, to_timestamp(0) AS LAST_ALTERED,
       comment AS COMMENT
FROM duckdb_schemas()
WHERE NOT internal AND schema_name NOT IN {HIDDEN}
  AND database_name NOT IN ('system', 'temp', 'memory', '_fs_global', '{CATALOG}')
"""

_HIDE = "EXCLUDE (VIEW_DEFINITION, _IS_VIEW)"
QUERIES = {
    "TABLES": f"SELECT * {_HIDE} FROM {CATALOG}.main.all_relations WHERE TABLE_CATALOG = ",
    "VIEWS": "SELECT TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_OWNER, VIEW_DEFINITION, "
    f"COMMENT, CREATED, LAST_ALTERED FROM {CATALOG}.main.all_relations "
    "WHERE _IS_VIEW AND TABLE_CATALOG = ",
    "COLUMNS": f"SELECT * FROM {CATALOG}.main.all_columns WHERE TABLE_CATALOG = ",
    "SCHEMATA": f"SELECT * FROM {CATALOG}.main.all_schemata WHERE CATALOG_NAME = ",
}
"""What stands for the views of a database's `INFORMATION_SCHEMA`."""

CREATION = [f"ATTACH ':memory:' AS {CATALOG}", _RELATIONS, _TABLES, _COLUMNS, _SCHEMATA]
