"""Vendor return authorisations: goods that go back to a vendor, and the credit that follows.

One is made of an order or of a bill, or stands alone. An item fulfilment ships its goods; the order that they came with
keeps its received and billed quantities, as in NetSuite: only the links between the lines tell what went back. The
states mirror an order's: shipped stands for received, credited for billed.
"""

from __future__ import annotations

from decimal import Decimal

from erp_emulator import documents, links, orders
from erp_emulator.errors import invalid_value, user_error
from erp_emulator.session import Record, Session, Values, number

ZERO = Decimal(0)
PENDING, APPROVED, CANCELLED = "1", "2", "3"
# The states that a person sets; all others follow from what was shipped and credited.
APPROVAL_OF_STATE = {"A": PENDING, "B": APPROVED, "C": CANCELLED}


def prepare(session: Session, record: Record) -> None:
    """Defaults, amounts and refusals of a return before it is written."""
    vendor = documents.vendor_of(session, record)
    documents.source_header(session, record, vendor)
    source_approval(session, record)
    documents.number_lines(session, record)
    documents.price_item_lines(session, record)
    documents.source_expense_lines(session, record)
    check_links(session, record)
    documents.total_lines(session, record)
    documents.assign_numbers(session, record)
    settle(session, record)


def source_approval(session: Session, record: Record) -> None:
    """Approved or cancelled by `orderStatus` (or `approvalStatus`); a new one is as the account's preference says."""
    before = session.before.get(record.key)
    state = record.get("orderStatus")
    if state is not None and (before is None or before.get("orderStatus") != state):
        if state not in APPROVAL_OF_STATE:
            raise invalid_value(state, "orderStatus")
        record.values["approvalStatus"] = APPROVAL_OF_STATE[state]
    is_pending = session.preferences["vendorReturnStatus"] == "Pending Approval"
    documents.default(record, "approvalStatus", PENDING if is_pending else APPROVED)
    if record.get("approvalStatus") == CANCELLED and any(each.quantity for each in shipped_of(session, record)):
        raise user_error("This return cannot be cancelled because items have been shipped.", path="orderStatus")


def shipped_of(session: Session, record: Record) -> list[links.Taken]:
    return list(links.taken(session, record.id, "ShipRcpt", with_unshipped=True).values())


def check_links(session: Session, record: Record) -> None:
    """A line that names where its goods came from names a line of the vendor's order or bill, of the same item."""
    for name, line in orders.all_lines(record):
        if line.get("orderDoc") is None or line.get("orderLine") is None:
            line.pop("orderDoc", None)
            line.pop("orderLine", None)
            continue
        source = session.find("transaction", line["orderDoc"])
        if (
            source is None
            or source.type.name not in ("purchaseOrder", "vendorBill")
            or source.get("entity") != record.get("entity")
        ):
            raise invalid_value(line["orderDoc"], "orderDoc", path=name)
        found = [each for _, each in orders.all_lines(source) if int(each["line"]) == int(line["orderLine"])]
        if not found or found[0].get("item") != line.get("item"):
            raise invalid_value(line["orderLine"], "orderLine", path=name)


def settle(session: Session, record: Record) -> None:
    """Shipped and credited of each line, from the documents linked to it, and the state that follows."""
    shipped = links.taken(session, record.id, "ShipRcpt")
    credited = links.taken(session, record.id, "OrdBill")
    for name, line in orders.all_lines(record):
        line.setdefault("isClosed", False)
        if name == "item":
            line["quantityReceived"] = shipped[int(line["line"])].quantity
            line["quantityBilled"] = credited[int(line["line"])].quantity
        else:
            line["amountBilled"] = credited[int(line["line"])].amount
    state = orders.state_of(session, record)
    record.values["orderStatus"] = state
    record.values["status"] = state


def returnable(session: Session, source: Record, line: Values) -> Decimal:
    """What of a line of an order or bill can still be sent back: what came with it less what returns are for."""
    came = number(line.get("quantityReceived" if source.type.name == "purchaseOrder" else "quantity"))
    back = links.taken(session, source.id, links.RETURN)[int(line["line"])].quantity
    return max(came - back, ZERO)
