"""Reads a laid-out document: every field by its own reader, joined where they need each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from counterfoil.capture.layout.currency import read_currency
from counterfoil.capture.layout.header import dates, invoice_numbers, order_numbers, texts
from counterfoil.capture.layout.page_context import Candidate, Context, context_of
from counterfoil.capture.layout.parties import read_parties
from counterfoil.capture.layout.receipt import is_receipt, read_receipt
from counterfoil.capture.layout.table import read_lines, sums_of
from counterfoil.capture.layout.totals import Totals, read_totals
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Page, Word, layout_of
from counterfoil.capture.limits import Limits
from counterfoil.capture.reading import Reading
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Check, DocumentType, Evidence, InvoiceLine, LineKind, Source
from counterfoil.domain.vendor_memory import VendorMemory

Value = TypeVar("Value", str, date, Decimal)

# Below this confidence a value is shown for review and never passed on by itself.
CONFIDENCE_ASSERTED = 0.7
# Recognised letters are often wrong in names and numbers, seldom in what arithmetic or a calendar confirms.
RECOGNISED_TRUST = {
    "vendor_name": 0.7,
    "vendor_vat_id": 0.7,
    "buyer_name": 0.7,
    "invoice_number": 0.85,
    "po_number": 0.8,
    "due_date": 0.9,
    "issue_date": 0.9,
}
TITLE_ROWS_MAX = 25
ZERO = Decimal(0)
TOTALS = ("net_total", "tax_total", "gross_total")
# A line read with this confidence multiplied out when it was read.
LINE_AGREES = Decimal("0.95")
NAME_UNPRINTED = 0.8
# A number on a later page counts as another invoice's only under a label that can mean nothing else.
CONFIDENCE_SEVERAL = 0.78


def read_layout(
    pages: Sequence[Page], source: Source, own: CompanyIdentity, limits: Limits, memory: VendorMemory | None = None
) -> Reading:
    """Everything that the pages say about the invoice."""
    return read_context(context_of(layout_of(pages), own, memory), source, limits)


def read_context(context: Context, source: Source, limits: Limits) -> Reading:
    """The same for a context that is already made."""
    reading = Reading(source)
    reading.trust = RECOGNISED_TRUST if source == Source.OCR else {}
    reading.document_type = _document_type(context)
    _put(reading, "invoice_number", _first(invoice_numbers(context)))
    _put(reading, "issue_date", _first(dates(context, "issue_date")))
    _put(reading, "due_date", _first(dates(context, "due_date")))
    _put(reading, "payment_terms", _first(texts(context, "payment_terms")))
    orders = order_numbers(context)
    _put(reading, "po_number", _first(orders))
    for order in orders:
        reading.add_order(order.value)
    totals = read_totals(context)
    _put_totals(reading, totals)
    _put(reading, "currency", read_currency(context, _words(totals)))
    parties = read_parties(context)
    _put(reading, "vendor_name", parties.vendor or _unprinted_name(context))
    _put(reading, "vendor_vat_id", parties.vat_id)
    _put(reading, "vendor_iban", parties.iban)
    _put(reading, "vendor_address", parties.address)
    _put(reading, "buyer_name", parties.buyer)
    reading.vendor_domains = parties.domains
    is_till_receipt = source == Source.OCR and is_receipt(context)
    if is_till_receipt:
        _put_receipt(reading, context)
    _check_single(context, reading)
    _put_lines(context, reading, limits)
    if not totals.is_proven and not is_till_receipt and _confirm_by_lines(context, reading):
        _put_lines(context, reading, limits)
    reading.charges = _not_billed_as_lines(reading)
    if any(line.evidence is not None and line.evidence.confidence < CONFIDENCE_ASSERTED for line in reading.lines):
        reading.doubt("lines")
    _note_discounts(reading)
    return reading


def _unprinted_name(context: Context) -> Candidate[str] | None:
    """The name of a known vendor that prints it as a picture."""
    name = context.names.get("")
    return Candidate(name, NAME_UNPRINTED, []) if name else None


def _put_lines(context: Context, reading: Reading, limits: Limits) -> None:
    charges = sum((charge.amount or ZERO for charge in reading.charges), ZERO)
    sums = sums_of(reading.amount("net_total"), reading.amount("gross_total"), charges)
    reading.lines = read_lines(context, sums, limits.lines_max)


def _not_billed_as_lines(reading: Reading) -> list[InvoiceLine]:
    """The charges whose row was not read as a line of the table: what is billed once is counted once."""
    rows = [line.evidence for line in reading.lines if line.evidence is not None]
    kept = [charge for charge in reading.charges if not any(_is_same_row(charge.evidence, row) for row in rows)]
    return [charge.model_copy(update={"line": place}) for place, charge in enumerate(kept, start=1)]


def _is_same_row(one: Evidence | None, other: Evidence) -> bool:
    if one is None or one.box is None or other.box is None or one.page != other.page:
        return False
    return other.box[1] <= (one.box[1] + one.box[3]) / 2 <= other.box[3]


def _confirm_by_lines(context: Context, reading: Reading) -> bool:
    """Totals that do not add up by themselves (a gross alone) may do so with the sum of the lines as the net."""
    amounts = [line.amount for line in reading.lines if line.kind != LineKind.SUBTOTAL]
    if not amounts or any(amount is None for amount in amounts):
        return False
    totals = read_totals(context, sum((amount for amount in amounts if amount is not None), Decimal(0)))
    if totals.is_proven:
        found = {"net_total": totals.net, "tax_total": totals.tax, "gross_total": totals.gross}
        reading.drop(*(name for name, total in found.items() if total is not None))
        _put_totals(reading, totals)
    return totals.is_proven


def _put_receipt(reading: Reading, context: Context) -> None:
    """What a till receipt says of seller and total goes before what a page of any kind would say."""
    receipt = read_receipt(context)
    if receipt.vendor is not None and not any(block.kind == "vendor" for block in context.blocks):
        reading.drop("vendor_name")
        _put(reading, "vendor_name", receipt.vendor)
    if receipt.gross is not None and receipt.gross.value != reading.amount("gross_total"):
        # Net and tax that added up to another total are not those of this one.
        reading.drop("net_total", "tax_total", "gross_total")
    if receipt.gross is not None:
        reading.drop("gross_total")
        _put(reading, "gross_total", receipt.gross)


def _note_discounts(reading: Reading) -> None:
    """What a printed discount takes off a line whose arithmetic holds with it."""
    for line in reading.lines:
        agrees = line.evidence is not None and line.evidence.confidence >= LINE_AGREES
        if agrees and line.quantity is not None and line.unit_price is not None and line.amount is not None:
            product = line.quantity * line.unit_price / line.price_base_quantity
            reading.adjustments[line.line] = line.amount - product


def _check_single(context: Context, reading: Reading) -> None:
    """Pages that carry different invoice numbers under sure labels are several invoices in one file."""
    by_page: dict[int, set[str]] = {}
    for candidate in invoice_numbers(context):
        if candidate.score >= CONFIDENCE_SEVERAL:
            by_page.setdefault(candidate.words[0].page, set()).add(candidate.value.casefold())
    first, *others = by_page.values() or [set()]
    apart = [numbers for numbers in others if numbers.isdisjoint(first)]
    if apart:
        detail = f"{len(apart) + 1} pages with invoice numbers of their own"
        reading.checks.append(Check(code="single_invoice", ok=False, detail=detail))
        reading.doubt("invoice_number", "vendor_name", *(name for name in TOTALS if name in reading.values))


def _first(found: Sequence[Candidate[Value]]) -> Candidate[Value] | None:
    """The best candidate; less sure when another value is as likely."""
    if not found:
        return None
    best = found[0]
    rivals = [other for other in found[1:] if other.value != best.value]
    if rivals and rivals[0].score > best.score - 0.02:
        return Candidate(best.value, best.score * 0.8, best.words)
    return best


def _put(reading: Reading, name: str, found: Candidate[Value] | None) -> None:
    if found is None:
        return
    found.score *= reading.trust.get(name, 1.0)
    reading.put(name, found.value, found.evidence())
    if found.score < CONFIDENCE_ASSERTED:
        reading.doubt(name)


def _put_totals(reading: Reading, totals: Totals) -> None:
    _put(reading, "net_total", totals.net)
    _put(reading, "tax_total", totals.tax)
    _put(reading, "gross_total", totals.gross)
    reading.charges = [
        InvoiceLine(
            line=place,
            description=label.strip(" :"),
            amount=found.value,
            kind=LineKind.CHARGE if found.value > 0 else LineKind.DISCOUNT,
            evidence=found.evidence(),
        )
        for place, (label, found) in enumerate(totals.charges, start=1)
    ]


def _words(totals: Totals) -> list[Word]:
    found = [totals.net, totals.tax, totals.gross]
    return [word for candidate in found if candidate for word in candidate.words]


def _document_type(context: Context) -> DocumentType:
    """A credit note says so in its title; an invoice may mention one anywhere else."""
    titles = context.vocabulary.credit_titles
    for row in context.layout.rows[:TITLE_ROWS_MAX]:
        for phrase in row.phrases:
            if squeeze(phrase.text) in titles:
                return DocumentType.CREDIT_NOTE
    return DocumentType.INVOICE
