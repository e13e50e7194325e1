"""Journal entries, checks, deposits and expense reports."""

from __future__ import annotations

from decimal import Decimal

from erp_emulator import documents, periods, settlement
from erp_emulator.errors import invalid_value, missing_values, user_error
from erp_emulator.session import Record, Session, number

ZERO = Decimal(0)


def prepare_journal(session: Session, record: Record) -> None:
    """At least two lines, each a debit or a credit, and as much of the one as of the other."""
    documents.source_header(session, record, None)
    rows = record.sublist("line")
    if len(rows) < 2:
        raise user_error("You must enter at least one line item for this transaction.")
    for index, line in enumerate(rows):
        path = f"line.items[{index}]"
        if line.get("account") is None:
            raise missing_values(["Account"])
        account = session.find("account", line["account"])
        if account is None or account.get("isInactive"):
            raise invalid_value(line["account"], "account", path=f"{path}.account")
        if bool(number(line.get("debit"))) == bool(number(line.get("credit"))):
            raise user_error("Each line must have either a debit or a credit amount.", path=path)
    debit = sum((number(line.get("debit")) for line in rows), ZERO)
    credit = sum((number(line.get("credit")) for line in rows), ZERO)
    if debit != credit:
        raise user_error("The amounts in a journal entry must balance.", path="line")
    record.values["total"] = debit
    if record.get("approved") is False:
        documents.default(record, "approvalStatus", "1")
    documents.default(record, "approvalStatus", "2")
    record.values["approved"] = record.get("approvalStatus") == "2"
    is_pending = record.get("approvalStatus") != "2"
    record.values["status"] = "V" if record.get("voided") else "A" if is_pending else "B"
    documents.number_lines(session, record)
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)


def prepare_check(session: Session, record: Record) -> None:
    documents.require(record, ("entity",))
    party = session.find("entity", record.get("entity"))
    documents.source_header(session, record, party if party and party.type.name == "vendor" else None)
    settlement.bank_account(session, record)
    documents.number_lines(session, record)
    documents.price_item_lines(session, record)
    documents.source_expense_lines(session, record)
    documents.total_lines(session, record)
    record.values["status"] = "V" if record.get("voided") else "A"
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)


def prepare_deposit(session: Session, record: Record) -> None:
    documents.source_header(session, record, None)
    settlement.bank_account(session, record)
    if not record.sublist("other"):
        raise user_error("You must enter at least one line item for this transaction.")
    for index, line in enumerate(record.sublist("other")):
        if line.get("account") is None or line.get("amount") is None:
            raise missing_values(["Account" if line.get("account") is None else "Amount"])
        if session.find("account", line["account"]) is None:
            raise invalid_value(line["account"], "account", path=f"other.items[{index}].account")
    documents.number_lines(session, record)
    amounts = [number(line.get("amount")) for line in record.sublist("other")]
    record.values["total"] = sum(amounts, ZERO)
    record.values["status"] = "A"
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)


def prepare_expense_report(session: Session, record: Record) -> None:
    """Amounts by category; approved by `accountingapproval`, or by `approvalStatus` 2."""
    if record.get("entity") is None:
        raise missing_values(["Employee"])
    employee = session.find("entity", record.get("entity"))
    if employee is None or employee.type.name != "employee" or employee.get("isInactive"):
        raise invalid_value(record.get("entity"), "entity")
    documents.default(record, "subsidiary", employee.get("subsidiary"))
    documents.source_header(session, record, None)
    if record.get("account") is None:
        record.values["account"] = documents.special_account(session, "UnappvExpRept")
    rows = record.sublist("expense")
    if not rows:
        raise user_error("You must enter at least one line item for this transaction.")
    for line in rows:
        if line.get("amount") is None and line.get("foreignamount") is not None:
            rate = number(line.get("exchangerate")) or Decimal(1)
            line["amount"] = documents.round_to(session, number(line["foreignamount"]) * rate, record.get("currency"))
        if line.get("amount") is None and line.get("quantity") is not None:
            line["amount"] = number(line["quantity"]) * number(line.get("rate"))
        if line.get("amount") is None:
            raise missing_values(["Amount"])
        if line.get("expenseaccount") is None and line.get("category"):
            category = session.find("expenseCategory", line["category"])
            line["expenseaccount"] = category.get("expenseAcct") if category else None
        if line.get("expenseaccount") is None:
            raise missing_values(["Category"])
        line.setdefault("expensedate", record.get("tranDate"))
    documents.number_lines(session, record)
    amounts = [number(x["amount"]) for x in rows if not x.get("isnonreimbursable")]
    record.values["total"] = sum(amounts, ZERO)
    record.values["amount"] = record.values["total"]
    settle_expense_report(session, record)
    periods.assign_period(session, record)
    documents.assign_numbers(session, record)


def settle_expense_report(session: Session, record: Record) -> None:
    left = record.number("total") - settlement.applied_to(session, record.id)
    record.values["balance"] = left
    if record.get("accountingapproval") or record.get("approvalStatus") == "2":
        state = "I" if left <= 0 and record.number("total") > 0 else "F"
    elif record.get("approvalStatus") == "3":
        state = "E"
    elif record.get("supervisorapproval"):
        state = "C"
    elif record.get("complete"):
        state = "B"
    else:
        state = "A"
    record.values["status"] = state
