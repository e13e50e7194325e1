"""For each record type: what prepares it, what it is linked from, what it settles, and when it may not go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from erp_emulator import bills, journals, lists, orders, receipts, returns, settlement, variances
from erp_emulator.links import RETURN, Link, order_links
from erp_emulator.session import Record, Session


def nothing(session: Session, record: Record) -> None:
    del session, record


def no_links(session: Session, record: Record) -> list[Link]:
    del session, record
    return []


@dataclass(frozen=True)
class Behaviour:
    """`prepare` sources, computes and refuses; `settle` brings a record up to date with those linked to it."""

    prepare: Callable[[Session, Record], None] = nothing
    settle: Callable[[Session, Record], None] = nothing
    links: Callable[[Session, Record], list[Link]] = no_links
    refuse_delete: Callable[[Session, Record], None] = nothing


def _settle_bill(session: Session, record: Record) -> None:
    settlement.settle_bill(session, record)
    variances.settle(session, record)


def _bill_links(session: Session, record: Record) -> list[Link]:
    del session
    return order_links(record, "OrdBill")


def _receipt_links(session: Session, record: Record) -> list[Link]:
    del session
    return order_links(record, "ShipRcpt")


def _return_links(session: Session, record: Record) -> list[Link]:
    del session
    return order_links(record, RETURN)


def _credit_links(session: Session, record: Record) -> list[Link]:
    return order_links(record, "OrdBill") + settlement.payment_links(session, record)


BEHAVIOURS: dict[str, Behaviour] = {
    "purchaseOrder": Behaviour(orders.prepare, orders.settle, refuse_delete=orders.refuse_delete),
    "vendorReturnAuthorization": Behaviour(returns.prepare, returns.settle, _return_links, orders.refuse_delete),
    "itemReceipt": Behaviour(receipts.prepare, links=_receipt_links, refuse_delete=receipts.refuse_delete),
    "itemFulfillment": Behaviour(receipts.prepare, links=_receipt_links, refuse_delete=receipts.refuse_delete),
    "vendorBill": Behaviour(bills.prepare, _settle_bill, _bill_links, bills.refuse_delete),
    "vendorCredit": Behaviour(bills.prepare_credit, links=_credit_links),
    "vendorPayment": Behaviour(settlement.prepare_payment, links=settlement.payment_links),
    "vendorPrepayment": Behaviour(settlement.prepare_prepayment),
    "expenseReport": Behaviour(journals.prepare_expense_report, journals.settle_expense_report),
    "journalEntry": Behaviour(journals.prepare_journal, links=variances.journal_links),
    "check": Behaviour(journals.prepare_check),
    "deposit": Behaviour(journals.prepare_deposit),
}
LISTS = Behaviour(lists.prepare, refuse_delete=lists.refuse_delete)


def behaviour_of(record: Record) -> Behaviour:
    return BEHAVIOURS.get(record.type.name, LISTS)
