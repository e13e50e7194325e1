"""Single rules of line tables, each by one small invoice."""

from __future__ import annotations

import io
from decimal import Decimal

from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture.document import read_document
from counterfoil.capture.limits import Limits
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice

# Where names begin, and where numbers end, in points.
NAME, QUANTITY, PRICE, AMOUNT = 125.0, 330.0, 430.0, 540.0
HEAD = ("Beschreibung", "Menge", "Einzelpreis", "Betrag")


def test_a_unit_against_the_quantity_is_read_apart():
    captured = an_invoice([HEAD, ("Kabel", "12,5m", "4,00", "50,00"), ("Stecker", "2Stk", "3,00", "6,00")], net="56,00")

    assert [(line.quantity, line.unit) for line in captured.lines] == [(Decimal("12.5"), "m"), (Decimal(2), "Stk")]
    assert "lines" not in captured.needs_review


def test_a_price_for_a_hundred_is_told_by_the_amount():
    captured = an_invoice(
        [HEAD, ("Schrauben", "400", "12,50", "50,00"), ("Dübel", "200", "8,00", "16,00")], net="66,00"
    )

    assert [line.price_base_quantity for line in captured.lines] == [100, 100]
    assert "lines" not in captured.needs_review


def test_a_discount_below_a_line_is_taken_off_its_amount():
    captured = an_invoice([HEAD, ("Regal", "1", "10,00", "10,00"), ("", "", "1,00 %", "-0,10")], net="9,90")

    [line] = captured.lines
    assert (line.unit_price, line.amount) == (10, Decimal("9.90"))
    assert "lines" not in captured.needs_review


def test_a_price_that_goes_down_in_steps_is_the_last_one():
    rows = [
        HEAD,
        ("Kaffee", "5", "20,00", "95,00"),
        ("", "", "- 1,00", ""),
        ("", "", "= 19,00", ""),
        ("Tee", "1", "3,00", "3,00"),
    ]

    captured = an_invoice(rows, net="98,00")

    assert [(line.unit_price, line.amount) for line in captured.lines] == [(19, 95), (3, 3)]
    assert "lines" not in captured.needs_review


def test_the_unit_that_a_price_is_for_is_no_part_of_the_name():
    rows = [HEAD, ("Kaffee (1 kg)", "5 kg", "19,00", "95,00"), ("Lack weiß (5 l)", "2 Stk", "3,00", "6,00")]

    captured = an_invoice(rows, net="101,00")

    assert [line.description for line in captured.lines] == ["Kaffee", "Lack weiß (5 l)"]


def test_a_price_beside_other_words_is_not_the_line_s():
    rows = [HEAD, ("Versicherung", "1", "1000,00", "1163,40"), ("Beitrag mit Steuer", "", "1163,40", "")]

    captured = an_invoice(rows, net="1163,40")

    assert captured.lines[0].unit_price == 1000


def test_a_price_printed_rounded_is_given_as_the_amount_has_it():
    captured = an_invoice([HEAD, ("Strom", "10000", "0,05", "520,00"), ("Zähler", "1", "8,00", "8,00")], net="528,00")

    assert [line.unit_price for line in captured.lines] == [Decimal("0.052"), Decimal(8)]


def test_a_quantity_that_contradicts_price_and_amount_is_doubted():
    captured = an_invoice([HEAD, ("Fahrt", "6", "2,00", "13,00"), ("Pauschale", "1", "3,90", "3,90")], net="16,90")

    assert "lines" in captured.needs_review


def test_a_running_number_and_an_article_number_are_no_part_of_the_name():
    head = ("Pos.", "Art.-Nr.", *HEAD)
    rows = [head, ("1", "K-17", "Kabel", "2", "4,00", "8,00"), ("2", "S-20", "Stecker", "1", "3,00", "3,00")]

    captured = an_invoice(rows, net="11,00")

    assert [(line.item_code, line.description) for line in captured.lines] == [("K-17", "Kabel"), ("S-20", "Stecker")]


