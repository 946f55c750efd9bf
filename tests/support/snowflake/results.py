"""Answers on the wire: rows as Arrow, as Snowflake packs them, or as JSON.

Numbers travel as the smallest integers that hold them, also those with digits after the
point; timestamps as seconds and nanoseconds; semi-structured values as indented JSON text.
"""

from __future__ import annotations

import datetime
import json
from base64 import b64encode
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tests.support.snowflake.datatypes import LONGEST_TEXT

Json = dict[str, Any]

SELECT, DDL, SHOW, DESCRIBE, SCL, TCL = 0x1000, 0x6000, 0x4400, 0x4500, 0x4000, 0x5000
INSERT, UPDATE, DELETE, MERGE, COPY = 0x3100, 0x3200, 0x3300, 0x3400, 0x3600

CHUNK_ROWS = 100_000
_OFFSET_UTC = 1440


@dataclass(frozen=True)
class Column:
    """A column of an answer: its name and what the client is told of its type."""

    name: str
    type: str = "text"
    precision: int | None = None
    scale: int | None = None
    length: int | None = None
    nullable: bool = True

    @property
    def wire(self) -> Json:
        return {
            "name": self.name,
            "type": self.type,
            "precision": self.precision,
            "scale": self.scale,
            "length": self.length,
            "byteLength": self.length,
            "nullable": self.nullable,
            "collation": None,
            "database": "",
            "schema": "",
            "table": "",
        }


@dataclass
class Answer:
    """What a statement gives back.

    Attributes:
        columns: of the rows.
        rows: for answers as JSON.
        table: for answers as Arrow, in DuckDB's types.
        type_id: tells clients the kind of statement.
        transfer: for PUT and GET: what the client shall do.
    """

    columns: list[Column]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    table: pa.Table | None = None
    type_id: int = SCL
    transfer: Json | None = None

    @property
    def count(self) -> int:
        return self.table.num_rows if self.table is not None else len(self.rows)


def status(text: str = "Statement executed successfully.", type_id: int = DDL) -> Answer:
    return Answer([text_column("status")], [(text,)], type_id=type_id)


def rows(
    names: list[str], values: list[tuple[Any, ...]], type_id: int = SHOW, numbers: str = ""
) -> Answer:
    """An answer of texts, and of numbers in the columns that are named."""
    columns = [number_column(n) if n in numbers.split() else text_column(n) for n in names]
    return Answer(columns, values, type_id=type_id)


def counts(type_id: int, **told: int) -> Answer:
    """How many rows a statement inserted, updated or deleted."""
    columns = [number_column(name.replace("_", " ")) for name in told]
    return Answer(columns, [tuple(told.values())], type_id=type_id)


def text_column(name: str) -> Column:
    return Column(name, length=LONGEST_TEXT)


def number_column(name: str) -> Column:
    return Column(name, "fixed", precision=38, scale=0)


def time_column(name: str) -> Column:
    return Column(name, "timestamp_ltz", precision=0, scale=9)


def column_of(name: str, duck: str, kind: str | None) -> Column:
    """How a column of DuckDB's is told to the client."""
    if duck.startswith("DECIMAL"):
        precision, scale = (int(part) for part in duck[8:-1].split(","))
        return Column(name, "fixed", precision=precision, scale=scale)
    if duck.endswith("[]") or duck.startswith(("STRUCT", "MAP")):
        return Column(name, "array" if duck.endswith("[]") else "object")
    if duck.startswith("TIMESTAMP"):
        zoned = duck in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
        told = kind or "TIMESTAMP_TZ" if zoned else "TIMESTAMP_NTZ"
        return Column(name, told.lower(), precision=0, scale=9)
    simple = {
        "JSON": Column(name, (kind or "VARIANT").lower()),
        "BOOLEAN": Column(name, "boolean"),
        "DATE": Column(name, "date"),
        "TIME": Column(name, "time", precision=0, scale=9),
        "BLOB": Column(name, "binary", length=8_388_608),
        "FLOAT": Column(name, "real"),
        "DOUBLE": Column(name, "real"),
    }
    if duck in simple:
        return simple[duck]
    integer = duck.endswith(("INT", "INTEGER"))
    return number_column(name) if integer else text_column(name)


def arrow_chunks(answer: Answer) -> list[tuple[int, bytes]]:
    """The rows as Arrow streams, each with its number of rows."""
    if answer.table is None or not answer.table.num_rows:
        return []
    table = answer.table.combine_chunks()
    packed = [_pack(table.column(i), column) for i, column in enumerate(answer.columns)]
    arrays = [array for array, _ in packed]
    fields = [
        pa.field(column.name, array.type, metadata=_metadata(column, scale))
        for column, (array, scale) in zip(answer.columns, packed, strict=True)
    ]
    whole = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    starts = range(0, whole.num_rows, CHUNK_ROWS)
    return [(len(part), _stream(part)) for part in (whole.slice(s, CHUNK_ROWS) for s in starts)]


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _metadata(column: Column, scale: int) -> dict[str, str]:
    return {
        "logicalType": column.type.upper(),
        "precision": str(column.precision or 38),
        "scale": str(scale),
        "charLength": str(column.length or 0),
        "byteLength": "16",
    }


