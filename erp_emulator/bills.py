"""Vendor bills and vendor credits: sourcing, links to order lines, approval and the state that follows."""

from __future__ import annotations

from decimal import Decimal

from erp_emulator import documents, links, orders, periods, settlement, variances
from erp_emulator.errors import invalid_value, user_error
from erp_emulator.session import Record, Session, number

REFERENCE_MAX = 45


def prepare(session: Session, record: Record) -> None:
    """Defaults, amounts and refusals of a bill before it is written."""
    vendor = documents.vendor_of(session, record)
    refuse_edit_of_paid(session, record)
    documents.source_header(session, record, vendor)
    documents.source_terms(session, record, vendor)
    documents.payables_account(session, record, vendor)
    source_approval(session, record)
    if len(record.get("tranId") or "") > REFERENCE_MAX:
        raise user_error(
            f"The field tranid contained more than the maximum number ( {REFERENCE_MAX} ) of characters allowed.",
            path="tranId",
        )
    documents.number_lines(session, record)
    documents.price_item_lines(session, record)
    documents.source_expense_lines(session, record)
    check_order_links(session, record)
    documents.total_lines(session, record)
    if record.number("total") < 0:
        raise user_error("The total of this transaction cannot be negative.")
    documents.default(record, "paymentHold", False)
    if vendor.get("vatRegNumber"):
        record.values["entityTaxRegNum"] = vendor.get("vatRegNumber")
    for line in record.sublist("item"):
        line["linked"] = line.get("orderDoc") is not None
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)
    settlement.settle_bill(session, record)
    variances.settle(session, record)


def source_approval(session: Session, record: Record) -> None:
    routed = session.preferences["CUSTOMAPPROVALVENDORBILL"]
    is_pending = routed or session.preferences["DEFVENDBILLSTATUS"] == "Pending Approval"
    documents.default(record, "approvalStatus", "1" if is_pending else "2")


def refuse_edit_of_paid(session: Session, record: Record) -> None:
    """A bill with payments keeps its amounts and its vendor."""
    before = session.before.get(record.key)
    if before is None:
        return
    if before.lines != record.lines and variances.are_posted(before):
        raise user_error("You cannot change this transaction: its bill variances have been posted.")
    if session.preferences["editPaidBill"] != "refuse":
        return
    if not settlement.applied_to(session, record.id):
        return
    is_changed = before.lines != record.lines or any(
        before.get(name) != record.get(name)
        for name in (
            "entity",
            "currency",
            "account",
            "exchangeRate",
            "approvalStatus",
            "subsidiary",
        )
    )
    if is_changed:
        raise user_error("You cannot change this transaction: payments have been applied to it.")


def check_order_links(session: Session, record: Record) -> None:
    """Each linked line names an approved order of the same vendor, an open line of it, and no line twice."""
    before = session.before.get(record.key)
    had = {(x.previous, x.previous_line) for x in links.order_links(before, "OrdBill")} if before else set()
    seen: set[tuple[str, int]] = set()
    for name in ("item", "expense"):
        for index, line in enumerate(record.sublist(name)):
            path = f"{name}.items[{index}].orderDoc"
            if line.get("orderDoc") is None or line.get("orderLine") is None:
                line.pop("orderDoc", None)
                line.pop("orderLine", None)
                continue
            key = (str(line["orderDoc"]), int(line["orderLine"]))
            if key in seen:
                raise user_error(
                    f"Line {key[1]} of purchase order {key[0]} can be billed only once on a bill.",
                    path=path,
                )
            seen.add(key)
            check_order_line(session, record, key, line, path, is_kept=key in had)


def check_order_line(
    session: Session,
    record: Record,
    key: tuple[str, int],
    line: dict[str, object],
    path: str,
    *,
    is_kept: bool,
) -> None:
    order = session.find("transaction", key[0])
    wanted = "VendAuth" if record.type.name == "vendorCredit" else "PurchOrd"
    if order is None or order.type.code != wanted:
        raise invalid_value(key[0], "orderDoc", path=path)
    if order.get("entity") != record.get("entity") or order.get("currency") != record.get("currency"):
        raise invalid_value(key[0], "orderDoc", path=path)
    for _, ordered in orders.all_lines(order):
        if int(ordered["line"]) == key[1]:
            break
    else:
        raise invalid_value(key[1], "orderLine", path=path.replace("orderDoc", "orderLine"))
    if is_kept:
        return
    if order.get("approvalStatus") in ("1", "3") or ordered.get("isClosed"):
        raise user_error(f"You cannot initialize {record.type.name}: invalid reference {order.id}.", path=path)
    if line.get("item") and ordered.get("item") != line.get("item"):
        raise invalid_value(line["item"], "item", path=path.replace("orderDoc", "item"))
    refuse_over_billing(session, order, ordered, line, path)


def refuse_over_billing(
    session: Session, order: Record, ordered: dict[str, object], line: dict[str, object], path: str
) -> None:
    if session.preferences["overBilling"] == "accept" or ordered.get("item") is None:
        return
    taken = links.taken(session, order.id, "OrdBill")[int(str(ordered["line"]))].quantity
    if number(line.get("quantity")) > number(ordered.get("quantity")) - taken:
        raise invalid_value(line.get("quantity"), "quantity", path=path.replace("orderDoc", "quantity"))


def refuse_delete(session: Session, record: Record) -> None:
    if settlement.applied_to(session, record.id):
        raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")


def prepare_credit(session: Session, record: Record) -> None:
    """A credit is a bill the other way round; what it is applied to is checked with its `apply` lines."""
    vendor = documents.vendor_of(session, record)
    documents.source_header(session, record, vendor)
    documents.payables_account(session, record, vendor)
    documents.number_lines(session, record)
    documents.price_item_lines(session, record)
    documents.source_expense_lines(session, record)
    check_order_links(session, record)
    documents.total_lines(session, record)
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)
    settlement.prepare_applications(session, record)
    applied = sum((number(x.get("amount")) for x in record.sublist("apply")), Decimal(0))
    if applied > record.number("total"):
        raise user_error("You cannot apply more than your total payments and credits.", path="apply")
    settlement.settle_credit(record, applied)
