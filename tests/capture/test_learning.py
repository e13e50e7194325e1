"""A layout read badly once and corrected is read right the second time; what stops helping is forgotten."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import VendorMemory, capture, learn
from counterfoil.domain.vendor_memory import LabelLesson


def an_invoice(number: str, day: str, total: str, *, number_label: str = "Zorblatt") -> bytes:
    """A page in words that no language file knows."""
    out = io.BytesIO()
    canvas = Canvas(out)
    rows = [
        ("Quibble Works Ltd", ""),
        ("1 High Street", ""),
        ("London SW1A 1AA", ""),
        ("", ""),
        ("Invoice", ""),
        (number_label, number),
        ("Invoice date", day),
        ("Consulting", total),
        ("Frumious", total),
    ]
    for place, (left, right) in enumerate(rows):
        canvas.drawString(72, 780 - 24 * place, left)
        canvas.drawString(300, 780 - 24 * place, right)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


FIRST = an_invoice("QW-1001", "2024-03-01", "£120.00")
SECOND = an_invoice("QW-1002", "2024-04-01", "£75.50")


def test_a_corrected_layout_is_read_right_the_second_time():
    before = capture(SECOND, "b.pdf")
    assert (before.invoice_number, before.gross_total) != ("QW-1002", Decimal("75.50"))
    corrected = capture(FIRST, "a.pdf").model_copy(
        update={"invoice_number": "QW-1001", "gross_total": Decimal("120.00"), "net_total": Decimal("120.00")}
    )

    memory = learn(FIRST, corrected, VendorMemory())
    after = capture(SECOND, "b.pdf", memory=memory)

    assert after.invoice_number == "QW-1002"
    assert after.gross_total == Decimal("75.50")
    assert {"invoice_number", "gross_total"} & set(after.needs_review) == set()


def test_a_corrected_vendor_name_is_used_the_next_time():
    captured = capture(FIRST, "a.pdf")
    corrected = captured.model_copy(update={"vendor_name": "Quibble Works (London) Limited"})

    memory = learn(FIRST, corrected, VendorMemory())

    assert capture(SECOND, "b.pdf", memory=memory).vendor_name == "Quibble Works (London) Limited"


def test_a_confirmed_lesson_counts_a_hit():
    memory = VendorMemory(labels=(LabelLesson(field="invoice_number", label="zorblatt"),))
    captured = capture(SECOND, "b.pdf", memory=memory)

    [lesson] = learn(SECOND, captured, memory).labels

    assert (lesson.hits, lesson.misses) == (1, 0)


@pytest.mark.parametrize(
    ("hits", "misses", "is_kept"),
    [
        pytest.param(0, 0, True, id="the first miss is forgiven"),
        pytest.param(0, 1, False, id="the second miss of a lesson that never helped"),
        pytest.param(5, 1, True, id="a second miss of one that mostly helps"),
    ],
)
def test_a_lesson_that_stops_helping_is_forgotten(hits, misses, is_kept):
    wrong = LabelLesson(field="issue_date", label="zorblatt", hits=hits, misses=misses)
    document = an_invoice("2023-01-01", "2024-04-01", "£75.50")
    captured = capture(document, "b.pdf", memory=VendorMemory(labels=(wrong,)))
    corrected = captured.model_copy(update={"issue_date": date(2025, 5, 5)})

    memory = learn(document, corrected, VendorMemory(labels=(wrong,)))

    assert (wrong.label in [lesson.label for lesson in memory.labels]) == is_kept


def test_structured_documents_teach_nothing():
    memory = VendorMemory()
    captured = capture(FIRST, "a.pdf")

    assert learn(b"<Invoice/>", captured, memory) == memory
