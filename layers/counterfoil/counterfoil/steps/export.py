"""Post an approved invoice as one bill in the ERP, however often this is tried.

The bill's external id is in the table before the ERP is called. A repeat looks for that id before anything else, and
the ERP itself refuses it twice; so between them no second bill can come about, whatever is lost on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from counterfoil.domain.bills import Bill, BillImpossible, bill_of, external_id, total_due
from counterfoil.domain.claims import with_bill
from counterfoil.domain.invoices import BillReference, DocumentType, Invoice, Reason
from counterfoil.domain.learning import posted_lesson
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.money import plain
from counterfoil.domain.orders import ZERO, PurchaseOrder
from counterfoil.domain.returns import SettledReturn, settled_by
from counterfoil.domain.standing import why_it_fell
from counterfoil.errors import DuplicateExternalId, ErpRefusal, RecordMissing, StaleWrite, UnexpectedReply
from counterfoil.netsuite.client import NetSuiteClient, eid
from counterfoil.netsuite.records import CURRENCY_QUERY, bill_body, bill_type, counts, same_number_query
from counterfoil.netsuite.returns import VENDOR_RETURN_RECORD, returnable_of, returnable_queries
from counterfoil.steps.match import orders_of, released
from counterfoil.store import ORDERS_PER_INVOICE_MAX, Store

READ_AGAIN_MAX = 8
BY = "export"


class _Refused(Exception):
    """The bill can't be posted as things stand; a person has to know why."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.code)


def export(
    company: str, invoice_id: str, *, store: Store, client: NetSuiteClient, now: Callable[[], datetime]
) -> Invoice:
    """Post an invoice that is approved, or go on with one that is being posted. Any other state stays as it is.

    Ends `posted`, or `export_failed` with the reason when the ERP refuses the bill, has another total for it, or no
    bill can be made. Faults (`ErpUnavailable`, `ReplyLost`, `ErpLoginRefused`) are raised, so that it is tried again.
    """
    for _ in range(READ_AGAIN_MAX):
        invoice = store.invoice(company, invoice_id)
        try:
            is_first = invoice.status == Status.APPROVED
            if is_first:
                invoice = _begun(invoice, store, now)
            if invoice.status != Status.EXPORTING:
                return invoice
            return _export(invoice, store, client, now, is_first=is_first)
        except StaleWrite:
            continue
    raise StaleWrite(f"invoice {invoice_id} or its orders kept changing while its bill was posted")


def _begun(invoice: Invoice, store: Store, now: Callable[[], datetime]) -> Invoice:
    """The invoice with its bill's external id written down, or failed when no bill can be made of it.

    One whose match has fallen since it was approved goes back to be matched, and approved, again.
    """
    orders = orders_of(invoice, store)
    fell = why_it_fell(invoice, orders)
    if fell:
        back = invoice.model_copy(
            update={"status": Status.CAPTURED, "approval": None, "reasons": (), "attempts": 0, "orders_seen": ""}
        )
        given_back = released(invoice, orders.values())
        return store.save_invoice(invoice, back, by=BY, action="matched_again", at=now(), why=fell, orders=given_back)
    try:
        bill = _bill(invoice, store)
    except BillImpossible as error:
        return _failed(invoice, Reason(code=error.code, detail=error.detail), store, now)
    reference = BillReference(external_id=bill.external_id)
    after = invoice.model_copy(update={"status": Status.EXPORTING, "bill": reference, "reasons": (), "attempts": 0})
    details = {"external_id": bill.external_id, "total": plain(bill.total), "currency": bill.currency}
    return store.save_invoice(
        invoice,
        after,
        by=BY,
        action="export_begun",
        at=now(),
        details=details,
        unchanged_orders=list(orders.values())[:ORDERS_PER_INVOICE_MAX],
    )


def _export(
    invoice: Invoice, store: Store, client: NetSuiteClient, now: Callable[[], datetime], *, is_first: bool
) -> Invoice:
    if invoice.bill is None:
        # It failed before it had an id, and a person tries it again.
        reference = BillReference(external_id=external_id(invoice.company, invoice.id))
        after = invoice.model_copy(update={"bill": reference})
        invoice = store.save_invoice(invoice, after, by=BY, action="export_begun", at=now())
    try:
        found = None if is_first else _found(invoice, client)
        if found is None:
            if not is_first and (fell := why_it_fell(invoice, orders_of(invoice, store))):
                raise _Refused(Reason(code="orders_changed", detail=f"{fell}: match it again"))
            found = _created(invoice, _bill(invoice, store), client)
        return _posted(invoice, found, store, now)
    except BillImpossible as error:
        return _failed(invoice, Reason(code=error.code, detail=error.detail), store, now)
    except _Refused as error:
        return _failed(invoice, error.reason, store, now)


def _bill(invoice: Invoice, store: Store) -> Bill:
    orders = store.orders(invoice.company, _linked(invoice))
    accounts = {kind.value: account for kind, account in store.company(invoice.company).accounts.items()}
    return bill_of(invoice, orders, accounts)


def _record_type(invoice: Invoice) -> str:
    return bill_type(invoice.captured.document_type if invoice.captured else DocumentType.INVOICE)


def _linked(invoice: Invoice) -> list[str]:
    lines = invoice.match.lines if invoice.match is not None else ()
    return list(dict.fromkeys(link.order_id for line in lines for link in line.links))


