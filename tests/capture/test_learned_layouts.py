"""Layouts read badly once and corrected are read right the second time: places without labels, heads, names as pictures.

What was taught is used only where it fits, and forgotten when it stops helping.
"""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from email.message import EmailMessage

import pytest
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import VendorMemory, capture, learn
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine
from counterfoil.domain.vendor_memory import (
    Anchor,
    ColumnLesson,
    CurrencyLesson,
    DayOrderLesson,
    NameLesson,
    PlaceLesson,
)

WIDTH, HEIGHT = 595.28, 841.89
SENDER = ("Quibble Works Ltd", "1 High Street", "London SW1A 1AA")
RECEIVER = ("Bill to:", "Northwind Ltd", "2 Low Street", "Leeds LS1 2AB")

Text = tuple[float, float, str]


def a_page(*texts: Text, size: tuple[float, float] = (WIDTH, HEIGHT)) -> bytes:
    """Texts at points from the left and the top; a negative left is how far the right end is from the left edge."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size)
    canvas.setFont("Helvetica", 10)
    for left, top, text in texts:
        (canvas.drawRightString if left < 0 else canvas.drawString)(abs(left), size[1] - top, text)
    canvas.save()
    return out.getvalue()


def parties(down: float = 0.0) -> list[Text]:
    return [
        *((72.0, 60.0 + 14 * row, text) for row, text in enumerate(SENDER)),
        *((72.0, 140.0 + down + 14 * row, text) for row, text in enumerate(RECEIVER)),
    ]


def totals(amount: str, top: float) -> list[Text]:
    return [
        (72, top, "Consulting"), (-520, top, amount), (72, top + 40, "Total USD"), (-520, top + 40, amount),
    ]  # fmt: skip


def without_label(number: str, day: str, amount: str, *, aside: float = 400.0, down: float = 0.0, top=320.0) -> bytes:
    """Number and date stand alone at the right, level with the receiver."""
    return a_page(
        *parties(down),
        (400, 60, "Remittance slip"),
        (aside, 140 + down, number),
        (400, 154 + down, day),
        (72, 260 + down, "Thank you for your business"),
        *totals(amount, top + down),
    )


def same_labels(account: str, number: str, amount: str) -> bytes:
    """Two numbers under one label, of which the second is the invoice's."""
    return a_page(
        *parties(),
        (400, 60, "Invoice"),
        (300, 230, f"Invoice no: {account}"),
        (430, 230, f"Invoice no: {number}"),
        (72, 250, "Date: 2024-03-01"),
        *totals(amount, 320),
    )


def taught(document: bytes, **truth) -> VendorMemory:
    """What one corrected document teaches."""
    return learn(document, corrected(document, **truth), VendorMemory())


def corrected(document: bytes, memory: VendorMemory | None = None, **truth) -> CapturedInvoice:
    return capture(document, "a.pdf", memory=memory).model_copy(update=truth)


# Places


FIRST = without_label("QW/1001/A", "2024-03-01", "120.00")


def test_a_number_without_label_is_read_where_it_stood_before():
    second = without_label("QW/1002/B", "2024-04-01", "75.50", top=420)
    assert capture(FIRST, "a.pdf").invoice_number is None
    assert capture(second, "b.pdf").invoice_number is None

    after = capture(second, "b.pdf", memory=taught(FIRST, invoice_number="QW/1001/A"))

    assert after.invoice_number == "QW/1002/B"
    assert "invoice_number" not in after.needs_review
    assert after.evidence["invoice_number"].box is not None


def test_of_two_numbers_with_one_label_the_taught_one_is_read():
    first, second = same_labels("70001", "80001", "120.00"), same_labels("70019", "80002", "75.50")
    assert capture(second, "b.pdf").invoice_number != "80002"

    memory = taught(first, invoice_number="80001")
    after = capture(second, "b.pdf", memory=memory)

    assert after.invoice_number == "80002" and "invoice_number" not in after.needs_review
    assert memory.labels == () and memory.places[0].overrules


