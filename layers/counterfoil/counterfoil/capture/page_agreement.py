"""Whether the page of a hybrid PDF says what its embedded XML says.

People read the page, machines the XML; a file whose halves differ in number, date, total or bank account is a known
fraud. The XML's value has to stand somewhere on the page; if it does not and the page names another one, they
disagree. A page that names none (a cover, a picture) is noted and proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from counterfoil.capture.identifiers import compact
from counterfoil.capture.layout.page_context import Context, context_of
from counterfoil.capture.layout.reader import CONFIDENCE_ASSERTED, read_context
from counterfoil.capture.layout.tax_ids import ibans_in
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Page, layout_of
from counterfoil.capture.limits import Limits
from counterfoil.capture.reading import FieldValue, Reading
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Check, Source

COMPARED = ("invoice_number", "issue_date", "gross_total")


def compare_with_page(reading: Reading, pages: Sequence[Page], own: CompanyIdentity, limits: Limits) -> None:
    """Append a `page_agrees_<field>` check for each compared field; a disagreement is named for review."""
    context = context_of(layout_of(pages), own)
    if not context.layout.rows:
        return
    page = read_context(context, Source.TEXT_LAYER, limits)
    for name in COMPARED:
        value = reading.values.get(name)
        if value is None:
            continue
        shown = _is_shown(context, value)
        other = page.values.get(name)
        asserted = other is not None and page.evidence[name].confidence >= Decimal(str(CONFIDENCE_ASSERTED))
        _record(reading, name, shown, asserted and other != value)
    iban = reading.values.get("vendor_iban")
    printed = ibans_in(context)
    if isinstance(iban, str):
        _record(reading, "vendor_iban", compact(iban) in printed, bool(printed))


def _record(reading: Reading, name: str, is_shown: bool, names_another: bool) -> None:
    agrees = is_shown or not names_another
    detail = "" if is_shown else "the page names another" if names_another else "not on the page"
    reading.checks.append(Check(code=f"page_agrees_{name}", ok=agrees, detail=detail))
    if not agrees:
        reading.doubt(name)


def _is_shown(context: Context, value: FieldValue) -> bool:
    if isinstance(value, Decimal):
        return any(
            abs(amount.value) == abs(value)
            for tokens in context.labelled.tokens
            for amount, _ in amounts_of(context, tokens)
        )
    if isinstance(value, date):
        return any(
            printed.value == value
            for row in context.layout.rows
            for day_first in (True, False)
            for printed in dates_in(row.text, day_first)
        )
    return squeeze(value) in squeeze("".join(row.text for row in context.layout.rows))
