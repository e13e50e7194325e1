"""Record actions: what can be done to a record that is neither a change of a field nor a new record."""

from __future__ import annotations

from erp_emulator import ledger, periods, records, variances
from erp_emulator.errors import NetSuiteError, user_error
from erp_emulator.inputs import Change
from erp_emulator.session import Record, Session

VOIDABLE = frozenset({"vendorPayment", "vendorBill", "vendorCredit", "check", "journalEntry", "vendorPrepayment"})


def run(session: Session, record: Record, name: str) -> bool:
    """True when done; refuses actions that the record does not have or that its state forbids."""
    if name == "confirm" and record.type.name == "vendorPayment":
        return confirm(session, record)
    if name == "void" and record.type.name in VOIDABLE:
        return void(session, record)
    raise NetSuiteError(404, "INVALID_URL", f"The action '{name}' does not exist for the record type.")


def confirm(session: Session, record: Record) -> bool:
    if not record.get("isInTransitPayment"):
        raise user_error("This payment is not in transit.")
    records.update(session, record, Change({"isInTransitPayment": False}))
    return True


def void(session: Session, record: Record) -> bool:
    """Takes a transaction out of the books; its links go, and what it settled is open again."""
    if record.get("voided"):
        raise user_error("This transaction has already been voided.")
    if record.type.name == "vendorBill":
        from erp_emulator import settlement

        if settlement.applied_to(session, record.id):
            raise user_error("You cannot void this transaction: payments have been applied to it.")
        if variances.are_posted(record):
            raise user_error("You cannot void this transaction: its bill variances have been posted.")
    if ledger.is_posting(record):
        periods.refuse_if_shut(session, record, "voided")
    session.remember(record)
    voided = record.copy()
    voided.values["voided"] = True
    voided.values["status"] = "C" if record.type.name == "vendorBill" else "V"
    if record.type.name == "vendorBill":
        voided.values["balance"] = 0
    if "apply" in voided.lines:
        voided.lines["apply"] = []
        voided.values.update({"applied": 0, "unapplied": 0})
    records.write(session, voided)
    return True