def test_a_value_moves_with_the_texts_around_it():
    memory = taught(FIRST, invoice_number="QW/1001/A")

    after = capture(without_label("QW/1002/B", "2024-04-01", "75.50", down=40), "b.pdf", memory=memory)

    assert after.invoice_number == "QW/1002/B"


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        pytest.param("due_date", date(2024, 3, 31), date(2024, 12, 3), id="a date"),
        pytest.param("po_number", "PO-88", "PO-1289", id="an order's number"),
    ],
)
def test_other_fields_are_taught_by_their_place_as_well(field, first, second):
    def document(value: object, number: str) -> bytes:
        shown = f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)
        labelled = [(400.0, 80.0, f"Invoice no: {number}"), (400.0, 95.0, "Invoice date: 2024-03-01")]
        return a_page(
            *parties(), *labelled, (420, 230, shown), (72, 230, "Delivered to your door"), *totals("9.00", 320)
        )

    one, other = document(first, "A-1"), document(second, "A-2")
    assert getattr(capture(other, "b.pdf"), field) != second

    after = capture(other, "b.pdf", memory=taught(one, **{field: first}))

    assert getattr(after, field) == second and field not in after.needs_review


def test_a_total_without_label_is_taught_by_its_place():
    def document(number: str, amount: str, deposit: str) -> bytes:
        return a_page(
            *parties(),
            (400, 80, f"Invoice no: {number}"),
            (400, 95, "Date: 2024-03-01"),
            (72, 300, "Consulting"),
            (72, 400, "Grumbold"),
            (-400, 430, deposit),
            (-520, 430, amount),
            (72, 500, "Paid by standing order"),
        )

    one, other = document("A-1", "120.00", "500.00"), document("A-2", "1,075.50", "600.00")
    assert capture(other, "b.pdf").gross_total != Decimal("1075.50")

    after = capture(other, "b.pdf", memory=taught(one, gross_total=Decimal("120.00")))

    assert after.gross_total == Decimal("1075.50")


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(without_label("due soon", "2024-04-01", "75.50"), id="another form"),
        pytest.param(without_label("QW/1002345/B", "2024-04-01", "75.50"), id="longer by more than a sign or two"),
        pytest.param(without_label("QW/1002/B", "2024-04-01", "75.50", aside=300), id="another place"),
        pytest.param(without_label("", "2024-04-01", "75.50"), id="nothing there"),
        pytest.param(
            a_page(
                (400, 140, "QW/1002/B"), (400, 154, "2024-04-01"), (72, 260, "A letter in other words"), (72, 300, "Sum"), (-520, 300, "75.50")
            ),
            id="none of the texts around it",
        ),
        pytest.param(
            a_page(
                *parties(30), (400, 60, "Remittance slip"), (400, 140, "QW/1002/B"), (400, 200, "2024-04-01"), *totals("1.00", 320)
            ),
            id="texts that disagree about the place",
        ),
    ],
)  # fmt: skip
def test_where_place_or_form_do_not_fit_nothing_is_taken(second):
    after = capture(second, "b.pdf", memory=taught(FIRST, invoice_number="QW/1001/A"))

    assert after.invoice_number is None
    assert "invoice_number" in after.needs_review


def test_a_sure_label_of_a_later_document_goes_before_a_place_that_had_none():
    memory = taught(FIRST, invoice_number="QW/1001/A")
    labelled = a_page(
        *parties(),
        (400, 60, "Remittance slip"),
        (400, 100, "Invoice number: 55512"),
        (400, 140, "CU/9999/X"),
        (400, 154, "2024-04-01"),
        *totals("75.50", 320),
    )

    assert capture(labelled, "b.pdf", memory=memory).invoice_number == "55512"


def test_on_a_page_without_other_texts_the_page_s_corner_tells_the_place():
    def document(number: str, size: tuple[float, float] = (WIDTH, HEIGHT)) -> bytes:
        day_and_total = (
            (72, 60, "2024-03-01"),
            (-520, 300, "USD 120.00"),
            (72, 330, "17 + 4 = 21 and 30 + 5 = 35 or 99"),
        )
        return a_page((400, 140, number), *day_and_total, size=size)

    memory = taught(document("QW/1001/A"), invoice_number="QW/1001/A", gross_total=Decimal("120.00"))

    assert memory.places[0].anchors[0].text == "@595x842"
    assert capture(document("QW/1002/B"), "b.pdf", memory=memory).invoice_number == "QW/1002/B"
    assert capture(document("QW/1002/B", (612, 792)), "b.pdf", memory=memory).invoice_number is None


def test_a_label_of_a_party_is_not_taught_to_mean_something_else():
    memory = taught(FIRST, invoice_number="QW/1001/A")

    assert memory.labels == ()
    assert capture(FIRST, "a.pdf", memory=memory).buyer_name == "Northwind Ltd"


