"""Item receipts and item fulfilments of returns: goods against the lines of one order, never more than allowed."""

from __future__ import annotations

from decimal import Decimal

from erp_emulator import documents, links, periods
from erp_emulator.errors import missing_values, user_error
from erp_emulator.session import Record, Session, Values, number


def prepare(session: Session, record: Record) -> None:
    """Checks a receipt against its order; it must come of one, so a receipt on its own is refused."""
    order_id = record.get("createdFrom")
    if order_id is None:
        raise missing_values(["Vendor"] if not record.get("entity") else ["Created From"])
    order = session.find("transaction", order_id)
    wanted = "VendAuth" if record.type.name == "itemFulfillment" else "PurchOrd"
    if order is None or order.type.code != wanted:
        raise user_error(f"You cannot initialize {record.type.name}: invalid reference {order_id}.")
    record.values["orderId"] = Decimal(order.id)
    record.values["orderType"] = order.type.code
    for name in (
        "entity",
        "subsidiary",
        "currency",
        "exchangeRate",
        "location",
        "department",
        "class",
    ):
        documents.default(record, name, order.get(name))
    documents.default(record, "tranDate", session.clock.today().isoformat())
    documents.default(record, "status", "A")
    if record.type.name == "itemFulfillment":
        documents.default(record, "shipStatus", "C")
        record.values["status"] = record.get("shipStatus")
    record.lines["item"] = [x for x in record.sublist("item") if x.get("itemReceive", True)]
    if "expense" in record.type.sublists:
        record.lines["expense"] = [x for x in record.sublist("expense") if x.get("markReceived")]
    if not record.sublist("item") and not record.sublist("expense"):
        raise user_error("You must enter at least one line item for this transaction.")
    documents.number_lines(session, record)
    for index, line in enumerate(record.sublist("item")):
        receive_line(session, record, order, line, index)
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)
    amounts = [number(line.get("amount")) for line in record.sublist("item")]
    record.values["total"] = sum(amounts, Decimal(0))


def receive_line(session: Session, record: Record, order: Record, line: Values, index: int) -> None:
    ordered = order_line(order, line)
    path = f"item.items[{index}]"
    if ordered is None:
        raise user_error(
            "You have attempted an invalid sublist or line item operation. You are attempting to add or "
            "remove a line of a static sublist.",
            path=path,
        )
    if ordered.get("isClosed") and line.get("_received") is None:
        raise user_error("This order line is closed.", path=path)
    for name in ("item", "itemType", "itemSubtype", "units", "vendorName", "description"):
        if ordered.get(name) is not None:
            line[name] = ordered[name]
    quantity = number(line.get("quantity"))
    if quantity <= 0:
        raise user_error("You must enter a quantity greater than zero for each line that is received.", path=path)
    others = links.taken(session, order.id, "ShipRcpt", with_unshipped=True)[int(ordered["line"])].quantity
    others -= number(line.get("_received"))
    left = number(ordered.get("quantity")) - others
    if quantity > left and not session.preferences["OVERRECEIPTS"]:
        raise user_error(
            f"You cannot receive more than was ordered: {_plain(left)} left on line {ordered['line']}.",
            path=f"{path}.quantity",
        )
    if line.get("rate") is None:
        line["rate"] = ordered.get("rate")
    line["itemReceive"] = True
    line["_received"] = quantity
    line["amount"] = documents.round_to(session, quantity * number(line.get("rate")), record.get("currency"))


def order_line(order: Record, line: Values) -> Values | None:
    """The order's line that a receipt line names by `orderLine`."""
    wanted = line.get("orderLine")
    if line.get("orderDoc") not in (None, order.id) or wanted is None:
        return None
    for ordered in order.sublist("item"):
        if int(ordered["line"]) == int(wanted):
            line["orderDoc"] = order.id
            return ordered
    return None


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def refuse_delete(session: Session, record: Record) -> None:
    """Goods that are billed for stay received, and those that are credited stay sent back, unless bills may come
    before receipts."""
    if session.preferences["UNCRECEIVEDBILLS"]:
        return
    order = session.find("transaction", record.get("createdFrom"))
    if order is None:
        return
    going: dict[int, Decimal] = {}
    for line in record.sublist("item"):
        key = int(line["orderLine"])
        going[key] = going.get(key, Decimal(0)) + number(line.get("quantity"))
    for line in order.sublist("item"):
        left = number(line.get("quantityReceived")) - going.get(int(line["line"]), Decimal(0))
        if int(line["line"]) in going and left < number(line.get("quantityBilled")):
            raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
