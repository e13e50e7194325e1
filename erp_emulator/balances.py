"""What postings and goods add up to: accounts, what is owed to vendors, stock.

Kept by triggers on the tables that SuiteQL sees, so that whatever writes or takes back a document keeps them too. A
vendor's `balance` is what its posted bills leave open less what its credits do, in the vendor's currency;
`balancePrimary` is what the ledger says, in the books' currency. An account's balance stands on its own side: debts are
positive.
"""
# ruff: noqa: S608 - SQL is made of the rules in this file and of quoted aliases, never of a caller's text

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from erp_emulator.session import Record, Session

PLACES = 6
TABLE = (
    "CREATE TABLE IF NOT EXISTS _balance (kind TEXT NOT NULL, id INTEGER NOT NULL, place INTEGER NOT NULL, "
    "amount REAL NOT NULL, PRIMARY KEY (kind, id, place)) WITHOUT ROWID"
)
DEBIT_TYPES = (
    "'Bank', 'AcctRec', 'UnbilledRec', 'OthCurrAsset', 'FixedAsset', 'OthAsset', 'DeferExpense', 'COGS', 'Expense', "
    "'OthExpense'"
)
# Open for receipt or for billing.
OPEN_ORDER = "('B', 'D', 'E', 'F')"
ORDERED = (
    '(SELECT COUNT(*) FROM "transaction" t WHERE t.id = {row}."transaction" AND t.type = \'PurchOrd\' '
    f"AND t.status IN {OPEN_ORDER})"
)
BASE_UNITS = (
    "COALESCE((SELECT u.conversionrate FROM unitstypeuom u JOIN item i ON i.unitstype = u.unitstype "
    "WHERE i.id = {row}.item AND u.internalid = {row}.units), 1)"
)
IS_STOCK = "{row}.itemtype IN ('InvtPart', 'Assembly') AND {row}.isinventoryaffecting = 'T'"
PARTY = (
    '(SELECT l.entity FROM transactionline l WHERE l."transaction" = {row}."transaction" AND l.id = '
    "{row}.transactionline)"
)  # A journal's lines name whom they are about; all other lines are about the document's own party.
# (kind, table, condition, id, place, amount) with {row} for the row that comes or goes.
RULES: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("account", "transactionaccountingline", "{row}.posting = 'T'", "{row}.account", "0", "{row}.amount"),
    (
        "payable",
        "transactionaccountingline",
        f"{{row}}.posting = 'T' AND {{row}}.accounttype = 'AcctPay' AND {PARTY} IS NOT NULL",
        PARTY,
        "0",
        "-{row}.amount",
    ),
    (
        "open",
        "transaction",
        "{row}.type IN ('VendBill', 'VendCred') AND {row}.posting = 'T' AND {row}.entity IS NOT NULL",
        "{row}.entity",
        "COALESCE({row}.currency, 0)",
        "CASE {row}.type WHEN 'VendBill' THEN 1 ELSE -1 END * COALESCE({row}.foreignamountunpaid, 0)",
    ),
    (
        "unbilled",
        "transaction",
        f"{{row}}.type = 'PurchOrd' AND {{row}}.status IN {OPEN_ORDER}",
        "{row}.entity",
        "0",
        "COALESCE({row}.unbilledorders, 0)",
    ),
    (
        "onhand",
        "transactionline",
        IS_STOCK,
        "{row}.item",
        "COALESCE({row}.location, 0)",
        f"{{row}}.quantity * {BASE_UNITS}",
    ),
    (
        "stockvalue",
        "transactionline",
        IS_STOCK,
        "{row}.item",
        "COALESCE({row}.location, 0)",
        "CASE WHEN {row}.quantity < 0 THEN -1 ELSE 1 END * {row}.netamount",
    ),
    (
        "onorder",
        "transactionline",
        f"{{row}}.itemtype IN ('InvtPart', 'Assembly') AND {{row}}.isclosed = 'F' AND {ORDERED} > 0",
        "{row}.item",
        "COALESCE({row}.location, 0)",
        f"MAX({{row}}.quantity - COALESCE({{row}}.quantityshiprecv, 0), 0) * {BASE_UNITS}",
    ),
)