def test_a_value_that_is_not_on_the_page_teaches_nothing():
    assert taught(FIRST, invoice_number="ELSEWHERE-1") == VendorMemory()


# Columns


def with_table(
    number: str, heads: tuple[str, ...], *rows: tuple[str, str, str, str]
) -> tuple[bytes, tuple[InvoiceLine, ...]]:
    """A table of five columns, site, description, quantity, price and amount; and its lines."""
    places = (72, 180, -360, -440, -520)
    texts: list[Text] = [
        *parties(),
        (400, 60, "Invoice"),
        (400, 80, f"Invoice no: {number}"),
        (400, 95, "Date: 2024-03-01"),
    ]
    texts += [(place, 230, head) for place, head in zip(places, heads, strict=True)]
    lines, total = [], Decimal(0)
    for count, (site, description, quantity, price) in enumerate(rows, 1):
        amount = Decimal(quantity) * Decimal(price)
        total += amount
        cells = (site, description, quantity, price, str(amount))
        texts += [(place, 230 + 16 * count, cell) for place, cell in zip(places, cells, strict=True)]
        lines.append(
            InvoiceLine(
                line=count,
                description=description,
                quantity=Decimal(quantity),
                unit_price=Decimal(price),
                amount=amount,
            )
        )
    texts += [(400, 270 + 16 * len(rows), "Total"), (-520, 270 + 16 * len(rows), f"{total}")]
    return a_page(*texts), tuple(lines)


def read_lines(captured: CapturedInvoice) -> list[tuple]:
    return [(line.description, line.quantity, line.unit_price, line.amount) for line in captured.lines]


ROWS = (
    ("Harbour", "Blue widget", "2", "5.00"),
    ("Harbour", "Red widget", "3", "4.00"),
    ("Station", "Green thing", "10", "0.50"),
)
LATER_ROWS = (("Harbour", "Yellow widget", "4", "2.50"), ("Mill", "Pink thing", "6", "3.00"))


@pytest.mark.parametrize(
    "heads",
    [
        pytest.param(("Zork", "Frobnicate", "Blicket", "Zond", "Dax"), id="no head known"),
        pytest.param(("Zork", "Frobnicate", "Qty", "Price", "Amount"), id="the description's unknown"),
        pytest.param(("Item", "Frobnicate", "Qty", "Price", "Amount"), id="another column's head misunderstood"),
    ],
)
def test_a_head_that_no_language_knows_is_learned_from_corrected_lines(heads):
    (first, lines), (second, wanted) = with_table("A-1", heads, *ROWS), with_table("A-2", heads, *LATER_ROWS)
    expected = [(line.description, line.quantity, line.unit_price, line.amount) for line in wanted]
    assert read_lines(capture(second, "b.pdf")) != expected

    memory = taught(first, lines=lines)
    after = capture(second, "b.pdf", memory=memory)

    assert ("frobnicate", "description") in [(lesson.head, lesson.column) for lesson in memory.columns]
    assert read_lines(after) == expected
    assert "lines" not in after.needs_review


def test_lines_that_were_read_right_teach_no_heads():
    document, lines = with_table("A-1", ("Site", "Description", "Qty", "Price", "Amount"), *ROWS)

    assert taught(document, lines=capture(document, "a.pdf").lines).columns == ()
    assert taught(document, lines=lines).columns == ()


def test_lines_that_are_not_on_the_page_teach_no_heads():
    document, lines = with_table("A-1", ("Zork", "Frobnicate", "Blicket", "Zond", "Dax"), *ROWS)
    others = tuple(line.model_copy(update={"amount": Decimal("777.00")}) for line in lines)

    assert taught(document, lines=others).columns == ()


# Names


def no_name(number: str, amount: str) -> bytes:
    """The sender's name is a picture; its tax id tells who it is."""
    texts = [text for text in parties() if text[2] not in SENDER]
    numbers = [
        (400.0, 80.0, f"Invoice no: {number}"),
        (400.0, 95.0, "Date: 2024-03-01"),
        (72.0, 60.0, "VAT no: GB999999973"),
    ]
    return a_page(*texts, *numbers, *totals(amount, 320))


