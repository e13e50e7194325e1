"""`BUILTIN.` functions, after Oracle's help page "SuiteQL Supported Built-in Functions" and the pages below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from erp_emulator import currencies
from erp_emulator.suiteql import dates, ranges
from erp_emulator.suiteql.parse import invalid
from erp_emulator.suiteql.typed import DATED, call, is_aggregate, text_of, typed

if TYPE_CHECKING:
    from erp_emulator.suiteql.resolve import Resolver, Scope

FAMILIES = {
    "accountingperiod": "accountingPeriod",
    "expensecategory": "expenseCategory",
    "salestaxitem": "salesTaxItem",
    "taxtype": "taxType",
    "unitstype": "unitsType",
    "vendorcategory": "vendorCategory",
}
VIEWS = frozenset({"LEDGER", "INCOME"})
CONSOLIDATIONS = frozenset({"DEFAULT", "STANDARD", "BUDGET", "NONE"})
RATE_KINDS = frozenset({"DEFAULT", "CURRENT", "HISTORICAL", "AVERAGE"})
OPERATORS = frozenset({"BETWEEN", "NOT BETWEEN", "<", "<=", ">", ">="})


def resolve(resolver: Resolver, node: exp.Dot, scope: Scope) -> exp.Expr:
    """The SQLite form of `BUILTIN.NAME(...)`, or of `BUILTIN_RESULT.TYPE_...(...)`, which gives its first argument."""
    function = node.expression
    if not isinstance(node.this, exp.Identifier | exp.Column) or not isinstance(function, exp.Anonymous):
        raise invalid()
    holder, name = str(node.this.name).upper(), str(function.this).upper()
    if not function.expressions:
        raise invalid()
    if holder == "BUILTIN_RESULT" and name.startswith("TYPE_"):
        return resolver.expression(function.expressions[0], scope)
    found = FUNCTIONS.get(name) if holder == "BUILTIN" else None
    if found is None:
        raise invalid()
    return found(resolver, function.expressions, scope)


def _df(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    return display(resolver.expression(arguments[0], scope))


def display(node: exp.Expr) -> exp.Expr:
    """The text that stands for a value: a name, a status with its type's label, Yes or No."""
    family = node.meta.get("display", "")
    kind = node.meta.get("kind")
    if kind in DATED:
        return typed(call("o_to_char", node), "text")
    if kind == "bool":
        is_true = exp.EQ(this=node, expression=exp.Literal.string("T"))
        shown = exp.Case(ifs=[exp.If(this=is_true, true=exp.Literal.string("Yes"))], default=exp.Literal.string("No"))
        return typed(shown, "text")
    if not family:
        return typed(text_of(node), "text")
    where: exp.Expr = exp.Literal.string(FAMILIES.get(family, family))
    if family == "status":
        alias = node.meta.get("alias")
        if not alias:
            return typed(text_of(node), "text")
        where = exp.DPipe(this=exp.Literal.string("status:"), expression=_column("type", alias))
    names = exp.Select(expressions=[_column("name", "_d")])
    table = exp.Table(
        this=exp.to_identifier("_display", quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier("_d", quoted=True)),
    )
    names.set("from_", exp.From(this=table))
    is_family = exp.EQ(this=_column("family", "_d"), expression=where)
    is_key = exp.EQ(this=_column("id", "_d"), expression=node.copy())
    names.set("where", exp.Where(this=exp.And(this=is_family, expression=is_key)))
    return typed(call("COALESCE", exp.Subquery(this=names), text_of(node.copy())), "text")


def _column(name: str, table: str) -> exp.Expr:
    return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(table, quoted=True))


def _cf(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """The code behind a value: of a status, with its type before it."""
    node = resolver.expression(arguments[0], scope)
    alias = node.meta.get("alias")
    if node.meta.get("display") != "status" or not alias:
        return typed(text_of(node), "text")
    before = exp.DPipe(this=_column("type", alias), expression=exp.Literal.string(":"))
    return typed(exp.Paren(this=exp.DPipe(this=before, expression=node)), "text")


# Money.


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="sqlite")


