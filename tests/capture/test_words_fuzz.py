"""Words at any place, as a service or a hostile file gives them: read or refused, never a crash, never quadratic time."""

from __future__ import annotations

import io
import math
import random
import time
from decimal import Decimal

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from counterfoil.capture import capture
from counterfoil.capture.checks import check
from counterfoil.capture.errors import CaptureError
from counterfoil.capture.layout.page_context import context_of
from counterfoil.capture.layout.reader import read_context, read_layout
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Page, Word, layout_of
from counterfoil.capture.learning import LEARNED, TaughtReading, learned
from counterfoil.capture.limits import Limits
from counterfoil.capture.recognised import RecognisedField, RecognisedPage, RecognisedWord, weigh
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice, Source
from counterfoil.domain.vendor_memory import (
    Anchor,
    ColumnLesson,
    CurrencyLesson,
    DayOrderLesson,
    LabelLesson,
    PlaceLesson,
    VendorMemory,
)
from counterfoil.textract import FIELDS, page_of_reply
from tests.test_textract import a_field, a_reply

OWN = CompanyIdentity(names=("Own Company Ltd",), tax_ids=("GB999999973",), order_patterns=(r"PO-\d+",))
# What makes readers look closer: labels, heads, numbers, dates, ids, names, and signs by themselves.
TELLING = (
    "Invoice", "Invoice No.:", "Rechnung", "Nr.", "Date", "Due", "Total", "Subtotal", "VAT", "19", "%", "Net", "Bill to",
    "From", "Description", "Qty", "Price", "Amount", "Unit", "12.00", "1.234,56", "3", "-5.00", "€", "USD", "2024-03-01",
    "01/02/2024", "March", "DE136695976", "GB29NWBK60161331926819", "PO-17", "Acme", "GmbH", "Ltd", "www.acme.com", "a@b.de",
    "Street", "12345", "CASH", "CHANGE", "TOTAL", "ROUNDING", "0.01", "Own", "Company", "carried", "forward", ":", "-", "#", "(", "|",
)  # fmt: skip
TEXTS = st.sampled_from(TELLING) | st.text(min_size=1, max_size=12)
PLACES = st.floats(-0.2, 1.2) | st.sampled_from((0.0, 0.1, 0.5, 1.0, -1e300, 1e300, 5e-324))
SIZES = st.floats(-0.1, 0.3) | st.sampled_from((0.0, 0.012, 0.012, 0.012, 1e-12, 1e300))


@st.composite
def words(draw) -> RecognisedWord:
    x0, y0, width, height = draw(PLACES), draw(PLACES), draw(SIZES), draw(SIZES)
    return RecognisedWord(text=draw(TEXTS), x0=x0, y0=y0, x1=x0 + width, y1=y0 + height)


@st.composite
def rows_of_words(draw) -> list[RecognisedWord]:
    """Words as pages have them, in rows on a grid, with some thrown in anywhere."""
    found = []
    for row in range(draw(st.integers(1, 12))):
        for column in draw(st.sets(st.integers(0, 7), min_size=1)):
            x0, y0 = 0.05 + column * 0.12, 0.05 + row * draw(st.sampled_from((0.004, 0.015, 0.03)))
            found.append(RecognisedWord(text=draw(TEXTS), x0=x0, y0=y0, x1=x0 + 0.07, y1=y0 + 0.012))
    return [*found, *draw(st.lists(words(), max_size=5))]


def read(pages: list[Page], source: Source = Source.OCR) -> CapturedInvoice | None:
    """The captured record, which validates itself; None where there is nothing to read."""
    if not any(page.words for page in pages):
        return None
    reading = read_layout(pages, source, OWN, Limits())
    try:
        check(reading)
    except CaptureError:
        return None
    return reading.captured()


def page_of(found: list[RecognisedWord], width: float = 595.0, height: float = 842.0) -> Page:
    return RecognisedPage(document="d", number=1, width=width, height=height, words=tuple(found)).page()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(words(), max_size=60))
def test_words_anywhere_are_read_or_left_out(found):
    captured = read([page_of(found)])

    for evidence in captured.evidence.values() if captured else ():
        assert 0 <= evidence.confidence <= 1
        assert evidence.box is None or all(side.is_finite() for side in evidence.box)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(rows_of_words(), st.sampled_from([(595.0, 842.0), (200.0, 842.0), (1.0, 1.0), (100_000.0, 1.0)]))
def test_rows_of_telling_words_are_read(found, size):
    read([page_of(found, *size)])


@pytest.mark.parametrize("side", ["x0", "y0", "x1", "y1"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_word_at_no_number_is_refused(side, value):
    places = {"x0": 0.1, "y0": 0.1, "x1": 0.2, "y1": 0.2} | {side: value}

    with pytest.raises(ValidationError):
        RecognisedWord(text="Total", **places)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((0.1, 0.1, 0.1, 0.2), id="no width"),
        pytest.param((0.1, 0.1, 0.2, 0.1), id="no height"),
        pytest.param((0.2, 0.1, 0.1, 0.2), id="inside out"),
        pytest.param((1.2, 0.1, 1.3, 0.2), id="right of the page"),
        pytest.param((0.1, -9.0, 0.2, -8.0), id="above the page"),
        pytest.param((-0.2, -0.2, 5.0, 5.0), id="larger than the page"),
    ],
)
def test_a_word_that_is_nowhere_on_the_page_is_left_out(box):
    assert page_of([RecognisedWord(text="Total", **dict(zip(("x0", "y0", "x1", "y1"), box, strict=True)))]).words == []


