"""Bill variances: the rest that a bill and the receipts it is matched to leave in accrued purchases.

Only lines of orders that match bills to receipts have them. A bill is matched to the receipts that its line names, else
to what was received and no earlier bill has taken. What remains is split as NetSuite does: quantity (at the receipts'
cost), price (at the receipts' rate of exchange), and exchange rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from erp_emulator import documents, ledger, links
from erp_emulator.links import Link
from erp_emulator.session import Record, Session, Values, number

ZERO = Decimal(0)
KIND = "BillVar"
NONE, OPEN, POSTED = "NOVARIANCES", "JOURNALNOTPOSTED", "JOURNALPOSTED"
# Kind of variance -> the item's account for it, and the account's own where the item has none.
ACCOUNTS = {
    "quantity": ("billQtyVarianceAcct", "BillQtyVariance"),
    "price": ("billPriceVarianceAcct", "BillPriceVariance"),
    "rate": ("billExchRateVarianceAcct", "BillExchRateVariance"),
}


@dataclass(frozen=True)
class Matched:
    """What was received of an order's line: in the order's currency and in the books' own."""

    quantity: Decimal = ZERO
    amount: Decimal = ZERO
    base: Decimal = ZERO


def of_line(session: Session, bill: Record, line: Values) -> dict[str, Decimal]:
    """The variances of one line, in the books' currency; all zero where none are kept."""
    none = dict.fromkeys(ACCOUNTS, ZERO)
    order_line = matched_order_line(session, line)
    if order_line is None or not ledger.is_posting(bill):
        return none
    matched = receipts_of(session, bill, line)
    quantity, price = number(line.get("quantity")), number(line.get("amount"))
    billed_base = ledger.base(bill, price)
    if not quantity or not matched.quantity:
        # Billed in advance: the receipt will answer it.
        return none
    cost = matched.amount / matched.quantity
    exchange = matched.base / matched.amount if matched.amount else bill.number("exchangeRate") or Decimal(1)
    taken = matched.quantity if line.get("billReceipts") else min(quantity, matched.quantity)
    left = billed_base - (taken * cost * exchange).quantize(ledger.CENT)
    by_quantity = ((quantity - taken) * cost * exchange).quantize(ledger.CENT)
    by_price = ((price - quantity * cost) * exchange).quantize(ledger.CENT)
    return {"quantity": by_quantity, "price": by_price, "rate": left - by_quantity - by_price}


def matched_order_line(session: Session, line: Values) -> Values | None:
    """The order's line, if it matches bills to receipts and its goods are received at all."""
    order = session.find("transaction", line["orderDoc"]) if line.get("orderDoc") else None
    item = session.find("item", line["item"]) if line.get("item") else None
    if order is None or item is None or not session.preferences["ADVANCEDRECEIVING"]:
        return None
    if not documents.is_received_item(item):
        return None
    found = next((x for x in order.sublist("item") if int(x["line"]) == int(line["orderLine"])), None)
    return found if found is not None and found.get("matchBillToReceipt") else None


def receipts_of(session: Session, bill: Record, line: Values) -> Matched:
    """The receipts that a bill's line is matched to; what earlier bills took is taken off where none are named."""
    order, order_line = str(line["orderDoc"]), int(line["orderLine"])
    named = {str(each) for each in line.get("billReceipts") or []}
    quantity = amount = base = ZERO
    for key in links.dependents(session, order):
        receipt = session.find("transaction", key)
        if receipt is None or receipt.type.name != "itemReceipt" or (named and receipt.id not in named):
            continue
        for row in receipt.sublist("item"):
            if int(row["orderLine"]) == order_line:
                quantity += number(row.get("quantity"))
                amount += number(row.get("amount"))
                base += ledger.base(receipt, number(row.get("amount")))
    earlier = ZERO if named else billed_before(session, bill, order, order_line)
    left = max(quantity - earlier, ZERO)
    share = left / quantity if quantity else ZERO
    return Matched(left, amount * share, base * share)


def billed_before(session: Session, bill: Record, order: str, order_line: int) -> Decimal:
    total = ZERO
    for key in links.dependents(session, order):
        other = session.find("transaction", key)
        if other is None or other.type.name != "vendorBill" or int(key) >= int(bill.id) or not links.is_active(other):
            continue
        for row in other.sublist("item"):
            if (
                row.get("orderDoc") == order
                and row.get("orderLine") is not None
                and int(row["orderLine"]) == order_line
            ):
                total += number(row.get("quantity"))
    return total


def settle(session: Session, bill: Record) -> None:
    """The state of each line: without variances, with some, or with their journal."""
    rows = session.store.writer.execute(
        "SELECT previousline FROM nexttransactionlinelink WHERE previousdoc = ? AND linktype = ?", (int(bill.id), KIND)
    ).fetchall()
    posted = {row[0] for row in rows}
    for line in bill.sublist("item"):
        if int(line["line"]) in posted:
            line["billVarianceStatus"] = POSTED
        else:
            has_any = any(of_line(session, bill, line).values())
            line["billVarianceStatus"] = OPEN if has_any else NONE


def are_posted(bill: Record) -> bool:
    return any(line.get("billVarianceStatus") == POSTED for line in bill.sublist("item"))


def journal_links(session: Session, record: Record) -> list[Link]:
    """From each bill's line to the journal that posts its variances."""
    del session
    if record.get("voided"):
        return []
    return [
        Link(str(each["bill"]), int(each["billLine"]), int(each["line"]), KIND)
        for each in record.values.get("_variances") or []
    ]