def _found(invoice: Invoice, client: NetSuiteClient) -> BillReference | None:
    """The invoice's bill as the ERP has it, by its external id; None when there is none."""
    name = external_id(invoice.company, invoice.id) if invoice.bill is None else invoice.bill.external_id
    try:
        record = client.get(_record_type(invoice), eid(name), expand=False)
    except RecordMissing:
        return None
    return BillReference(external_id=name, id=_text(record, "id"), total=_amount(record, "total"))


def _created(invoice: Invoice, bill: Bill, client: NetSuiteClient) -> BillReference:
    try:
        _refuse_number_taken(bill, client)
        settled = _settled_return(bill, client)
        body = bill_body(bill, _currency_id(bill, client), settled)
        if settled is None:
            client.create(_record_type(invoice), body)
        else:
            # Made of the return, so that the ERP knows it as credited and takes no goods out of stock again.
            target = _record_type(invoice)
            client.transform(VENDOR_RETURN_RECORD, settled.return_id, target, body, replace=("item", "expense"))
    except DuplicateExternalId:
        pass  # an attempt whose reply was lost made it meanwhile
    except ErpRefusal as error:
        place = f" ({error.code}, {error.path})" if error.path else f" ({error.code})"
        raise _Refused(Reason(code="erp_refused", detail=f"NetSuite: {error.detail}{place}")) from error
    found = _found(invoice, client)
    if found is None:
        raise UnexpectedReply("bill_not_found", f"the bill {bill.external_id} was created and can't be found")
    return found


def _settled_return(bill: Bill, client: NetSuiteClient) -> SettledReturn | None:
    """The return whose goods a credit is for, when it is for those of one."""
    if bill.document_type != DocumentType.CREDIT_NOTE or not bill.items:
        return None
    credited = {(line.order_id, line.order_line): line.quantity for line in bill.items}
    queries = returnable_queries(list(dict.fromkeys(order_id for order_id, _ in credited)))
    rows = (row for query in queries for page in client.suiteql_pages(query) for row in page)
    return settled_by(credited, returnable_of(rows))


def _refuse_number_taken(bill: Bill, client: NetSuiteClient) -> None:
    """The ERP takes a vendor's number twice; a bill that was entered by hand must not be paid again."""
    query, params = same_number_query(bill)
    for row in client.suiteql(query, params):
        if counts(row) and row.get("externalid") != bill.external_id:
            detail = f"the ERP has bill {row.get('id')} of the same vendor with the number {bill.number}"
            raise _Refused(Reason(code="billed_already", detail=detail))


def _currency_id(bill: Bill, client: NetSuiteClient) -> str:
    ids = [row["id"] for row in client.suiteql(CURRENCY_QUERY, [bill.currency]) if "id" in row]
    if len(ids) != 1:
        detail = f"the ERP has {len(ids)} currencies {bill.currency}, one is needed"
        raise _Refused(Reason(code="currency_unknown", detail=detail))
    return ids[0]


def _posted(invoice: Invoice, found: BillReference, store: Store, now: Callable[[], datetime]) -> Invoice:
    """The invoice posted and its claims billed, in one write; failed when the ERP's bill is over another total."""
    due = total_due(invoice)
    if found.total is None or found.total != due:
        total = "no total" if found.total is None else plain(found.total)
        detail = f"bill {found.id} in the ERP comes to {total}, the invoice to {plain(due)}: correct the bill there"
        return _failed(invoice, Reason(code="bill_total_differs", detail=detail), store, now, bill=found)
    after = invoice.model_copy(update={"status": Status.POSTED, "bill": found, "reasons": (), "attempts": 0})
    details = {"bill": found.id or "", "external_id": found.external_id, "total": plain(due)}
    billed = _billed(invoice, found, store)
    return store.save_invoice(
        invoice,
        after,
        by=BY,
        action="posted",
        at=now(),
        details=details,
        orders=billed,
        posted=posted_lesson(after, now().date()),
    )


def _billed(invoice: Invoice, bill: BillReference, store: Store) -> Sequence[tuple[PurchaseOrder, PurchaseOrder]]:
    pairs = []
    for order in store.orders(invoice.company, _linked(invoice)).values():
        taken = order.claims.get(invoice.id) or _taken(invoice, order.id)
        new = with_bill(order, bill.id or bill.external_id, taken, invoice.id)
        pairs.append((order, new.model_copy(update={"version": order.version + 1})))
    return pairs


def _taken(invoice: Invoice, order_id: str) -> dict[int, Decimal]:
    """What the invoice's links take of an order, for when its claim was given back."""
    taken: dict[int, Decimal] = {}
    for line in invoice.match.lines if invoice.match is not None else ():
        for link in line.links:
            if link.order_id == order_id:
                taken[link.line] = taken.get(link.line, ZERO) + link.quantity
    return taken


def _failed(
    invoice: Invoice, reason: Reason, store: Store, now: Callable[[], datetime], *, bill: BillReference | None = None
) -> Invoice:
    update: dict[str, Any] = {"status": Status.EXPORT_FAILED, "reasons": (reason,), "attempts": 0}
    if bill is not None:
        update["bill"] = bill
    after = invoice.model_copy(update=update)
    return store.save_invoice(invoice, after, by=BY, action="export_failed", at=now(), why=reason.detail)


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise UnexpectedReply("bill_without_id", f"the ERP's bill has no {name}")
    return value


def _amount(record: dict[str, Any], name: str) -> Decimal | None:
    value = record.get(name)
    try:
        return None if value is None else abs(Decimal(str(value)))
    except InvalidOperation:
        return None
