"""Whether the page of a hybrid PDF says what its embedded XML says.

People read the page, machines the XML; a file whose two halves differ in number, date, total or bank account is a
known fraud. A value that the page does not show at all is noted and not held against it when the page shows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from counterfoil.capture.identifiers import compact, is_iban
from counterfoil.capture.layout.page_context import context_of
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Page, layout_of
from counterfoil.capture.reading import Reading
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Check

# A page with fewer words is a cover or a picture; it cannot disagree.
WORDS_MIN = 30
COMPARED = ("invoice_number", "issue_date", "gross_total", "vendor_iban")


def compare_with_page(reading: Reading, pages: Sequence[Page]) -> None:
    """Append a `page_agrees_<field>` check for each compared field; a disagreement is named for review."""
    if sum(len(page.words) for page in pages) < WORDS_MIN:
        reading.checks.append(Check(code="page_shows_invoice", ok=True, detail="the page has hardly any text"))
        return
    context = context_of(layout_of(pages), CompanyIdentity())
    text = squeeze("".join(row.text for row in context.layout.rows))
    numbers = {abs(amount.value) for row in context.labelled.tokens for amount, _ in amounts_of(context, row)}
    numbers |= {amount.value.copy_abs() for amount in context.amounts.values() if amount}
    for name in COMPARED:
        value = reading.values.get(name)
        if value is None:
            continue
        if isinstance(value, Decimal):
            shown = abs(value) in numbers
        elif isinstance(value, date):
            shown = any(
                printed.value == value
                for row in context.layout.rows
                for first in (True, False)
                for printed in dates_in(row.text, first)
            )
        elif name == "vendor_iban":
            shown = not is_iban(value) or compact(value).casefold() in text
        else:
            shown = squeeze(value) in text
        reading.checks.append(Check(code=f"page_agrees_{name}", ok=shown))
        if not shown:
            reading.doubt(name)
