"""NetSuite's page "Post Vendor Bill Variances": a journal for each bill whose variances have none."""

from __future__ import annotations

from decimal import Decimal

from erp_emulator import documents, records, variances
from erp_emulator.inputs import Change
from erp_emulator.session import Record, Session, Values

ZERO = Decimal(0)


def post_all(session: Session, day: str) -> list[Record]:
    """The journals made, of all bills that wait for one."""
    made = []
    for key in waiting(session):
        bill = session.find("transaction", key)
        journal = post(session, bill, day) if bill is not None else None
        if journal is not None:
            made.append(journal)
    return made


def post(session: Session, bill: Record, day: str) -> Record | None:
    """One journal for all variances of a bill that have none; None if there are none."""
    session.remember(bill)
    changed = bill.copy()
    session.held[changed.key] = changed
    variances.settle(session, changed)
    rows: list[Values] = []
    notes: list[Values] = []
    for line in changed.sublist("item"):
        if line.get("billVarianceStatus") != variances.OPEN:
            continue
        found = variances.of_line(session, changed, line)
        first = len(rows)
        item = session.find("item", line["item"])
        for kind, amount in found.items():
            if amount and item is not None:
                field, special = variances.ACCOUNTS[kind]
                rows.append(side(str(item.get(field) or documents.special_account(session, special)), amount))
        rest = sum(found.values(), ZERO)
        if rest:
            rows.append(side(documents.special_account(session, "RecvNotBill"), -rest))
        for row in rows[first:]:
            row.update({"entity": changed.get("entity"), "memo": f"Bill Variances for {changed.get('tranId')}"})
        notes.append({"bill": changed.id, "billLine": int(line["line"]), "line": first + 1})
    records.store(session, changed)
    if not rows:
        return None
    change = Change(
        {"tranDate": day, "subsidiary": changed.get("subsidiary"), "memo": "Bill Variances"}, {"line": rows}
    )
    change.values["_variances"] = notes
    return records.create(session, records.type_of("journalEntry"), change)


def side(account: str, amount: Decimal) -> Values:
    return {"account": account, "debit": amount} if amount > 0 else {"account": account, "credit": -amount}


def waiting(session: Session) -> list[str]:
    """Ids of bills with variances that have no journal."""
    rows = session.store.writer.execute(
        """SELECT DISTINCT l."transaction" FROM transactionline l JOIN "transaction" t ON t.id = l."transaction"
           WHERE t.type = 'VendBill' AND t.posting = 'T' AND l.createdfrom IN
           (SELECT "transaction" FROM transactionline WHERE matchbilltoreceipt = 'T') ORDER BY 1"""
    ).fetchall()
    return [str(row[0]) for row in rows]