def test_a_name_that_is_a_picture_is_known_the_next_time():
    first, second = no_name("A-1", "120.00"), no_name("A-2", "75.50")
    assert capture(second, "b.pdf").vendor_name is None

    memory = taught(first, vendor_name="Quibble Works Ltd")
    after = capture(second, "b.pdf", memory=memory)

    assert memory.names == (NameLesson(printed="", name="Quibble Works Ltd"),)
    assert after.vendor_name == "Quibble Works Ltd" and "vendor_name" not in after.needs_review


def test_a_printed_name_goes_before_the_one_that_stands_for_nothing():
    memory = VendorMemory(names=(NameLesson(printed="", name="Somebody Else Ltd"),))
    document = a_page(*parties(), (400, 80, "Invoice no: A-1"), (400, 95, "Date: 2024-03-01"), *totals("1.00", 320))

    assert capture(document, "a.pdf", memory=memory).vendor_name == "Quibble Works Ltd"


# Mail


def test_a_document_that_came_by_mail_teaches_as_well():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ap@quibble.example", "in@own.example", "Invoice"
    message.set_content("Please find our invoice attached.")
    message.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="details.csv")
    message.add_attachment(FIRST, maintype="application", subtype="pdf", filename="a.pdf")
    second = without_label("QW/1002/B", "2024-04-01", "75.50")

    memory = taught(message.as_bytes(), invoice_number="QW/1001/A")

    assert capture(second, "b.pdf", memory=memory).invoice_number == "QW/1002/B"


# Forgetting


def a_wrong_place(hits: int = 0, misses: int = 0) -> PlaceLesson:
    """It takes the order's number for the invoice's."""
    [lesson] = taught(FIRST, invoice_number="QW/1001/A").places
    return lesson.model_copy(update={"hits": hits, "misses": misses})


@pytest.mark.parametrize(
    ("hits", "misses", "is_kept"),
    [
        pytest.param(0, 0, True, id="the first miss is forgiven"),
        pytest.param(0, 1, False, id="the second miss of a lesson that never helped"),
        pytest.param(5, 1, True, id="a second miss of one that mostly helps"),
    ],
)
def test_a_place_that_stops_helping_is_forgotten(hits, misses, is_kept):
    wrong = a_wrong_place(hits, misses)
    memory = VendorMemory(places=(wrong,))
    truth = corrected(FIRST, memory, invoice_number="not on the page")

    after = learn(FIRST, truth, memory).places

    assert [(one.anchors, one.misses) for one in after] == ([(wrong.anchors, misses + 1)] if is_kept else [])


def test_a_place_that_helped_counts_a_hit():
    memory = VendorMemory(places=(a_wrong_place(),))

    [lesson] = learn(FIRST, corrected(FIRST, memory), memory).places

    assert (lesson.hits, lesson.misses) == (1, 0)


def test_what_had_no_say_is_not_judged():
    lesson = a_wrong_place().model_copy(update={"form": "999"})
    memory = VendorMemory(places=(lesson,), columns=(ColumnLesson(head="frobnicate", column="amount"),))

    after = learn(FIRST, corrected(FIRST, memory, invoice_number="not on the page"), memory)

    assert after == memory


def test_a_head_that_stops_helping_is_forgotten():
    heads = ("Item", "Frobnicate", "Qty", "Price", "Amount")
    document, lines = with_table("A-1", heads, *ROWS)
    wrong = ColumnLesson(head="qty", column="item_code", misses=1)
    memory = VendorMemory(columns=(wrong,))

    after = learn(document, corrected(document, memory, lines=lines), memory)

    assert "qty" not in {lesson.head for lesson in after.columns}
    assert read_lines(capture(document, "a.pdf", memory=after)) == [
        (line.description, line.quantity, line.unit_price, line.amount) for line in lines
    ]


def test_lessons_are_data_that_can_be_stored():
    anchor = Anchor(text="invoice", left=Decimal("1.5"), right=Decimal("9.0"), down=Decimal("-3.0"))
    memory = VendorMemory(
        places=(PlaceLesson(field="invoice_number", form="A-9", length=7, anchors=(anchor,)),),
        columns=(ColumnLesson(head="dax", column="amount"),),
        names=(NameLesson(printed="", name="Acme"),),
    )

    assert VendorMemory.model_validate_json(memory.model_dump_json()) == memory


# Dates that may be read both ways, and what was only in doubt


def dated(number: str, day: str) -> bytes:
    rows = [(400.0, 80.0, f"Invoice no: {number}"), (400.0, 95.0, f"Date: {day}")]
    return a_page(
        *parties(), *rows, (72, 320, "Consulting"), (-520, 320, "90.00"), (72, 360, "Total"), (-520, 360, "90.00")
    )


