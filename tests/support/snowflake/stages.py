"""Stages: folders of this process, into which the client writes what it PUTs."""

from __future__ import annotations

import datetime
import hashlib
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.snowflake import datatypes, results
from tests.support.snowflake.errors import Refused, exists, missing, syntax_error, unsupported
from tests.support.snowflake.names import Name, Reader, literal, split_name
from tests.support.snowflake.results import Answer, Column, text_column, time_column

if TYPE_CHECKING:
    from tests.support.snowflake.session import Session


_LOCAL = r"(?:'file://(?P<quoted>(?:[^'\\]|\\.)*)'|file://(?P<bare>\S+))"


@dataclass
class Stage:
    """A stage.

    Attributes:
        name: its full name.
        folder: where its files are.
        temporary: whether it goes with its session.
        file_format: the options that its files are read with.
    """

    name: Name
    folder: Path
    temporary: bool
    file_format: dict[str, Any] = field(default_factory=dict)
    created: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def files(self, path: str = "", pattern: str | None = None) -> list[Path]:
        """The files whose place in the stage begins with a path, in order."""
        found = [file for file in sorted(self.folder.rglob("*")) if file.is_file()]
        places = [(file, self.place(file)) for file in found]
        return [
            file
            for file, place in places
            if place.startswith(path) and (not pattern or re.fullmatch(pattern, place))
        ]

    def place(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()


def create(session: Session, reader: Reader, replace: bool, words: set[str]) -> Answer:
    """`CREATE [TEMPORARY] STAGE name [FILE_FORMAT = (...)]`."""
    if_missing = reader.take("IF", "NOT", "EXISTS")
    name = session.name(reader.parts(), "CREATE STAGE")
    options = reader.options()
    reader.finish()
    if name.schema not in session.account.schemas(name.database):
        raise missing("Schema", f"{name.database}.{name.schema}")
    if "URL" in options:
        raise unsupported("external stages")
    temporary = bool(words & {"TEMP", "TEMPORARY"})
    stages = session.own_stages if temporary else session.account.stages
    if name in stages and if_missing:
        return results.status(f"{name.name} already exists, statement succeeded.")
    if name in stages and not replace:
        raise exists(name)
    if name in stages:
        stages.pop(name).remove()
    session.commit()
    file_format = options.get("FILE_FORMAT") or {}
    stages[name] = Stage(name, session.account.stage_folder(), temporary, file_format)
    return results.status(f"Stage area {name.name} successfully created.")


def listed(
    session: Session, where: tuple[str | None, str | None]
) -> tuple[list[Column], list[dict[str, Any]]]:
    """What `SHOW STAGES` tells; a temporary stage is seen by its own session only."""
    names = ("name", "database_name", "schema_name", "url", "type", "owner", "comment")
    found = []
    for stage in [*session.account.stages.values(), *session.own_stages.values()]:
        name = stage.name
        if where[0] not in (None, name.database) or where[1] not in (None, name.schema):
            continue
        found.append(
            {
                "created_on": stage.created,
                "name": name.name,
                "database_name": name.database,
                "schema_name": name.schema,
                "url": "",
                "type": "INTERNAL TEMPORARY" if stage.temporary else "INTERNAL",
                "owner": "TRANSFORMER",
                "comment": "",
            }
        )
    return [time_column("created_on"), *map(text_column, names)], found


def located(session: Session, text: str) -> tuple[Stage, str]:
    """The stage and the path that `@db.schema.stage/path` means.

    Raises:
        Refused: there is no such stage.
    """
    if not text.startswith("@"):
        raise Refused(1003, "42000", f"SQL compilation error:\ninvalid stage reference '{text}'")
    name_text, _, path = text[1:].partition("/")
    if name_text[:1] in ("%", "~"):
        raise unsupported("the stages of tables and users")
    name = session.name(split_name(name_text), "STAGE")
    stage = session.own_stages.get(name) or session.account.stages.get(name)
    if stage is None:
        raise missing("Stage", name)
    return stage, path


def reference(reader: Reader) -> str:
    """A stage's reference, with or without quotes around it, or a bound value."""
    token = reader.token
    if token is None:
        raise reader.unexpected()
    if token.text == "?" or reader.word == "":
        return str(reader.value())
    start = token.start
    found = re.compile(r'@(?:"(?:[^"]|"")*"|[^\s"\');,])+').match(reader.sql, start)
    if found is None:
        raise reader.unexpected()
    while reader.token is not None and reader.token.start < found.end():
        reader.position += 1
    return found[0]


def put(session: Session, sql: str, bindings: list[Any]) -> Answer:
    """`PUT 'file://...' '@stage/path' ...`: the client is told where to write."""
    found = re.match(rf"PUT\s+{_LOCAL}\s+(?P<rest>.+)", sql, re.IGNORECASE | re.DOTALL)
    if found is None:
        raise syntax_error("(expected PUT file://... @stage).")
    reader = Reader(found["rest"], bindings)
    stage, path = located(session, reference(reader))
    options = reader.options()
    reader.finish()
    folder = (stage.folder / path).resolve()
    if not folder.is_relative_to(stage.folder.resolve()):
        raise Refused(253003, "22000", f"'{path}' leads out of the stage.")
    folder.mkdir(parents=True, exist_ok=True)
    transfer = {
        "command": "UPLOAD",
        "src_locations": [_local(found)],
        "parallel": int(options.get("PARALLEL", 4)),
        "autoCompress": options.get("AUTO_COMPRESS", True),
        "sourceCompression": str(options.get("SOURCE_COMPRESSION", "auto_detect")).lower(),
        "overwrite": options.get("OVERWRITE", False),
        "encryptionMaterial": None,
        "stageInfo": {"locationType": "LOCAL_FS", "location": f"{folder}/", "creds": {}},
    }
    return Answer([text_column("status")], [("ok",)], transfer=transfer)


def get(session: Session, sql: str, bindings: list[Any]) -> Answer:
    """`GET '@stage/path' 'file://...'`."""
    found = re.match(rf"GET\s+(?P<stage>'(?:[^'\\]|\\.)*'|\S+)\s+{_LOCAL}", sql, re.IGNORECASE)
    if found is None:
        raise syntax_error("(expected GET @stage file://...).")
    stage, path = located(session, reference(Reader(found["stage"], bindings)))
    transfer = {
        "command": "DOWNLOAD",
        "src_locations": [stage.place(file) for file in stage.files(path)],
        "parallel": 4,
        "localLocation": _local(found),
        "encryptionMaterial": [],
        "stageInfo": {"locationType": "LOCAL_FS", "location": f"{stage.folder}/", "creds": {}},
    }
    return Answer([text_column("status")], [("ok",)], transfer=transfer)


def _local(found: re.Match[str]) -> str:
    quoted_path = found["quoted"]
    return found["bare"] if quoted_path is None else quoted_path.replace("\\'", "'")


def list_files(session: Session, reader: Reader) -> Answer:
    """`LIST @stage [PATTERN = '...']`."""
    stage, path = located(session, reference(reader))
    pattern = reader.options().get("PATTERN")
    found = []
    for file in stage.files(path, pattern):
        told = file.stat()
        when = datetime.datetime.fromtimestamp(told.st_mtime, datetime.UTC)
        digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        shown = f"{stage.name.name.lower()}/{stage.place(file)}"
        found.append((shown, told.st_size, digest, when.strftime("%a, %d %b %Y %H:%M:%S GMT")))
    return results.rows(["name", "size", "md5", "last_modified"], found, numbers="size")


def remove(session: Session, reader: Reader) -> Answer:
    """`REMOVE @stage/path [PATTERN = '...']`."""
    # sqlglot takes all that follows the word for one token.
    reader = Reader(reader.sql[reader.tokens[0].end + 1 :], reader.bindings)
    stage, path = located(session, reference(reader))
    pattern = reader.options().get("PATTERN")
    found = []
    for file in stage.files(path, pattern):
        found.append((f"{stage.name.name.lower()}/{stage.place(file)}", "removed"))
        file.unlink()
    return results.rows(["name", "result"], found)


def infer_schema(session: Session, reader: Reader) -> Answer:
    """`SELECT ... FROM TABLE(INFER_SCHEMA(LOCATION => '@stage', FILE_FORMAT => '...'))`."""
    while not reader.take("INFER_SCHEMA", "("):
        reader.position += 1
    reader.expect("LOCATION")
    if not reader.take("=>"):
        reader.expect("=", ">")
    stage, path = located(session, reference(reader))
    files = [literal(str(file)) for file in stage.files(path)]
    names = ["COLUMN_NAME", "TYPE", "NULLABLE", "EXPRESSION", "FILENAMES", "ORDER_ID"]
    head = re.match(r"\s*select\s+column_name\s*,\s*type\s+from", reader.sql, re.IGNORECASE)
    wanted = 2 if head else len(names)
    found: list[tuple[Any, ...]] = []
    if files:
        sql = f"DESCRIBE SELECT * FROM read_parquet([{', '.join(files)}])"
        for position, row in enumerate(session.execute(sql).fetchall()):
            told = datatypes.snowflake_type(row[1]).replace(",", ", ")
            told = {"FLOAT": "REAL"}.get(told, re.sub(r"VARCHAR\(.*|(\((8388608|9)\))", "", told))
            told = told or "TEXT"
            expression = f"$1:{row[0]}::{told}"
            found.append((row[0], told, "true", expression, "", position)[:wanted])
    return results.rows(names[:wanted], found, numbers="ORDER_ID", type_id=results.SELECT)