# With what was taught

POINTS = st.decimals(-900, 900, places=1)
KEYS = st.sampled_from([*sorted({squeeze(text) for text in TELLING}), "@595x842"])
MEMORIES = st.builds(
    VendorMemory,
    labels=st.lists(st.builds(LabelLesson, field=st.sampled_from(LEARNED), label=KEYS), max_size=4).map(tuple),
    places=st.lists(
        st.builds(
            PlaceLesson,
            field=st.sampled_from(LEARNED),
            form=st.sampled_from(("A-9", "9", "date", "amount", "A", "")),
            length=st.integers(0, 12),
            anchors=st.lists(
                st.builds(Anchor, text=KEYS, left=POINTS, right=POINTS, down=st.decimals(-30, 30, places=1)), max_size=3
            ).map(tuple),
            overrules=st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
    columns=st.lists(
        st.builds(ColumnLesson, head=KEYS, column=st.sampled_from(("quantity", "unit_price", "amount", "description"))),
        max_size=4,
    ).map(tuple),
    day_order=st.none() | st.builds(DayOrderLesson, day_first=st.booleans()),
    currency=st.none() | st.builds(CurrencyLesson, currency=st.sampled_from(("USD", "CAD", "EUR"))),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    rows_of_words(),
    MEMORIES,
    st.fixed_dictionaries(
        {},
        optional={
            "invoice_number": st.sampled_from(TELLING),
            "issue_date": st.dates(),
            "gross_total": st.decimals(-100, 100, places=2),
            "currency": st.sampled_from(("USD", "EUR")),
            "confirmed": st.just(("po_number", "issue_date")),
        },
    ),
)
def test_whatever_was_taught_is_used_where_it_fits_and_learning_goes_on(found, memory, truth):
    page = page_of(found)
    if not page.words:
        return
    layout = layout_of([page])

    def read_taught(taught: VendorMemory) -> TaughtReading:
        context = context_of(layout, OWN, taught)
        reading = read_context(context, Source.TEXT_LAYER, Limits())
        check(reading)
        return TaughtReading(context, reading.captured())

    captured = read_taught(memory).captured
    after = learned(read_taught, captured.model_copy(update=truth), memory)

    assert VendorMemory.model_validate_json(after.model_dump_json()) == after
    assert read_taught(after).captured


# Time

LETTER = 5.0
FEW, MANY = 1_500, 4_500
# Three times the words may take this many times as long; a quadratic reader takes nine times.
GROWTH_MAX = 6.0
# Seconds below which a busy machine measures itself.
NOTHING = 0.1
ARRANGEMENTS = {
    "all in one place": lambda place: (100.0, 100.0),
    "in one row": lambda place: (place * 30.0, 100.0),
    "in one column": lambda place: (50.0, place * 12.0),
    "on a grid": lambda place: (place % 8 * 70.0, place // 8 * 12.0),
    "down a stair": lambda place: (place * 2.0, place * 3.0),
}
KINDS = {
    "labels": ("Invoice", "No.:", "Total", "Date", "VAT", "Order", "Subtotal", "Tax", "Due", "Bill", "to"),
    "heads": ("Description", "Qty", "Price", "Amount", "Unit", "Item"),
    "names": ("Acme", "Ltd", "GmbH", "Street", "12345", "www.acme.com", "Bill", "to", "From"),
    "dates and amounts": ("2024-03-01", "01/02/2024", "12.00", "3", "1,234.56", "€", "10%"),
    "everything": TELLING,
}


def seconds(kind: str, arrangement: str, count: int) -> float:
    chance = random.Random(1)
    found = []
    for place in range(count):
        text, (x, y) = chance.choice(KINDS[kind]), ARRANGEMENTS[arrangement](place)
        found.append(Word(text, 1, x, y, x + len(text) * LETTER, y + 2 * LETTER))
    started = time.process_time()
    read([Page(1, 595.0, 842.0, found)], Source.TEXT_LAYER)
    return time.process_time() - started


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_time_grows_with_the_words_and_not_with_their_square(kind, arrangement):
    few = max(seconds(kind, arrangement, FEW), NOTHING)

    assert seconds(kind, arrangement, MANY) < GROWTH_MAX * few


# Pages of impossible sizes

ROWS = ("Acme Paper Ltd", "Invoice number: 17", "Date: 2024-03-01", "Total USD 50.00", "Thank you for your order")


def drawn(operators: str, box: tuple[float, ...] = (0, 0, 595, 842)) -> bytes:
    """A page with these rows and something else drawn on it."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        rows = "".join(f"({row}) Tj 0 -20 Td " for row in ROWS)
        pdf.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
        pdf.pages[0].Contents = pdf.make_stream(f"BT /F1 10 Tf 72 700 Td {rows} ET {operators}".encode())
        pdf.pages[0].MediaBox = pikepdf.Array(list(map(float, box)))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(drawn("BT /F1 10 Tf 3e38 0 0 10 72 500 Tm (Total 9.00) Tj ET"), id="letters as wide as can be"),
        pytest.param(drawn("BT /F1 1e38 Tf 72 500 Td (Total 9.00) Tj ET"), id="letters as high as can be"),
        pytest.param(drawn("BT /F1 10 Tf 1e38 Tc 72 500 Td (Total 9.00) Tj ET"), id="letters as far apart as can be"),
        pytest.param(drawn("BT /F1 10 Tf 1e38 Tz 72 500 Td (Total 9.00) Tj ET"), id="letters stretched"),
        pytest.param(drawn("BT /F1 10 Tf 0 0 0 0 72 500 Tm (Total 9.00) Tj ET"), id="letters of no size"),
        pytest.param(drawn("BT /F1 -10 Tf 72 500 Td (Total 9.00) Tj ET"), id="letters of less than no size"),
        pytest.param(drawn("", (0, 0, 1e30, 1e30)), id="a page without end"),
        pytest.param(drawn("", (0, 0, 0, 0)), id="a page of no size"),
        pytest.param(drawn("", (595, 842, 0, 0)), id="a page turned inside out"),
        pytest.param(drawn("", (-1e38, -1e38, 1e38, 1e38)), id="a page in all directions"),
    ],
)
def test_a_page_of_impossible_sizes_is_read_and_asserts_no_total_of_it(content):
    captured = capture(content, "a.pdf")

    assert captured.invoice_number == "17"
    assert captured.gross_total == Decimal("50.00") or "gross_total" in captured.needs_review
    assert all(side.is_finite() for found in captured.evidence.values() for side in found.box or ())


# Replies of a service


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.builds(
            RecognisedField,
            name=st.sampled_from(sorted(set(FIELDS.values()))),
            text=st.text(max_size=30) | st.sampled_from((*TELLING, "9" * 500, "1e999", "-0.00", "99/99/9999", "٣٤٥")),
            confidence=st.decimals(0, 1, places=2),
        ),
        max_size=8,
    ),
    rows_of_words(),
)
def test_fields_of_any_text_are_weighed(fields, found):
    page = page_of(found)
    if not page.words:
        return
    context = context_of(layout_of([page]), OWN)
    reading = read_context(context, Source.OCR, Limits())

    weigh(reading, fields, context)

    check(reading)
    captured = reading.captured()
    assert CapturedInvoice.model_validate_json(captured.model_dump_json()) == captured


def anything_for(value: object):
    """Something of another type, or of the same and useless."""
    return st.sampled_from(
        [None, "", "x" * 10_000, "\ud800", 0, -1, 7, math.nan, math.inf, 10**400, True, [], {}, [None], ["a"], {"a": 1}]
    )


def spots(value, path=()):
    """Every place inside a reply that can be broken, by keys and indices."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:4]) if isinstance(value, list) else ()
    for key, one in items:
        yield from spots(one, (*path, key))


def broken(value, path, change):
    """A copy with something else at that place, or without it."""
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    changed = broken(copy[path[0]], path[1:], change)
    if changed is MISSING:
        del copy[path[0]]
    else:
        copy[path[0]] = changed
    return copy


MISSING = object()
REPLY = a_reply(a_field("TOTAL", "5748.82"), a_field("INVOICE_RECEIPT_DATE", "2025-12-05"))
SPOTS = [path for path in spots(REPLY) if path]


class Unread:
    """What is asked of a page here."""

    document, number, width, height = "d", 1, 595.0, 842.0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_a_reply_that_is_not_as_documented_is_read_as_far_as_it_is(data):
    reply = REPLY
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(SPOTS))
        other = data.draw(anything_for(None) | st.just(MISSING))
        try:
            reply = broken(reply, path, lambda _, other=other: other)
        except (KeyError, IndexError, TypeError):
            continue  # An earlier break took that place away.

    page = page_of_reply(reply, Unread)

    assert all(0 <= field.confidence <= 1 for field in page.fields)
    assert all(-1e7 < side < 1e7 for word in page.words for side in (word.x0, word.y0, word.x1, word.y1))
    again = RecognisedPage.model_validate_json(page.model_dump_json())
    assert again == page


@pytest.mark.parametrize("reply", [{}, {"ExpenseDocuments": None}, {"ExpenseDocuments": [{"Blocks": []}]}])
def test_an_empty_reply_is_a_page_without_words(reply):
    page = page_of_reply(reply, Unread)

    assert (page.words, page.fields) == ((), ())


def test_a_field_surer_than_can_be_is_as_sure_as_can_be():
    page = page_of_reply({"ExpenseDocuments": [{"SummaryFields": [a_field("TOTAL", "1.00", 400.0)]}]}, Unread)

    assert page.fields[0].confidence == Decimal(1)