@pytest.mark.parametrize(
    ("truth", "second"),
    [
        pytest.param(date(2024, 4, 3), date(2024, 6, 5), id="the day first"),
        pytest.param(date(2024, 3, 4), date(2024, 5, 6), id="the month first"),
    ],
)
def test_the_order_of_day_and_month_is_a_vendors_custom(truth, second):
    first, later = dated("A-1", "03/04/2024"), dated("A-2", "05/06/2024")
    assert "issue_date" in capture(later, "b.pdf").needs_review

    memory = taught(first, issue_date=truth, confirmed=("issue_date",))
    after = capture(later, "b.pdf", memory=memory)

    assert after.issue_date == second and "issue_date" not in after.needs_review


def test_a_document_that_shows_its_order_is_read_by_that():
    memory = taught(dated("A-1", "03/04/2024"), issue_date=date(2024, 4, 3), confirmed=("issue_date",))

    assert capture(dated("A-2", "05/26/2024"), "b.pdf", memory=memory).issue_date == date(2024, 5, 26)


def test_an_order_of_day_and_month_that_stops_helping_is_forgotten():
    document = dated("A-1", "03/04/2024")
    memory = VendorMemory(day_order=DayOrderLesson(day_first=True, misses=1))

    after = learn(document, corrected(document, memory, issue_date=date(2024, 3, 4)), memory)

    assert after.day_order == DayOrderLesson(day_first=False)


def test_what_was_in_doubt_and_is_confirmed_is_asserted_the_next_time():
    def document(number: str) -> bytes:
        rows = [
            (400.0, 80.0, "Invoice"),
            (400.0, 95.0, "Date: 2024-03-01"),
            (400.0, 110.0, f"Your reference: {number}"),
        ]
        return a_page(*parties(), *rows, *totals("9.00", 320))

    first, second = document("PO-1001"), document("PO-1002")
    before = capture(second, "b.pdf")
    assert before.po_number == "PO-1002" and "po_number" in before.needs_review

    after = capture(second, "b.pdf", memory=taught(first, confirmed=("po_number",)))

    assert after.po_number == "PO-1002" and "po_number" not in after.needs_review


def test_what_was_in_doubt_and_not_looked_at_teaches_nothing():
    assert taught(dated("A-1", "03/04/2024")) == VendorMemory()


# Currencies


def priced(number: str, amount: str) -> bytes:
    rows = [(400.0, 80.0, f"Invoice no: {number}"), (400.0, 95.0, "Date: 2024-03-01")]
    return a_page(
        *parties(), *rows, (72, 320, "Consulting"), (-520, 320, amount), (72, 360, "Total"), (-520, 360, amount)
    )


@pytest.mark.parametrize("sign", ["", "$"], ids=["no currency printed", "a sign that many share"])
def test_a_vendor_bills_in_its_usual_currency(sign):
    first, second = priced("A-1", f"{sign}90.00"), priced("A-2", f"{sign}75.50")
    assert capture(second, "b.pdf").currency != "CAD"

    after = capture(second, "b.pdf", memory=taught(first, currency="CAD"))

    assert after.currency == "CAD" and "currency" not in after.needs_review


@pytest.mark.parametrize(
    ("printed", "currency"),
    [
        pytest.param("USD 75.50", "USD", id="a code"),
        pytest.param("US$75.50", "USD", id="a sign with its country"),
        pytest.param("€75.50", "EUR", id="another sign"),
        pytest.param("75.50 GBP", "GBP", id="a code behind"),
    ],
)
def test_a_printed_currency_goes_before_the_usual_one(printed, currency):
    memory = taught(priced("A-1", "$90.00"), currency="CAD")

    assert capture(priced("A-2", printed), "b.pdf", memory=memory).currency == currency


def test_a_sign_is_no_currency_that_is_not_written_with_it():
    memory = taught(priced("A-1", "90.00"), currency="EUR")

    assert capture(priced("A-2", "$75.50"), "b.pdf", memory=memory).currency == "USD"


def test_a_usual_currency_that_stops_helping_is_forgotten():
    document = priced("A-1", "$90.00")
    memory = VendorMemory(currency=CurrencyLesson(currency="CAD", misses=1))

    after = learn(document, corrected(document, memory, currency="AUD"), memory)

    assert after.currency == CurrencyLesson(currency="AUD")
