"""Which line of which document came of which: the rows behind NextTransactionLineLink, and sums over them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from erp_emulator.session import Record, Session, number

INACTIVE_BILL = frozenset({"C", "E"})
# From the line of an order or bill to the return's line that sends its goods back. It changes nothing on the order.
RETURN = "PurchRet"


@dataclass(frozen=True)
class Link:
    previous: str
    previous_line: int
    line: int
    kind: str
    amount: Decimal = Decimal(0)
    quantity: Decimal | None = None


@dataclass
class Taken:
    """What later documents took of one line."""

    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


def order_links(record: Record, kind: str) -> list[Link]:
    """Links of lines that name the order line they come from."""
    found = []
    for name in ("item", "expense"):
        for line in record.sublist(name):
            if line.get("orderDoc") and line.get("orderLine") is not None:
                found.append(
                    Link(
                        str(line["orderDoc"]),
                        int(line["orderLine"]),
                        int(line["line"]),
                        kind,
                        number(line.get("amount")),
                        number(line.get("quantity")) if name == "item" else None,
                    )
                )
    return found


def write(session: Session, record: Record, links: list[Link]) -> set[str]:
    """Replace the links that lead to a record; the ids of the documents at their other end, before and after."""
    touched = {previous for previous, kind in _rows(session, record.id) if kind != RETURN}
    session.store.delete_rows("nexttransactionlinelink", "nextdoc", int(record.id))
    for link in links:
        previous = session.find("transaction", link.previous)
        if previous is None:
            continue
        if link.kind != RETURN:
            touched.add(link.previous)
        session.store.insert(
            "nexttransactionlinelink",
            {
                "previousdoc": int(link.previous),
                "previousline": link.previous_line,
                "previoustype": previous.type.code,
                "nextdoc": int(record.id),
                "nextline": link.line,
                "nexttype": record.type.code,
                "linktype": link.kind,
                "foreignamount": float(link.amount),
                "quantity": None if link.quantity is None else float(link.quantity),
                "lastmodifieddate": session.now.replace("T", " ").rstrip("Z"),
                "previousdate": previous.get("tranDate"),
                "nextdate": record.get("tranDate"),
            },
        )
    return touched


def _rows(session: Session, record_id: str) -> list[tuple[str, str]]:
    rows = session.store.writer.execute(
        "SELECT previousdoc, linktype FROM nexttransactionlinelink WHERE nextdoc = ?",
        (int(record_id),),
    )
    return [(str(row[0]), str(row[1])) for row in rows.fetchall()]


def dependents(session: Session, record_id: str) -> list[str]:
    """Ids of the documents made from this one."""
    rows = session.store.writer.execute(
        "SELECT DISTINCT nextdoc FROM nexttransactionlinelink WHERE previousdoc = ?",
        (int(record_id),),
    )
    return [str(row[0]) for row in rows.fetchall()]


def taken(session: Session, record_id: str, kind: str, *, with_unshipped: bool = False) -> dict[int, Taken]:
    """By line, what documents of one kind of link took; rejected and cancelled ones take nothing, nor do goods that
    are picked or packed and not shipped yet, unless those are asked for.

    Quantities are read from the documents, which keep them exactly, not from the link rows.
    """
    totals: dict[int, Taken] = defaultdict(Taken)
    rows = session.store.writer.execute(
        "SELECT DISTINCT nextdoc FROM nexttransactionlinelink WHERE previousdoc = ? AND linktype = ?",
        (int(record_id), kind),
    ).fetchall()
    for (next_id,) in rows:
        record = session.find("transaction", next_id)
        if record is None or not (is_active(record) or (with_unshipped and record.type.code == "ItemShip")):
            continue
        for name in ("item", "expense"):
            for line in record.sublist(name):
                if line.get("orderDoc") == record_id and line.get("orderLine") is not None:
                    total = totals[int(line["orderLine"])]
                    total.quantity += number(line.get("quantity"))
                    total.amount += number(line.get("amount"))
    return totals


def is_active(record: Record) -> bool:
    if record.type.code == "VendBill":
        return record.get("status") not in INACTIVE_BILL
    if record.type.code == "ItemShip":
        return bool(record.get("status") == "C")
    if record.type.code == "VendAuth":
        return bool(record.get("approvalStatus") != "3")
    return not record.get("voided")
