"""Purchase orders: their lines' ledgers, and the state that follows from them.

States after the help page "Purchase Order Statuses": an order's state is never set, it is what its approval and its
lines' received, billed and closed quantities make of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from erp_emulator import documents, links
from erp_emulator.errors import user_error
from erp_emulator.session import Record, Session, Values, number

ZERO = Decimal(0)


def prepare(session: Session, record: Record) -> None:
    """Defaults, amounts and refusals of an order before it is written."""
    vendor = documents.vendor_of(session, record)
    documents.source_header(session, record, vendor)
    documents.source_terms(session, record, vendor)
    documents.default(record, "email", vendor.get("email"))
    routed = session.preferences["CUSTOMAPPROVALPURCHORD"]
    documents.default(record, "approvalStatus", "1" if routed else "2")
    if record.sublist("expense") and not session.preferences["POEXPENSES"]:
        raise user_error("Expenses are not allowed on purchase orders.", path="expense")
    documents.number_lines(session, record)
    documents.price_item_lines(session, record)
    documents.source_expense_lines(session, record)
    for line in record.sublist("item"):
        item = session.find("item", line["item"])
        if line.get("matchBillToReceipt") is None and item is not None:
            line["matchBillToReceipt"] = bool(item.get("matchBillToReceipt"))
    documents.total_lines(session, record)
    refuse_lost_lines(session, record)
    refuse_vendor_change(session, record)
    documents.assign_numbers(session, record)
    settle(session, record)


def refuse_lost_lines(session: Session, record: Record) -> None:
    """A line that was received or billed cannot go."""
    before = session.before.get(record.key)
    if before is None:
        return
    kept = {int(line["line"]) for _, line in all_lines(record)}
    for name, line in all_lines(before):
        used = number(line.get("quantityReceived")) or number(line.get("quantityBilled"))
        used = used or number(line.get("amountBilled"))
        if used and int(line["line"]) not in kept:
            raise user_error("You cannot delete this line: it has been received or billed.", path=name)


def refuse_vendor_change(session: Session, record: Record) -> None:
    before = session.before.get(record.key)
    if before is None or before.get("entity") == record.get("entity"):
        return
    if links.dependents(session, record.id):
        raise user_error("You cannot change the vendor of a transaction that others depend on.", path="entity")


def all_lines(record: Record) -> list[tuple[str, Values]]:
    return [(name, line) for name in ("item", "expense") for line in record.sublist(name)]


def settle(session: Session, order: Record) -> None:
    """Received and billed of each line, from the documents linked to it, and the state that follows."""
    received = links.taken(session, order.id, "ShipRcpt")
    billed = links.taken(session, order.id, "OrdBill")
    open_amount = ZERO
    for name, line in all_lines(order):
        number_of = int(line["line"])
        line.setdefault("isClosed", False)
        if name == "item":
            line["quantityReceived"] = received[number_of].quantity
            line["quantityBilled"] = billed[number_of].quantity
        else:
            line["amountBilled"] = billed[number_of].amount
            line["quantityBilled"] = ZERO
        progress = progress_of(session, name, line)
        line["isOpen"] = not line["isClosed"] and not (progress.is_billed and progress.is_received)
        if not line["isClosed"] and progress.ordered:
            left = max(progress.ordered - progress.billed, ZERO) / progress.ordered
            open_amount += number(line.get("amount")) * left
    state = state_of(session, order)
    order.values["orderStatus"] = state
    order.values["status"] = state
    order.values["balance"] = documents.round_to(session, open_amount, order.get("currency"))
    order.values["unbilledOrders"] = order.values["balance"]


@dataclass(frozen=True)
class Progress:
    """How far one line is; an expense line counts by amount and is never received."""

    ordered: Decimal
    received: Decimal
    billed: Decimal
    is_receivable: bool
    is_closed: bool

    @property
    def is_received(self) -> bool:
        return not self.is_receivable or self.received >= self.ordered

    @property
    def is_billed(self) -> bool:
        return self.billed >= self.ordered


def progress_of(session: Session, name: str, line: Values) -> Progress:
    if name == "expense":
        return Progress(
            abs(number(line.get("amount"))),
            ZERO,
            abs(number(line.get("amountBilled"))),
            False,
            bool(line.get("isClosed")),
        )
    item = session.find("item", line["item"])
    return Progress(
        number(line.get("quantity")),
        number(line.get("quantityReceived")),
        number(line.get("quantityBilled")),
        item is not None and documents.is_received_item(item),
        bool(line.get("isClosed")),
    )


def state_of(session: Session, order: Record) -> str:
    """The letter of the order's state; see the module's head."""
    if order.get("approvalStatus") == "1":
        return "A"
    if order.get("approvalStatus") == "3":
        return "C"
    progress = [progress_of(session, name, line) for name, line in all_lines(order)]
    is_advanced = bool(session.preferences["ADVANCEDRECEIVING"])
    return state_of_lines(progress, is_advanced=is_advanced)


def state_of_lines(progress: list[Progress], *, is_advanced: bool = True) -> str:
    still_open = [each for each in progress if not each.is_closed]
    if any(each.is_closed for each in progress) and all(each.is_billed for each in still_open):
        return "H"
    if all(each.is_billed for each in still_open):
        return "G"
    if not is_advanced:
        return "D" if any(each.billed > 0 for each in still_open) else "B"
    receivable = [each for each in still_open if each.is_receivable]
    if all(each.is_received for each in receivable):
        return "F"
    if all(each.received == 0 for each in receivable):
        return "B"
    return "E" if any(each.received > each.billed for each in receivable) else "D"


def refuse_delete(session: Session, order: Record) -> None:
    if links.dependents(session, order.id) and session.preferences["deleteReceivedOrder"] == "refuse":
        raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
