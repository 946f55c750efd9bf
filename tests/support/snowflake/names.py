"""Names of objects, and a reader of statements token by token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import TokenType
from sqlglot.errors import SqlglotError

from tests.support.snowflake.errors import no_database, no_schema, syntax_error

_STRINGS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING}


def quoted(name: str) -> str:
    """A name between double quotes, for both dialects."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as SQL of both dialects."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


@dataclass(frozen=True)
class Name:
    """The full name of a table, view, stage or the like."""

    database: str
    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The name in DuckDB, where an attached database stands for Snowflake's."""
        return ".".join(quoted(part) for part in (self.database, self.schema, self.name))

    @property
    def temporary_sql(self) -> str:
        """The name of a session's own table or view in DuckDB."""
        return f"temp.main.{quoted(str(self))}"

    def __str__(self) -> str:
        return f"{self.database}.{self.schema}.{self.name}"


def full_name(
    parts: Sequence[str], database: str | None, schema: str | None, statement: str
) -> Name:
    """Complete a name of one to three parts with the session's database and schema.

    Raises:
        Refused: the session has none.
    """
    if len(parts) > 3:
        raise syntax_error(f"unexpected '{parts[0]}'.")
    if len(parts) < 3 and database is None:
        raise no_database(statement)
    if len(parts) < 2 and schema is None:
        raise no_schema(statement)
    known = [str(database), str(schema)][: 3 - len(parts)]
    return Name(*known, *parts)


def split_name(text: str) -> list[str]:
    """The parts of a dotted name, folded to upper case where they are not quoted."""
    reader = Reader(text)
    parts = reader.parts()
    reader.finish()
    return parts


@dataclass(frozen=True)
class Word:
    """A word, sign, number, text or quoted name of a statement, and where it stands."""

    text: str
    type: TokenType
    start: int
    end: int
    line: int
    column: int
    quoted: bool

    @property
    def is_text(self) -> bool:
        return self.type in _STRINGS


def words(sql: str) -> list[Word]:
    """Take a statement apart; comments are left out.

    Raises:
        Refused: it can't be taken apart.
    """
    try:
        tokens = sqlglot.tokenize(sql, read="snowflake")
    except SqlglotError as error:
        raise syntax_error(str(error)) from None
    found = []
    for token in tokens:
        kind, quoted_name = token.token_type, sql[token.start : token.start + 1] == '"'
        if kind in _STRINGS or quoted_name:
            spans = [(token.text, token.start, token.end)]
        else:  # sqlglot takes some words together, such as CLUSTER BY
            parts = re.finditer(r"\S+", sql[token.start : token.end + 1])
            spans = [(p[0], token.start + p.start(), token.start + p.end() - 1) for p in parts]
        for text, start, end in spans:
            found.append(Word(text, kind, start, end, token.line, token.col, quoted_name))
    return found


@dataclass
class Reader:
    """Reads a statement's head word by word; what it can't place is a syntax error.

    Attributes:
        sql: the statement.
        bindings: values for its question marks, in order.
    """

    sql: str
    bindings: list[Any] = field(default_factory=list)
    position: int = 0
    tokens: list[Word] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = words(self.sql)
        while self.tokens and self.tokens[-1].type == TokenType.SEMICOLON:
            self.tokens.pop()

    @property
    def token(self) -> Word | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    @property
    def word(self) -> str:
        """The next token in upper case; empty at the end and for quoted text."""
        token = self.token
        if token is None or token.is_text or token.quoted:
            return ""
        return token.text.upper()

    def at_end(self) -> bool:
        return self.token is None

    def take(self, *words: str) -> bool:
        """Go past these words if they come next."""
        for offset, expected in enumerate(words):
            index = self.position + offset
            if index >= len(self.tokens):
                return False
            token = self.tokens[index]
            if token.is_text or token.text.upper() != expected:
                return False
            if token.quoted:
                return False
        self.position += len(words)
        return True

    def expect(self, *words: str) -> None:
        if not self.take(*words):
            raise self.unexpected()

    def one_of(self, *words: str) -> str | None:
        """Go past the next word if it is one of these, and give it."""
        if (word := self.word) in words and word:
            self.position += 1
            return word
        return None

    def next_word(self) -> str:
        word = self.word
        if not word:
            raise self.unexpected()
        self.position += 1
        return word

    def parts(self) -> list[str]:
        """A dotted name, or what `identifier(...)` stands for."""
        if self.take("IDENTIFIER", "("):
            text = self.value()
            self.expect(")")
            return split_name(str(text))
        parts = [self._identifier()]
        while self.take("."):
            parts.append(self._identifier())
        return parts

    def _identifier(self) -> str:
        token = self.token
        if token is None or token.is_text:
            raise self.unexpected()
        if not token.quoted and not token.text.replace("$", "_").isidentifier():
            raise self.unexpected()
        self.position += 1
        return token.text if token.quoted else token.text.upper()

    def value(self) -> Any:
        """A string, a number, true, false, a bare word, or the value of a question mark."""
        token = self.token
        if token is None:
            raise self.unexpected()
        self.position += 1
        if token.text == "?" and not token.is_text:
            return self.bindings.pop(0)
        if token.type == TokenType.NUMBER:
            return int(token.text)
        if not token.is_text and token.text.upper() in ("TRUE", "FALSE"):
            return token.text.upper() == "TRUE"
        return token.text

    def string(self) -> str:
        token = self.token
        if token is None or (not token.is_text and token.text != "?"):
            raise self.unexpected()
        return str(self.value())

    def in_parentheses(self) -> str:
        """The text between the parenthesis that comes next and its other half."""
        self.expect("(")
        start, depth = self.position, 1
        while depth:
            token = self.token
            if token is None:
                raise self.unexpected()
            depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.type, 0)
            self.position += 1
        last = self.tokens[self.position - 1]
        first = self.tokens[start]
        return self.sql[first.start : last.start]

    def rest(self) -> str:
        """All that is left, as it was written."""
        if self.token is None:
            return ""
        text = self.sql[self.token.start : self.tokens[-1].end + 1]
        self.position = len(self.tokens)
        return text

    def options(self) -> dict[str, Any]:
        """`KEY = value` pairs to the end or a closing parenthesis; nested ones as dicts."""
        found: dict[str, Any] = {}
        while not self.at_end() and self.word != ")":
            if self.take(","):
                continue
            key = self.next_word()
            self.expect("=")
            if self.word == "(":
                found[key] = Reader(self.in_parentheses(), self.bindings)._nested()
            else:
                found[key] = self.value()
        return found

    def _nested(self) -> dict[str, Any] | list[Any]:
        if len(self.tokens) > 1 and self.tokens[1].text == "=":
            return self.options()
        values = []
        while not self.at_end():
            values.append(self.value())
            self.take(",")
        return values

    def finish(self) -> None:
        """Nothing may be left."""
        if not self.at_end():
            raise self.unexpected()

    def unexpected(self) -> Exception:
        token = self.token
        if token is None:
            return syntax_error("line 1: unexpected '<EOF>'.")
        return syntax_error(
            f"line {token.line} at position {token.column}: unexpected '{token.text}'."
        )