def _pack(values: pa.ChunkedArray, column: Column) -> tuple[pa.Array, int]:
    """The values as Snowflake packs them, and the scale that belongs to them."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if column.type == "fixed":
        return _integers(array, column.scale or 0), column.scale or 0
    if column.type.startswith("timestamp"):
        return _instants(array, column.type == "timestamp_tz"), 9
    if column.type == "time":
        return pc.multiply(array.cast(pa.time64("us")).cast(pa.int64()), 1000), 9
    if column.type in ("variant", "array", "object"):
        return _documents(array), 0
    if column.type == "real":
        return array.cast(pa.float64()), 0
    if column.type == "text" and array.type != pa.string():
        return array.cast(pa.string()), 0
    return array, 0


def _integers(array: pa.Array, scale: int) -> pa.Array:
    """Numbers without their point, as the smallest integers; decimals if 64 bits are too few."""
    if pa.types.is_decimal(array.type):
        shifted = _without_point(array, scale)
        if shifted is None:
            return array
        array = shifted
    elif array.type == pa.uint64():
        return _integers(array.cast(pa.decimal128(38, 0)), scale)
    limits = pc.min_max(array)
    low, high = limits["min"].as_py() or 0, limits["max"].as_py() or 0
    for bits, kind in ((7, pa.int8()), (15, pa.int16()), (31, pa.int32())):
        if -(2**bits) <= low and high < 2**bits:
            return array.cast(kind)
    return array.cast(pa.int64())


def _without_point(array: pa.Array, scale: int) -> pa.Array | None:
    limits = pc.min_max(array)
    edge = max(abs(limits[end].as_py() or Decimal(0)) for end in ("min", "max"))
    if edge.scaleb(scale) >= 2**63:
        return None
    # The same 128 bits, read without a point.
    wide = array.cast(pa.decimal128(38, scale)) if array.type.precision != 38 else array
    plain = pa.Array.from_buffers(
        pa.decimal128(38, 0), len(wide), wide.buffers(), wide.null_count, wide.offset
    )
    return plain.cast(pa.int64())


def _instants(array: pa.Array, zoned: bool) -> pa.Array:
    """Timestamps as structs of seconds and nanoseconds, and the offset of the zone."""
    unit = 10**9 if array.type.unit == "ns" else 10**6
    missing = array.is_null()
    if array.type.unit not in ("us", "ns"):
        array = array.cast(pa.timestamp("us", array.type.tz))
    ticks = pc.fill_null(array.cast(pa.int64()), 0)
    seconds = pc.divide(ticks, unit)
    rest = pc.subtract(ticks, pc.multiply(seconds, unit))
    before = pc.less(rest, 0)
    seconds = pc.if_else(before, pc.subtract(seconds, 1), seconds)
    rest = pc.if_else(before, pc.add(rest, unit), rest)
    parts = {
        "epoch": seconds,
        "fraction": pc.multiply(rest, 10**9 // unit).cast(pa.int32()),
    }
    if zoned:
        parts["timezone"] = pa.array([_OFFSET_UTC] * len(array), pa.int32())
    fields = [pa.field(name, part.type, nullable=False) for name, part in parts.items()]
    return pa.StructArray.from_arrays(list(parts.values()), fields=fields, mask=missing)


def _documents(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        texts = [document(text) for text in array.to_pylist()]
    else:
        texts = [None if v is None else _dumped(v) for v in array.to_pylist()]
    return pa.array(texts, pa.string())


def document(text: str | None) -> str | None:
    """JSON as Snowflake writes it: indented, with the keys in order."""
    if text is None or text[:1] not in "[{":
        return text
    return _dumped(json.loads(text))


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str)


def json_rows(answer: Answer) -> list[list[str | None]]:
    """The rows as texts, for answers that do not travel as Arrow."""
    return [[_text(value) for value in row] for row in answer.rows]


def _text(value: Any) -> str | None:
    if isinstance(value, datetime.datetime):
        return f"{value.timestamp():.9f}"
    if isinstance(value, bool):
        return "1" if value else "0"
    return None if value is None else str(value)


def data(answer: Answer, chunks: list[tuple[int, bytes]], urls: list[str]) -> Json:
    """The part of the response that holds columns and rows; later chunks are fetched by URL."""
    told: Json = {
        "rowtype": [column.wire for column in answer.columns],
        "total": answer.count,
        "returned": answer.count,
        "statementTypeId": answer.type_id,
    }
    if answer.table is None:
        return {**told, "queryResultFormat": "json", "rowset": json_rows(answer)}
    first = b64encode(chunks[0][1]).decode() if chunks else ""
    told |= {"queryResultFormat": "arrow", "rowsetBase64": first}
    if urls:
        told["chunkHeaders"] = {}
        told["chunks"] = [
            {"url": url, "rowCount": count, "uncompressedSize": len(c), "compressedSize": len(c)}
            for url, (count, c) in zip(urls, chunks[1:], strict=True)
        ]
    return told
