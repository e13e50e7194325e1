"""From a query's text to a syntax tree: one SELECT, nothing else. Function names stay as written."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.oracle import Oracle
from sqlglot.errors import SqlglotError
from sqlglot.parsers.oracle import OracleParser
from sqlglot.transforms import eliminate_join_marks

from erp_emulator.errors import NetSuiteError, invalid_query
from erp_emulator.suiteql.context import INVALID

QUERY_MAX = 65_536
PARAMETERS_MAX = 1000
DEPTH_MAX = 120
LITERAL_OR_MARK = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\?|--[^\n]*|/\*.*?\*/", re.DOTALL)
TOP = re.compile(r"^(\s*SELECT\s+(?:DISTINCT\s+)?)TOP\s+(\d+)\s", re.IGNORECASE)


class SuiteQL(Oracle):
    """Oracle's grammar without its function rewriting: the resolver knows the functions."""

    class Parser(OracleParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}


def invalid() -> NetSuiteError:
    return invalid_query(INVALID)


def parse(text: str) -> exp.Query:
    """The tree of one query; every syntax error and every other statement is NetSuite's one refusal.

    `?` marks become `:p1`, `:p2` in the order of the text.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > QUERY_MAX or "\x00" in text:
        raise invalid()
    if re.search(r"\bLIMIT\s+\d+\s*$", text, re.IGNORECASE):
        raise invalid()
    marks = 0

    def mark(match: re.Match[str]) -> str:
        nonlocal marks
        if match.group() == "?":
            marks += 1
            return f":p{marks}"
        if match.group().startswith(("--", "/*")):
            return " "
        return match.group()

    numbered = LITERAL_OR_MARK.sub(mark, text)
    limit = TOP.match(numbered)
    if limit:
        numbered = TOP.sub(r"\1", numbered) + f" FETCH FIRST {limit.group(2)} ROWS ONLY"
    try:
        trees = sqlglot.parse(numbered, read=SuiteQL)
    except (SqlglotError, RecursionError, ValueError):
        raise invalid() from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query) or ";" in _bare(numbered):
        raise invalid()
    tree: exp.Expr = trees[0]
    if isinstance(tree, exp.Subquery):
        tree = tree.unnest()
    if any(each.args.get("join_mark") for each in tree.find_all(exp.Column)):
        try:
            tree = eliminate_join_marks(tree)
        except (SqlglotError, AssertionError, KeyError, ValueError):
            raise invalid() from None
    if marks > PARAMETERS_MAX or not isinstance(tree, exp.Query) or _depth(tree) > DEPTH_MAX:
        raise invalid()
    return tree


def _bare(text: str) -> str:
    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "", text)


def _depth(tree: exp.Expr) -> int:
    """The longest way from the root; chains of AND and OR count too, so a deep tree can't exhaust the stack."""
    deepest = 0
    pending: list[tuple[exp.Expr, int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        pending.extend((child, depth + 1) for child in node.iter_expressions())
    return deepest