def test_an_article_number_over_the_name_in_one_column_is_its_code():
    rows = [
        ("Art.-Nr.", "Menge", "Einzelpreis", "Betrag"),
        ("Bezeichnung", "", "", ""),
        ("K-17", "2", "4,00", "8,00"),
        ("Kabel schwarz", "", "", ""),
        ("S-20", "1", "3,00", "3,00"),
        ("Stecker", "", "", ""),
    ]

    captured = an_invoice(rows, net="11,00")

    found = [(line.item_code, line.description) for line in captured.lines]
    assert found == [("K-17", "Kabel schwarz"), ("S-20", "Stecker")]


def test_what_is_labelled_below_a_name_is_no_part_of_it_but_names_code_and_order():
    rows = [
        HEAD,
        ("Kabel", "2", "4,00", "8,00"),
        ("Artikelnummer: K-17", "", "", ""),
        ("Bestellnummer: PO-4711", "", "", ""),
        ("Stecker", "1", "3,00", "3,00"),
    ]

    captured = an_invoice(rows, net="11,00")

    first, second = captured.lines
    assert (first.description, first.item_code, first.po_number) == ("Kabel", "K-17", "PO-4711")
    assert (second.description, second.item_code, second.po_number) == ("Stecker", None, None)


def test_transport_on_one_page_is_billed_and_not_carried_over():
    captured = an_invoice([HEAD, ("Kabel", "2", "4,00", "8,00"), ("Transport", "", "", "5,00")], net="13,00")

    assert [line.description for line in captured.lines] == ["Kabel", "Transport"]


def test_sums_of_groups_are_no_lines():
    rows = [
        HEAD,
        ("Kabel", "2", "4,00", "8,00"),
        ("Stecker", "1", "3,00", "3,00"),
        ("Zwischensumme Werkstatt", "", "", "11,00"),
        ("Regal", "1", "20,00", "20,00"),
        ("Zwischensumme Lager", "", "", "20,00"),
    ]

    captured = an_invoice(rows, net="31,00")

    assert [line.description for line in captured.lines] == ["Kabel", "Stecker", "Regal"]


def test_lines_that_do_not_make_the_net_are_named_for_review():
    captured = an_invoice([HEAD, ("Kabel", "2", "4,00", "8,00"), ("Stecker", "1", "3,00", "3,00")], net="12,00")

    assert "lines" in captured.needs_review
    assert [check.ok for check in captured.checks if check.code == "lines_sum_to_net"] == [False]
    assert all(line.evidence is not None and line.evidence.confidence < Decimal("0.7") for line in captured.lines)


def test_without_a_head_quantity_and_price_are_found_by_their_product():
    captured = an_invoice([("Kabel", "2", "4,25", "8,50"), ("Stecker", "4", "3,00", "12,00")], net="20,50")

    assert [(line.quantity, line.unit_price) for line in captured.lines] == [(2, Decimal("4.25")), (4, 3)]


def an_invoice(rows: list[tuple[str, ...]], net: str) -> CapturedInvoice:
    """A German invoice whose table has these rows: a name, then three columns of numbers, aligned right.

    A row of six cells begins with a running number and a code.
    """
    content = io.BytesIO()
    canvas = Canvas(content, invariant=True)
    canvas.setFont("Helvetica", 9)
    for y, text in ((800, "Hafenwerkzeug GmbH"), (788, "Kaistr. 12, 20457 Hamburg"), (740, "Rechnung Nr. R-17")):
        canvas.drawString(45, y, text)
    canvas.drawString(45, 726, "Rechnungsdatum: 14.03.2024")
    y = 690.0
    for row in rows:
        *before, name, quantity, price, amount = row
        for x, text in zip((40, 70), before, strict=False):
            canvas.drawString(x, y, text)
        canvas.drawString(NAME, y, name)
        for x, text in ((QUANTITY, quantity), (PRICE, price), (AMOUNT, amount)):
            canvas.drawRightString(x, y, text)
        y -= 11 if not any((quantity, price, amount)) or name == "" else 13
    tax = (Decimal(net.replace(",", ".")) * 19 / 100).quantize(Decimal("0.01"))
    gross = Decimal(net.replace(",", ".")) + tax
    for label, value in (("Nettobetrag", net), ("zzgl. 19 % MwSt.", tax), ("Gesamtbetrag", gross)):
        y -= 16
        canvas.drawString(350, y, label)
        canvas.drawRightString(AMOUNT, y, f"{value} EUR".replace(".", ","))
    canvas.save()
    return read_document(content.getvalue(), CompanyIdentity(), Limits())
