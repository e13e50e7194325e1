"""Exchange rates: one history for each currency against the account's base currency, and what follows from it.

A rate holds from its day on until the next; before the first, the first holds. Consolidated rates, by period, are:
current, that of the period's last day; historical, that of its first; average, the mean of its first day's and of those
that came within it.
"""
# ruff: noqa: S608 - SQL is made of the parts in this file and of columns that the resolver has found

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erp_emulator.session import Session

RATE_MAX = Decimal(10) ** 9
BALANCE_SHEET = (
    "'Bank', 'AcctRec', 'UnbilledRec', 'OthCurrAsset', 'FixedAsset', 'OthAsset', 'AcctPay', 'CredCard', 'OthCurrLiab', "
    "'LongTermLiab', 'DeferRevenue', 'DeferExpense'"
)
BASE = "(SELECT _c.id FROM currency AS _c WHERE _c.isbasecurrency = 'T' ORDER BY _c.id LIMIT 1)"
ROOT = "(SELECT _s.id FROM subsidiary AS _s WHERE _s.parent IS NULL ORDER BY _s.id LIMIT 1)"


def rate_sql(currency: str, day: str) -> str:
    """Units of the base currency for one of a currency on a day; 1 where nothing is known."""
    rates = f"SELECT _r.exchangerate FROM currencyrate AS _r WHERE _r.transactioncurrency = {currency}"
    return (
        f"COALESCE(({rates} AND _r.effectivedate <= {day} ORDER BY _r.effectivedate DESC LIMIT 1), "
        f"({rates} ORDER BY _r.effectivedate LIMIT 1), 1)"
    )


def average_sql(currency: str, start: str, end: str) -> str:
    first = rate_sql(currency, start)
    return (
        f"(SELECT ({first} + COALESCE(SUM(_a.exchangerate), 0)) / (1 + COUNT(*)) FROM currencyrate AS _a "
        f"WHERE _a.transactioncurrency = {currency} AND _a.effectivedate > {start} AND _a.effectivedate <= {end})"
    )


def period_rate_sql(kind: str, source: str, target: str, start: str, end: str) -> str:
    """What one unit of a currency is in another, by the consolidated rate of a period."""
    if kind == "AVERAGE":
        return f"{average_sql(source, start, end)} / {average_sql(target, start, end)}"
    day = start if kind == "HISTORICAL" else end
    return f"{rate_sql(source, day)} / {rate_sql(target, day)}"


def _consolidated(kind: str) -> str:
    return f"ROUND({period_rate_sql(kind, 'f.currency', 't.currency', 'p.startdate', 'p.enddate')}, 8)"


CONSOLIDATED_VIEW = (
    "WITH RECURSIVE above(child, parent) AS (SELECT id, parent FROM subsidiary WHERE parent IS NOT NULL UNION "
    "SELECT above.child, s.parent FROM above JOIN subsidiary s ON s.id = above.parent WHERE s.parent IS NOT NULL) "
    "SELECT p.id * 1000000 + f.id * 1000 + t.id AS id, f.id AS fromsubsidiary, t.id AS tosubsidiary, "
    "f.currency AS fromcurrency, t.currency AS tocurrency, p.id AS postingperiod, "
    f"{_consolidated('CURRENT')} AS currentrate, {_consolidated('AVERAGE')} AS averagerate, "
    f"{_consolidated('HISTORICAL')} AS historicalrate "
    "FROM accountingperiod p JOIN above "
    "JOIN subsidiary f ON f.id = above.child JOIN subsidiary t ON t.id = above.parent"
)


def between(session: Session, source: str, target: str, day: str) -> Decimal:
    """Units of one currency for one of another, on a day."""
    if source == target:
        return Decimal(1)
    row = session.store.writer.execute(
        f"SELECT {rate_sql('?1', '?3')}, {rate_sql('?2', '?3')}", (int(source), int(target), day)
    ).fetchone()
    return Decimal(repr(row[0])) / Decimal(repr(row[1]))


def is_known(session: Session, currency: int) -> bool:
    """Whether there is any rate of a currency."""
    text = "SELECT 1 FROM currencyrate WHERE transactioncurrency = ? LIMIT 1"
    return session.store.writer.execute(text, (currency,)).fetchone() is not None


class BadRate(ValueError):
    """A rate that cannot be: no such currency, no number above zero, no date."""


def set_rate(session: Session, currency: object, rate: object, day: object) -> None:
    """A rate from outside; the currency by its id or its name."""
    found = session.store.id_of_display("currency", str(currency))
    record = session.find("currency", found if found is not None else currency)
    if record is None:
        raise BadRate(f"no currency {currency}")
    try:
        number = Decimal(str(rate))
        date.fromisoformat(str(day))
    except (InvalidOperation, ValueError):
        raise BadRate("a rate is a number, from a day written YYYY-MM-DD") from None
    if not number.is_finite() or number <= 0 or number >= RATE_MAX:
        raise BadRate(f"{rate} is no rate")
    put_rate(session, int(record.id), number, str(day))


