"""Posting periods: which one a date falls in, and when a closed or locked one refuses a change."""

from __future__ import annotations

from erp_emulator.errors import missing_values, user_error
from erp_emulator.session import Record, Session

PAYABLES = frozenset(
    {
        "vendorBill",
        "vendorCredit",
        "vendorPayment",
        "vendorPrepayment",
        "expenseReport",
        "itemReceipt",
        "itemFulfillment",
    }
)


def period_on(session: Session, day: str) -> str | None:
    """The month that holds a date."""
    row = session.store.writer.execute(
        """SELECT id FROM accountingperiod WHERE startdate <= ? AND enddate >= ? AND COALESCE(isquarter, 'F') = 'F'
           AND COALESCE(isyear, 'F') = 'F' AND COALESCE(isadjust, 'F') = 'F' ORDER BY id LIMIT 1""",
        (day, day),
    ).fetchone()
    return None if row is None else str(row[0])


def first_open_after(session: Session, day: str, record: Record) -> str | None:
    rows = session.store.writer.execute(
        """SELECT id FROM accountingperiod WHERE startdate > ? AND COALESCE(isquarter, 'F') = 'F'
           AND COALESCE(isyear, 'F') = 'F' AND COALESCE(isadjust, 'F') = 'F' ORDER BY startdate""",
        (day,),
    ).fetchall()
    for row in rows:
        if not is_shut(session, str(row[0]), record):
            return str(row[0])
    return None


def is_shut(session: Session, period_id: str, record: Record) -> bool:
    period = session.find("accountingPeriod", period_id)
    if period is None:
        return False
    is_payable = record.type.name in PAYABLES
    return bool(period.get("closed") or period.get("allLocked") or (is_payable and period.get("apLocked")))


def assign_period(session: Session, record: Record) -> None:
    """Give the record its period; refuses closed ones and, if the account says so, dates outside the period."""
    day = record.values["tranDate"]
    given = record.get("postingPeriod")
    before = None if record.is_new else session.before.get(record.key)
    is_moved = before is not None and before.get("tranDate") != day
    if given is None or (is_moved and before is not None and before.get("postingPeriod") == given):
        given = period_on(session, day)
        if given is None:
            raise missing_values(["Posting Period"])
        if is_shut(session, given, record) and session.preferences["DEFAULTPERIODIFCLOSED"] != "Error":
            given = first_open_after(session, day, record) or given
        record.values["postingPeriod"] = given
    period = session.find("accountingPeriod", given)
    if period is not None and not period.get("startDate") <= day <= period.get("endDate"):
        is_moved_forward = session.preferences["DEFAULTPERIODIFCLOSED"] != "Error"
        if session.preferences["DATEPERIODMISMATCH"] == "Disallow" and not is_moved_forward:
            raise user_error(
                "The transaction date you specified is not within the date range of your accounting period."
            )


def refuse_if_shut(session: Session, record: Record, verb: str) -> None:
    """A posting record in a closed or locked period stays as it is."""
    period = record.get("postingPeriod")
    if period and is_shut(session, str(period), record):
        raise user_error(
            f"This transaction cannot be {verb} because it is in a closed (or locked) period.",
            path="postingPeriod",
        )
