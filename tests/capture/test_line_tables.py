"""Line tables in many styles: hundreds of drawn invoices with known lines, and single rules by example."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from counterfoil.capture.document import read_document
from counterfoil.capture.limits import Limits
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine
from tests.capture.line_tables import POLISH, Line, TableDocument, a_table_document

SEEDS = range(1000, 1150)
# Shares that every change must keep: of lines right, of documents with all lines right and none besides, and of
# documents whose lines are asserted although one is wrong.
LINES_RIGHT_MIN = 0.96
DOCUMENTS_RIGHT_MIN = 0.93
WRONGLY_ASSERTED_MAX = 0.03


@dataclass(frozen=True)
class Read:
    """One drawn document, what was captured of it, and which of its lines were right."""

    document: TableDocument
    captured: CapturedInvoice
    right: int

    @property
    def is_whole(self) -> bool:
        return self.right == len(self.document.lines) == len(self.captured.lines)

    @property
    def is_asserted(self) -> bool:
        return "lines" not in self.captured.needs_review


@pytest.fixture(scope="module")
def reads() -> list[Read]:
    return list(_reads())


def test_nearly_all_lines_of_drawn_tables_are_right(reads):
    lines = sum(len(read.document.lines) for read in reads)
    right = sum(read.right for read in reads)

    assert right >= LINES_RIGHT_MIN * lines
    assert sum(read.is_whole for read in reads) >= DOCUMENTS_RIGHT_MIN * len(reads)


def test_lines_are_seldom_asserted_when_one_is_wrong(reads):
    wrong = [read for read in reads if read.is_asserted and not read.is_whole]

    assert len(wrong) <= WRONGLY_ASSERTED_MAX * len(reads)


def test_asserted_amounts_make_a_printed_total(reads):
    for read in reads:
        if read.is_asserted and read.captured.lines:
            total = sum((line.amount or Decimal(0) for line in read.captured.lines), Decimal(0))
            totals = (read.captured.net_total, read.captured.gross_total)
            assert any(abs(total - printed) <= Decimal("0.10") for printed in totals if printed is not None)


def _reads() -> Iterator[Read]:
    for seed in SEEDS:
        document = a_table_document(seed)
        captured = read_document(document.content, CompanyIdentity(), Limits())
        left = list(captured.lines)
        right = 0
        for line in document.lines:
            found = next((other for other in left if _is_right(document, line, other)), None)
            if found is not None:
                left.remove(found)
                right += 1
        yield Read(document, captured, right)


def _is_right(document: TableDocument, line: Line, read: InvoiceLine) -> bool:
    name = line.description.translate(POLISH) if document.style.language == "pl" else line.description
    return (
        _folded(name) == _folded(read.description)
        and line.amount == read.amount
        and line.quantity in (None, read.quantity)
        and line.unit_price in (None, read.unit_price)
    )


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