def triggers() -> list[str]:
    """A pair for each rule: what a row that comes adds, a row that goes takes away."""
    made = []
    for kind, table, condition, key, place, amount in RULES:
        for event, row, sign in (("INSERT", "NEW", ""), ("DELETE", "OLD", "-")):
            made.append(
                f'CREATE TRIGGER IF NOT EXISTS {kind}_{event.lower()} AFTER {event} ON "{table}" '
                f"WHEN {condition.format(row=row)} BEGIN "
                f"INSERT INTO _balance VALUES ('{kind}', {key.format(row=row)}, {place.format(row=row)}, "
                f"{sign}({amount.format(row=row)})) ON CONFLICT(kind, id, place) DO UPDATE SET "
                f"amount = ROUND(amount + excluded.amount, {PLACES}); END"
            )
    return made


def held(kind: str, place: str = "") -> str:
    """SQL for what is held of `{id}`, everywhere or at one place."""
    where = f" AND _b.place = {place}" if place else ""
    return (
        f"(SELECT COALESCE(SUM(_b.amount), 0) FROM _balance AS _b WHERE _b.kind = '{kind}' AND _b.id = {{id}}{where})"
    )


ACCOUNT = f"{held('account')} * (CASE WHEN {{row}}.accttype IN ({DEBIT_TYPES}) THEN 1 ELSE -1 END)"
AVERAGE = f"CASE WHEN {held('onhand')} > 0 THEN ROUND({held('stockvalue')} / {held('onhand')}, 6) END"
# Columns that are not stored with their row: SQL with {id} and {row}.
COLUMNS: dict[tuple[str, str], str] = {
    ("account", "balance"): ACCOUNT,
    ("vendor", "balance"): held("open", "{row}.currency"),
    ("vendor", "balanceprimary"): held("payable"),
    ("vendor", "unbilledorders"): held("unbilled"),
    ("item", "totalquantityonhand"): held("onhand"),
    ("item", "averagecost"): AVERAGE,
}
# Fields of records, by family: the table that the record is a row of, and the column.
FIELDS: dict[str, dict[str, tuple[str, str]]] = {
    "account": {"balance": ("account", "balance")},
    "vendor": {
        "balance": ("vendor", "balance"),
        "balancePrimary": ("vendor", "balanceprimary"),
        "unbilledOrders": ("vendor", "unbilledorders"),
    },
    "inventoryItem": {
        "totalQuantityOnHand": ("item", "totalquantityonhand"),
        "averageCost": ("item", "averagecost"),
    },
    "assemblyItem": {
        "totalQuantityOnHand": ("item", "totalquantityonhand"),
        "averageCost": ("item", "averagecost"),
    },
}
# Stock by item and place, as two of NetSuite's tables have it.
STOCK_VIEW = (
    "SELECT id AS item, NULLIF(place, 0) AS location, "
    "ROUND(SUM(CASE kind WHEN 'onhand' THEN amount ELSE 0 END), 6) AS quantityonhand, "
    "ROUND(SUM(CASE kind WHEN 'onhand' THEN amount ELSE 0 END), 6) AS quantityavailable, "
    "ROUND(SUM(CASE kind WHEN 'onorder' THEN amount ELSE 0 END), 6) AS quantityonorder "
    "FROM _balance WHERE kind IN ('onhand', 'onorder') GROUP BY id, place "
    "HAVING place > 0 OR SUM(ABS(amount)) > 0"
)


def column_sql(table: str, column: str, row: str) -> str | None:
    """SQL of a column that is not stored, for a row under an alias; None for all others."""
    found = COLUMNS.get((table, column))
    quoted = '"' + row.replace('"', '""') + '"'
    return None if found is None else found.format(id=f'{quoted}."id"', row=quoted)


def field_sql(record_type: str, field: str) -> str | None:
    """SQL of a record's field, where `id` is the record's id; for filters."""
    found = FIELDS.get(record_type, {}).get(field)
    if found is None:
        return None
    table, column = found
    return f'(SELECT {column_sql(table, column, "_r")} FROM "{table}" AS _r WHERE _r.id = _record.id)'


def values_of(session: Session, record: Record) -> dict[str, Any]:
    """What a record's postings come to, by field; nothing for most types. Exact to six places."""
    fields = FIELDS.get(record.type.name)
    if fields is None:
        return {}
    table = next(iter(fields.values()))[0]
    columns = ", ".join(str(column_sql(table, column, "_r")) for _, column in fields.values())
    row = session.store.writer.execute(
        f'SELECT {columns} FROM "{table}" AS _r WHERE _r.id = ?',
        (int(record.id),),
    ).fetchone()
    if row is None:
        return {}
    return {name: Decimal(repr(value)) for name, value in zip(fields, row, strict=True) if value is not None}
