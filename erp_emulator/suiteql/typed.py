"""Expressions and their kinds: what is kept of each in `meta` while a query is resolved."""

from __future__ import annotations

from sqlglot import exp

DATED = frozenset({"date", "datetime"})


def typed(node: exp.Expr, kind: str, display: str = "") -> exp.Expr:
    node.meta["kind"] = kind
    if display:
        node.meta["display"] = display
    return node


def kind_of(node: exp.Expr) -> str:
    return str(node.meta.get("kind", ""))


def call(name: str, *arguments: exp.Expr, kind: str = "") -> exp.Expr:
    made = exp.Anonymous(this=name, expressions=list(arguments))
    if kind:
        made.meta["kind"] = kind
    return made


def text_of(node: exp.Expr) -> exp.Expr:
    """A number joined to text prints without a fraction it does not have."""
    if kind_of(node) in ("num", "id", ""):
        return call("o_text", node, kind="text")
    return node


def is_aggregate(node: exp.Expr) -> bool:
    names = {
        "COUNT",
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "GROUP_CONCAT",
        "o_median",
        "o_stddev",
        "o_variance",
        "o_listagg",
    }
    return any(
        isinstance(each, exp.GroupConcat) or (isinstance(each, exp.Anonymous) and each.this in names)
        for each in node.walk()
        if not isinstance(each.parent, exp.Window)
    )