def _made(sql: str, kind: str) -> exp.Expr:
    return typed(exp.Paren(this=sqlglot.parse_one(sql, read="sqlite")), kind)


def source_of(node: exp.Expr) -> tuple[str, str, str]:
    """(table, column, quoted alias) of the first column that an amount is made of; empty where it is of none."""
    for each in node.walk():
        if "source" in each.meta:
            table, column, alias = each.meta["source"]
            return table, column, '"' + alias.replace('"', '""') + '"'
    return "", "", ""


def _word(node: exp.Expr, allowed: frozenset[str]) -> str:
    word = node.name.upper() if isinstance(node, exp.Literal) and node.is_string else ""
    if word not in allowed:
        raise invalid()
    return word


def _is_default(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string and node.name.upper() == "DEFAULT"


def _number(resolver: Resolver, node: exp.Expr, scope: Scope) -> str:
    """SQL of an argument that is a number or an expression."""
    if isinstance(node, exp.Literal) and node.is_string and not node.name.isdigit():
        raise invalid()
    return _sql(resolver.expression(node, scope))


def _consolidate(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """`(amount, view, consolidation rates, kind of rate, target subsidiary, period, book)`: an amount of the books in
    the currency of another subsidiary, by the period's consolidated rate."""
    amount, target, period, kind = _consolidation(resolver, arguments, scope)
    table, _, row = source_of(amount)
    source = currencies.books_currency(table, row)
    account_type = currencies.ACCOUNT_TYPE_OF.get(table, "NULL").format(row=row)
    made = _made(currencies.consolidated(_sql(amount), source, target, period, kind, account_type), "num")
    made.meta["currency"] = target
    return made


def _consolidation(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> tuple[exp.Expr, str, str, str]:
    if len(arguments) != 7:
        raise invalid()
    amount = resolver.expression(arguments[0], scope)
    view = _word(arguments[1], VIEWS)
    _word(arguments[2], CONSOLIDATIONS)
    kind = _word(arguments[3], RATE_KINDS)
    if kind == "DEFAULT" and view == "INCOME":
        kind = "AVERAGE"
    subsidiary = currencies.ROOT if _is_default(arguments[4]) else _number(resolver, arguments[4], scope)
    table, _, row = source_of(amount)
    if not _is_default(arguments[5]):
        period = _number(resolver, arguments[5], scope)
    elif table in currencies.PERIOD_OF:
        period = currencies.PERIOD_OF[table].format(row=row)
    else:
        period = _sql(_current_period(resolver))
    return amount, currencies.subsidiary_currency(subsidiary), period, kind


def _currency_convert(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """`(amount, target currency, day)`: by default into the currency of the row's subsidiary, at today's rate."""
    if len(arguments) > 3:
        raise invalid()
    amount = resolver.expression(arguments[0], scope)
    table, column, row = source_of(amount)
    source = currencies.currency_of(table, column, row)
    target = currencies.books_currency(table, row)
    if len(arguments) > 1 and not _is_default(arguments[1]):
        target = _number(resolver, arguments[1], scope)
    if len(arguments) > 2 and not _is_default(arguments[2]):
        day = _sql(resolver.expression(arguments[2], scope))
    else:
        resolver.is_timed = True
        day = f"'{dates.iso(resolver.account.now, is_date=True)}'"
    made = _made(currencies.converted(_sql(amount), source, target, f"SUBSTR({day}, 1, 10)"), "num")
    made.meta["currency"] = target
    return made


def _currency(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """The code of the currency that an amount is in, converted or not."""
    node = resolver.expression(arguments[0], scope)
    for each in node.walk():
        if "currency" in each.meta:
            currency = each.meta["currency"]
            break
    else:
        currency = currencies.currency_of(*source_of(node))
    made = _made(f"SELECT _c.symbol FROM currency AS _c WHERE _c.id = {currency}", "text")  # noqa: S608 - of a checked tree
    # Of a sum there is one currency, as there is one sum.
    return typed(call("MIN", made), "text") if is_aggregate(node) else made


# Groups, filters and times.


def _named_group(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """`('employee', 'me')`: who asks. The other groups are those of roles and centres, which there are none of here."""
    del scope
    words = [each.name.lower() for each in arguments if isinstance(each, exp.Literal)]
    if len(words) != 2 or words[1] not in ("me", "mine"):
        raise invalid()
    resolver.is_timed = True
    return typed(exp.Literal.number(resolver.account.user), "id")


def _mnfilter(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    if len(arguments) < 3:
        raise invalid()
    first = resolver.expression(arguments[0], scope)
    values = [resolver.expression(each, scope) for each in arguments[2:]]
    marks = ("DF", "TRUE", "FALSE", "")
    wanted = [each for each in values if not (isinstance(each, exp.Literal) and each.this in marks)]
    return typed(
        exp.In(this=text_of(first), expressions=[text_of(each) for each in wanted] or [exp.null()]),
        "num",
    )


def _range(resolver: Resolver, node: exp.Expr) -> tuple[str, str]:
    word = node.name.upper() if isinstance(node, exp.Literal) and node.is_string else ""
    found = ranges.range_of(resolver.account.now, word)
    if found is None:
        raise invalid()
    resolver.is_timed = True
    return found


def _relative_ranges(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """`('TM', 'START')`: the first or last day of a range that moves with the calendar."""
    del scope
    found = _range(resolver, arguments[0])
    edge = _word(arguments[1], frozenset({"START", "END"})) if len(arguments) > 1 else "START"
    return typed(exp.Literal.string(found[1 if edge == "END" else 0]), "date")


def _period(resolver: Resolver, arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """`('LFY', 'START', 'ALL', 'BETWEEN')`: the periods of a range, or before or after it, for an IN."""
    del scope
    if len(arguments) == 1:
        return _current_period(resolver)
    if len(arguments) != 4:
        raise invalid()
    start, end = _range(resolver, arguments[0])
    edge = _word(arguments[1], frozenset({"START", "END"}))
    _word(arguments[2], frozenset({"ALL", "NOT_LAST"}))
    operator = _word(arguments[3], OPERATORS)
    column, bound = ("startdate", start) if edge == "START" else ("enddate", end)
    within = f"_p.startdate >= '{start}' AND _p.enddate <= '{end}'"
    where = {"BETWEEN": within, "NOT BETWEEN": f"NOT ({within})"}.get(operator, f"_p.{column} {operator} '{bound}'")
    if str(arguments[2].name).upper() == "NOT_LAST":
        where += " AND _p.isadjust = 'F'"
    sql = f"SELECT _p.id FROM accountingperiod AS _p WHERE {where}"  # noqa: S608 - dates and words of this file
    return typed(exp.Subquery(this=sqlglot.parse_one(sql, read="sqlite")), "id")


def _current_period(resolver: Resolver) -> exp.Expr:
    resolver.is_timed = True
    today = dates.iso(resolver.account.now, is_date=True)
    sql = f"SELECT MIN(_p.id) FROM accountingperiod AS _p WHERE _p.startdate <= '{today}' AND _p.enddate >= '{today}'"  # noqa: S608 - a date
    return typed(exp.Subquery(this=sqlglot.parse_one(sql, read="sqlite")), "id")


FUNCTIONS: dict[str, Callable[[Resolver, list[exp.Expr], Scope], exp.Expr]] = {
    "DF": _df,
    "HIERARCHY": _df,
    "CF": _cf,
    "CONSOLIDATE": _consolidate,
    "CURRENCY": _currency,
    "CURRENCY_CONVERT": _currency_convert,
    "NAMED_GROUP": _named_group,
    "MNFILTER": _mnfilter,
    "RELATIVE_RANGES": _relative_ranges,
    "PERIOD": _period,
}
