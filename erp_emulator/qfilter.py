"""The `q` of a list: `field OPERATOR value`, joined by AND and OR, as a condition on the stored records.

Dates are written in the account's format and mean days in the account's time zone; AFTER and BEFORE count from the
day's first instant.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from erp_emulator import balances, codes
from erp_emulator.errors import NetSuiteError, invalid_parameter, invalid_query
from erp_emulator.preferences import Preferences
from erp_emulator.schema import Field, RecordType, Sublist
from erp_emulator.suiteql import dates

TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([()\[\],])|([^\s()\[\],"]+))')
# A record's lines in the shape of records; a condition follows.
LINES_THAT = (
    "WITH _record AS (SELECT key AS id, value AS body, json_extract(value, '$.v.externalId') AS external_id "
    "FROM json_each(?)) SELECT id FROM _record WHERE "
)
FILTER_MAX = 8000
DEPTH_MAX = 30
VALUES_MAX = 1000
TEXT = frozenset({"CONTAIN", "IS", "START_WITH", "ENDWITH", "END_WITH"})
NUMBER = frozenset({"ANY_OF", "BETWEEN", "EQUAL", "GREATER", "GREATER_OR_EQUAL", "LESS", "LESS_OR_EQUAL", "WITHIN"})
DATE = frozenset({"AFTER", "BEFORE", "ON", "ON_OR_AFTER", "ON_OR_BEFORE"})
EMPTY = frozenset({"EMPTY"})
OPERATORS = TEXT | NUMBER | DATE | EMPTY
COMPARISONS = {"EQUAL": "=", "GREATER": ">", "GREATER_OR_EQUAL": ">=", "LESS": "<", "LESS_OR_EQUAL": "<="}


@dataclass(frozen=True)
class Token:
    text: str
    is_quoted: bool = False

    def word(self) -> str:
        return "" if self.is_quoted else self.text.upper()


@dataclass(frozen=True)
class Condition:
    """SQL over `_record`, with its values."""

    sql: str
    values: tuple[Any, ...] = ()


def bad(detail: str) -> NetSuiteError:
    return invalid_query(f"Search error occurred: {detail}")


def tokens_of(text: str) -> list[Token]:
    tokens, position = [], 0
    while position < len(text):
        if not text[position:].strip():
            break
        match = TOKEN.match(text, position)
        if match is None:
            raise bad("Invalid or unsupported search.")
        quoted, mark, word = match.groups()
        tokens.append(Token(re.sub(r"\\(.)", r"\1", quoted), True) if quoted is not None else Token(mark or word))
        position = match.end()
    return tokens


def compile_filter(text: str, record_type: RecordType, preferences: Preferences) -> Condition:
    """The condition of a filter; NetSuite's refusals for fields, operators and dates that it does not take."""
    if len(text) > FILTER_MAX:
        raise bad("Invalid or unsupported search.")
    return _Parser(tokens_of(text), record_type, preferences).parse()


def kept_lines(
    text: str, sublist: Sublist, lines: list[dict[str, Any]], preferences: Preferences
) -> list[dict[str, Any]]:
    """The lines of one record that meet a filter, which is the one of lists over lines instead of records."""
    shape = RecordType(f"{sublist.name}Element", "line", "", sublist.fields)
    condition = compile_filter(text, shape, preferences)
    rows = json.dumps([{"v": line} for line in lines], default=str)
    with closing(sqlite3.connect(":memory:")) as connection:
        found = connection.execute(LINES_THAT + condition.sql, (rows, *condition.values)).fetchall()
    return [lines[int(row[0])] for row in found]