def put_rate(session: Session, currency: int, rate: Decimal, day: str) -> None:
    """A currency's rate from a day on; another one for the same day takes its place."""
    base = session.store.writer.execute(f"SELECT {BASE}").fetchone()[0]
    session.store.writer.execute(
        "DELETE FROM currencyrate WHERE transactioncurrency = ? AND effectivedate = ?", (currency, day)
    )
    session.store.insert(
        "currencyrate",
        {
            "id": session.store.next_id("currencyrate"),
            "basecurrency": base,
            "transactioncurrency": currency,
            "exchangerate": float(rate),
            "effectivedate": day,
        },
    )


# What stands for the currency of an amount, by table: SQL with {row} for the table's alias.
_OF_TRANSACTION = '(SELECT _t.{column} FROM "transaction" AS _t WHERE _t.id = {{row}}."transaction")'
SUBSIDIARY_OF = {
    "transaction": "{row}.subsidiary",
    "transactionline": "{row}.subsidiary",
    "transactionaccountingline": _OF_TRANSACTION.format(column="subsidiary"),
    "vendor": "{row}.subsidiary",
    "employee": "{row}.subsidiary",
    "customer": "{row}.subsidiary",
}
ACCOUNT_TYPE_OF = {
    "transactionaccountingline": "{row}.accounttype",
    "transactionline": "(SELECT _x.accttype FROM account AS _x WHERE _x.id = {row}.account)",
    "account": "{row}.accttype",
}
PERIOD_OF = {
    "transaction": "{row}.postingperiod",
    "transactionline": _OF_TRANSACTION.format(column="postingperiod"),
    "transactionaccountingline": _OF_TRANSACTION.format(column="postingperiod"),
}
# Columns in the document's or the party's own currency; amounts in all others are in the books'.
FOREIGN = {
    "transaction": frozenset({"foreigntotal", "foreignamountunpaid", "foreignamountpaid", "unbilledorders"}),
    "transactionline": frozenset(
        {
            "foreignamount",
            "rate",
            "rateamount",
            "creditforeignamount",
            "debitforeignamount",
            "foreignamountpaid",
            "foreignamountunpaid",
            "taxamount",
        }
    ),
    "vendor": frozenset({"balance", "creditlimit", "unbilledorders"}),
    "customer": frozenset({"balance", "creditlimit"}),
}
DOCUMENT_CURRENCY_OF = {
    "transaction": "{row}.currency",
    "transactionline": _OF_TRANSACTION.format(column="currency"),
    "vendor": "{row}.currency",
    "customer": "{row}.currency",
}


def subsidiary_currency(subsidiary: str) -> str:
    return f"COALESCE((SELECT _s.currency FROM subsidiary AS _s WHERE _s.id = {subsidiary}), {BASE})"


def books_currency(table: str, row: str) -> str:
    """The base currency of the subsidiary that a row belongs to."""
    found = SUBSIDIARY_OF.get(table)
    return BASE if found is None else subsidiary_currency(found.format(row=row))


def currency_of(table: str, column: str, row: str) -> str:
    """The currency that a column's amounts are in."""
    if column in FOREIGN.get(table, ()):
        return DOCUMENT_CURRENCY_OF[table].format(row=row)
    return books_currency(table, row)


def converted(amount: str, source: str, target: str, day: str) -> str:
    return f"({amount}) * {rate_sql(source, day)} / {rate_sql(target, day)}"


def consolidated(amount: str, source: str, target: str, period: str, kind: str, account_type: str) -> str:
    """An amount of the books in another subsidiary's currency. By default what rests is taken at the period's end, what
    comes and goes at its average, equity at its beginning."""
    start, end = (
        f"COALESCE((SELECT _p.{name} FROM accountingperiod AS _p WHERE _p.id = {period}), '9999-12-31')"
        for name in ("startdate", "enddate")
    )
    if kind != "DEFAULT":
        return f"({amount}) * {period_rate_sql(kind, source, target, start, end)}"
    by_kind = {each: period_rate_sql(each, source, target, start, end) for each in ("CURRENT", "AVERAGE", "HISTORICAL")}
    return (
        f"({amount}) * CASE WHEN COALESCE({account_type}, 'Bank') IN ({BALANCE_SHEET}) THEN {by_kind['CURRENT']} "
        f"WHEN {account_type} = 'Equity' THEN {by_kind['HISTORICAL']} ELSE {by_kind['AVERAGE']} END"
    )
