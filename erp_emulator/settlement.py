"""Payments and credits against bills: which may be applied, how much, and what it leaves open on the bill."""

from __future__ import annotations

from decimal import Decimal

from erp_emulator import documents, links, periods
from erp_emulator.errors import invalid_value, missing_values, user_error
from erp_emulator.session import Record, Session, Values, number

ZERO = Decimal(0)
PAYABLE = frozenset({"vendorBill", "expenseReport", "vendorPayment", "journalEntry"})


def applied_to(session: Session, record_id: str, *, but_by: str | None = None) -> Decimal:
    """What payments and credits took of a bill; from the documents, which keep it exactly."""
    rows = session.store.writer.execute(
        "SELECT DISTINCT nextdoc FROM nexttransactionlinelink WHERE previousdoc = ? AND linktype = 'Payment'",
        (int(record_id),),
    ).fetchall()
    total = ZERO
    for (next_id,) in rows:
        payment = session.find("transaction", next_id)
        if payment is None or payment.id == but_by or payment.get("voided"):
            continue
        for line in payment.sublist("apply"):
            if line.get("doc") == record_id:
                total += number(line.get("amount"))
    return total


def settle_bill(session: Session, bill: Record) -> None:
    """The bill's balance and state. Unapproved ones owe their total but cannot be paid."""
    total = bill.number("total")
    left = total - applied_to(session, bill.id)
    bill.values["balance"] = left
    if bill.get("voided"):
        bill.values["status"] = "C"
        bill.values["balance"] = ZERO
        return
    approval = bill.get("approvalStatus")
    if approval == "1":
        bill.values["status"] = "D"
    elif approval == "3":
        bill.values["status"] = "E"
    else:
        is_paid = left <= 0 and total > 0
        bill.values["status"] = "B" if is_paid else "A"
        if is_paid:
            bill.values["_closed"] = bill.get("_closed") or session.clock.today().isoformat()
        else:
            bill.values.pop("_closed", None)


def settle_credit(credit: Record, applied: Decimal) -> None:
    credit.values["applied"] = applied
    credit.values["unapplied"] = credit.number("total") - applied
    is_applied = credit.number("total") > 0 and credit.number("unapplied") == 0
    credit.values["status"] = "V" if credit.get("voided") else "B" if is_applied else "A"


def prepare_applications(session: Session, record: Record) -> None:
    """Checks every `apply` line that is ticked; those that are not go. An amount not given is what is due."""
    kept: list[Values] = []
    seen: set[str] = set()
    for index, line in enumerate(record.sublist("apply")):
        if line.get("apply") is False:
            continue
        path = f"apply.items[{index}]"
        bill = payable(session, record, line, path)
        if bill.id in seen:
            raise invalid_value(bill.id, "doc", path=f"{path}.doc")
        seen.add(bill.id)
        due = bill.number("total") - applied_to(session, bill.id, but_by=record.id)
        amount = number(line["amount"]) if line.get("amount") is not None else due
        amount = documents.round_to(session, amount, record.get("currency"))
        if amount <= 0 or amount > due:
            raise user_error(
                f"You have entered an Invalid Field Value {amount} for the following field: amount",
                path=f"{path}.amount",
            )
        line.update(
            {
                "apply": True,
                "amount": amount,
                "due": due,
                "total": bill.number("total"),
                "applyDate": bill.get("tranDate"),
                "refNum": bill.get("tranId"),
                "type": "Bill" if bill.type.name == "vendorBill" else bill.type.label,
            }
        )
        line["line"] = ZERO
        kept.append(line)
    record.lines["apply"] = kept


def payable(session: Session, record: Record, line: Values, path: str) -> Record:
    """The bill that an `apply` line names: approved, not on hold, of the same vendor and currency."""
    if line.get("doc") is None:
        raise missing_values(["Doc"])
    bill = session.find("transaction", line["doc"])
    is_fit = (
        bill is not None
        and bill.type.name in ("vendorBill", "expenseReport")
        and bill.get("entity") == record.get("entity")
        and bill.get("currency") == record.get("currency")
        and bill.get("status") in (("A", "B") if bill.type.name == "vendorBill" else ("F", "G", "I"))
        and not (bill.get("paymentHold") and record.type.name == "vendorPayment")
    )
    if bill is None or not is_fit:
        raise invalid_value(line["doc"], "doc", path=f"{path}.doc")
    return bill


def payment_links(session: Session, record: Record) -> list[links.Link]:
    """From line 0 of each bill to the payment or credit."""
    del session
    if record.get("voided"):
        return []
    return [
        links.Link(str(line["doc"]), 0, 0, "Payment", number(line.get("amount"))) for line in record.sublist("apply")
    ]


def prepare_payment(session: Session, record: Record) -> None:
    """A payment names a bank account and at least one bill; its total is what it applies."""
    party = session.find("entity", record.get("entity")) if record.get("entity") else None
    if party is None:
        documents.require(record, ("entity",))
        raise invalid_value(record.get("entity"), "entity")
    documents.default(record, "tranDate", session.clock.today().isoformat())
    first = next((x for x in record.sublist("apply") if x.get("apply") is not False), None)
    bill = session.find("transaction", first.get("doc")) if first and first.get("doc") else None
    if bill is not None:
        documents.default(record, "currency", bill.get("currency"))
        documents.default(record, "subsidiary", bill.get("subsidiary"))
        documents.default(record, "apAcct", bill.get("account"))
    documents.source_header(session, record, party if party.type.name == "vendor" else None)
    if record.get("apAcct") is None:
        documents.default(record, "apAcct", party.get("payablesAccount"))
        documents.default(record, "apAcct", documents.special_account(session, "AcctPay"))
    bank_account(session, record)
    prepare_applications(session, record)
    if not record.sublist("apply"):
        raise user_error("You must enter at least one line item for this transaction.", path="apply")
    total = sum((number(x.get("amount")) for x in record.sublist("apply")), ZERO)
    record.values.update({"total": total, "applied": total, "unapplied": ZERO, "balance": total})
    documents.default(record, "approvalStatus", "2")
    in_transit = bool(record.get("isInTransitPayment"))
    record.values["status"] = "V" if record.get("voided") else "F" if in_transit else "A"
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)


def bank_account(session: Session, record: Record) -> None:
    if record.get("account") is None:
        row = session.store.writer.execute(
            "SELECT id FROM account WHERE accttype = 'Bank' AND COALESCE(isinactive, 'F') = 'F' ORDER BY id LIMIT 1"
        ).fetchone()
        documents.default(record, "account", str(row[0]) if row else None)
    documents.require(record, ("account",))
    account = session.find("account", record.get("account"))
    if account is None or account.get("acctType") not in ("Bank", "CredCard", "OthCurrLiab"):
        raise invalid_value(record.get("account"), "account")


def prepare_prepayment(session: Session, record: Record) -> None:
    vendor = documents.vendor_of(session, record)
    documents.source_header(session, record, vendor)
    bank_account(session, record)
    documents.default(record, "prepaymentAccount", documents.special_account(session, "AdvPaid"))
    documents.require(record, ("payment",))
    if record.number("payment") <= 0:
        raise invalid_value(record.get("payment"), "payment")
    record.values["total"] = record.number("payment")
    settle_credit(record, ZERO)
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)
