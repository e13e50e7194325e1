"""From a query's text to the plan that SQLite runs."""

from __future__ import annotations

from sqlglot import exp

from erp_emulator.errors import invalid_query
from erp_emulator.suiteql.context import INVALID, Account, Plan
from erp_emulator.suiteql.parse import parse
from erp_emulator.suiteql.resolve import Resolver
from erp_emulator.suiteql.typed import is_aggregate


def plan(text: str, account: Account) -> Plan:
    """The plan of a query; NetSuite's refusal of one that cannot be run."""
    tree = parse(text)
    try:
        resolver = Resolver(account)
        outputs = resolver.run(tree)
        sql = tree.sql(dialect="sqlite")
    except RecursionError:
        raise invalid_query(INVALID) from None
    # The page's limit stands on the query itself, where skipped rows cost less, unless it has one of its own.
    has_limit = tree.args.get("limit") is not None
    rows = f"SELECT * FROM ({sql})" if has_limit else sql  # noqa: S608 - generated from a checked tree
    return Plan(rows, count_sql(tree), tuple(outputs), resolver.is_timed)


def count_sql(tree: exp.Query) -> str:
    """How many rows a query has, without making or ordering them where that changes nothing."""
    counted = tree.copy()
    if counted.args.get("limit") is None:
        counted.set("order", None)
        is_plain = isinstance(counted, exp.Select) and not any(
            counted.args.get(n) for n in ("group", "having", "distinct")
        )
        if is_plain and not any(is_aggregate(each) for each in counted.expressions):
            counted.set("expressions", [exp.Literal.number(1)])
    return f"SELECT COUNT(*) FROM ({counted.sql(dialect='sqlite')})"  # noqa: S608 - generated from a checked tree