class _Parser:
    def __init__(self, tokens: list[Token], record_type: RecordType, preferences: Preferences) -> None:
        self.tokens = tokens
        self.record_type = record_type
        self.preferences = preferences
        self.at = 0
        self.depth = 0

    def parse(self) -> Condition:
        condition = self.any_of()
        if self.at < len(self.tokens):
            raise bad("Invalid or unsupported search.")
        return condition

    def peek(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else Token("")

    def take(self) -> Token:
        if self.at >= len(self.tokens):
            raise bad("Invalid or unsupported search.")
        self.at += 1
        return self.tokens[self.at - 1]

    def any_of(self) -> Condition:
        return self.joined("OR", self.all_of)

    def all_of(self) -> Condition:
        return self.joined("AND", self.one)

    def joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self.peek().word() == word:
            self.take()
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        sql = f" {word} ".join(f"({each.sql})" for each in parts)
        return Condition(sql, tuple(value for each in parts for value in each.values))

    def one(self) -> Condition:
        if self.peek().word() == "(":
            self.take()
            self.depth += 1
            if self.depth > DEPTH_MAX:
                raise bad("Invalid or unsupported search.")
            inner = self.any_of()
            if self.take().word() != ")":
                raise bad("Invalid or unsupported search.")
            self.depth -= 1
            return inner
        name = self.take()
        each = field_of(self.record_type, name.text)
        operator = self.take().word()
        is_negated = operator.endswith("_NOT")
        operator = operator.removesuffix("_NOT")
        if operator not in OPERATORS:
            raise invalid_parameter(f"Invalid operator '{operator}' for the field '{name.text}'.", "q")
        values = [] if operator in EMPTY else self.values()
        condition = self.condition(each, operator, values)
        return Condition(f"NOT COALESCE(({condition.sql}), 0)", condition.values) if is_negated else condition

    def values(self) -> list[str]:
        if self.peek().word() != "[":
            token = self.take()
            if not token.is_quoted and token.text in "()],":
                raise bad("Invalid or unsupported search.")
            return [token.text]
        self.take()
        found: list[str] = []
        while self.peek().word() != "]":
            token = self.take()
            if token.word() != ",":
                found.append(token.text)
        self.take()
        if not found or len(found) > VALUES_MAX:
            raise bad("Invalid or unsupported search.")
        return found

    # One condition.

    def condition(self, each: Field, operator: str, values: list[str]) -> Condition:
        column = column_of(self.record_type, each)
        if operator == "EMPTY":
            return Condition(f"{column} IS NULL OR {column} = ''")
        if each.kind in ("date", "datetime") and operator in DATE:
            return self.dated(each, column, operator, values[0])
        if each.kind == "boolean" and operator == "IS":
            return Condition(f"COALESCE({column}, 0) = ?", (1 if boolean(values[0]) else 0,))
        is_number = each.kind in ("number", "integer", "ref", "refs") or each.name == "id"
        if is_number and operator in NUMBER:
            return numeric(column, operator, [number(value, each) for value in values])
        if each.kind in ("enum", "ref") and operator in ("IS", "ANY_OF", "EQUAL"):
            return chosen(each, column, values)
        if each.kind in ("string", "enum") and operator in TEXT:
            return textual(column, operator, values[0])
        raise invalid_parameter(f"Invalid operator '{operator}' for the field '{each.name}'.", "q")

    def dated(self, each: Field, column: str, operator: str, value: str) -> Condition:
        day = self.day(value)
        if each.kind == "date":
            sign = {"AFTER": ">", "BEFORE": "<", "ON": "=", "ON_OR_AFTER": ">=", "ON_OR_BEFORE": "<="}[operator]
            return Condition(f"{column} {sign} ?", (day.isoformat(),))
        start, end = self.instant(day), self.instant(day + timedelta(days=1))
        if operator == "ON":
            return Condition(f"{column} >= ? AND {column} < ?", (start, end))
        sign, bound = {
            "AFTER": (">", start),
            "BEFORE": ("<", start),
            "ON_OR_AFTER": (">=", start),
            "ON_OR_BEFORE": ("<", end),
        }[operator]
        return Condition(f"{column} {sign} ?", (bound,))

    def day(self, value: str) -> date:
        account_format = str(self.preferences["DATEFORMAT"])
        try:
            return date.fromisoformat(dates.from_account_text(value, account_format)[:10])
        except dates.BadDate:
            java = account_format.replace("YYYY", "yy").replace("D", "d")
            raise invalid_parameter(
                f'Parse of date/time "{value}" failed with date format "{java}" in time zone '
                f"{self.preferences['TIMEZONE']}",
                "q",
            ) from None

    def instant(self, day: date) -> str:
        zone = ZoneInfo(str(self.preferences["TIMEZONE"]))
        moment = datetime(day.year, day.month, day.day, tzinfo=zone)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def field_of(record_type: RecordType, name: str) -> Field:
    if name.lower() == "id" or name.lower() == "internalid":
        return Field("id", "integer")
    found = record_type.by_lower.get(name.lower())
    if found is None or not found.is_filterable:
        raise NetSuiteError(
            400, "NONEXISTENT_FIELD", f"Field '{name}' does not exist or cannot be filtered on.", query_param="q"
        )
    return found


def column_of(record_type: RecordType, each: Field) -> str:
    """Where the field rests. Its name is the schema's own, never the caller's text."""
    if each.name == "id":
        return "id"
    if each.name == "externalId":
        return "external_id"
    computed = balances.field_sql(record_type.name, each.name)
    if computed is not None:
        return computed
    column = f"json_extract(body, '$.v.{each.name}')"
    if each.kind in ("number", "integer", "ref"):
        return f"CAST({column} AS NUMERIC)"
    return column


def boolean(value: str) -> bool:
    if value.lower() in ("true", "t"):
        return True
    if value.lower() in ("false", "f"):
        return False
    raise invalid_parameter(f"Invalid value '{value}' for a boolean field.", "q")


def number(value: str, each: Field) -> float:
    try:
        return float(value)
    except ValueError:
        raise invalid_parameter(f"Invalid value '{value}' for the field '{each.name}'.", "q") from None


def numeric(column: str, operator: str, values: list[float]) -> Condition:
    if operator in COMPARISONS:
        return Condition(f"{column} {COMPARISONS[operator]} ?", (values[0],))
    if operator == "ANY_OF":
        return Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))
    if len(values) != 2:
        raise bad("Invalid or unsupported search.")
    return Condition(f"{column} BETWEEN ? AND ?", tuple(values))


def chosen(each: Field, column: str, values: list[str]) -> Condition:
    """An enumeration's value by id or by name."""
    table = {name.lower(): key for key, name in codes.ENUMS.get(each.target, {}).items()}
    found = [table.get(value.lower(), value) for value in values]
    marks = ", ".join("?" * len(found))
    return Condition(f"CAST({column} AS TEXT) COLLATE NOCASE IN ({marks})", tuple(found))


def textual(column: str, operator: str, value: str) -> Condition:
    text = value.lower()
    lowered = f"LOWER({column})"
    if operator == "IS":
        return Condition(f"{lowered} = ?", (text,))
    if operator == "CONTAIN":
        return Condition(f"INSTR({lowered}, ?) > 0", (text,))
    if operator == "START_WITH":
        return Condition(f"SUBSTR({lowered}, 1, ?) = ?", (len(text), text))
    return Condition(f"SUBSTR({lowered}, -?) = ?", (max(len(text), 1), text))
