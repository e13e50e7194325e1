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
from counterfoil.capture.layout.table import read_lines
from counterfoil.capture.layout.totals import Totals, read_totals
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Page, Word, layout_of
from counterfoil.capture.limits import Limits
from counterfoil.capture.reading import Reading
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import DocumentType, InvoiceLine, LineKind, Source

Value = TypeVar("Value", str, date, Decimal)

# Below this confidence a value is shown for review and never passed on by itself.
CONFIDENCE_ASSERTED = 0.7
TITLE_ROWS_MAX = 25


def read_layout(pages: Sequence[Page], source: Source, own: CompanyIdentity, limits: Limits) -> Reading:
    """Everything that the pages say about the invoice."""
    context = context_of(layout_of(pages), own)
    reading = Reading(source)
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
    _put(reading, "vendor_name", parties.vendor)
    _put(reading, "vendor_vat_id", parties.vat_id)
    _put(reading, "vendor_iban", parties.iban)
    _put(reading, "vendor_address", parties.address)
    _put(reading, "buyer_name", parties.buyer)
    net, gross = reading.amount("net_total"), reading.amount("gross_total")
    reading.lines = read_lines(context, net, gross, limits.lines_max)
    return reading


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
