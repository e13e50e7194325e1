"""Till receipts: the seller by place, the total by what the rows of sums say of each other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.capture.layout.page_context import Context, context_of
from counterfoil.capture.layout.receipt import is_receipt, read_receipt
from counterfoil.capture.layout.words import Page, Word, layout_of
from counterfoil.domain.company import CompanyIdentity

LETTER, HEIGHT, PITCH = 6.0, 9.0, 12.0
LINES = ("LOT 5, JALAN MERAH 3,", "43300 SELANGOR", "TAX INVOICE", "2 X 3.10   6.20", "1 X 4.00   4.00", "THANK YOU")


def a_receipt(*rows: str) -> Context:
    """A narrow page of these rows, a letter being 6 points wide; an empty row leaves its place free."""
    words = []
    for line, row in enumerate(rows):
        place = 0
        for part in row.split(" "):
            if part:
                left, top = place * LETTER, line * PITCH
                words.append(Word(part, 1, left, top, left + len(part) * LETTER, top + HEIGHT))
            place += len(part) + 1
    page = Page(1, 240.0, max(400.0, len(rows) * PITCH), words)
    return context_of(layout_of([page]), CompanyIdentity())


def total_of(*rows: str) -> tuple[Decimal | None, float]:
    gross = read_receipt(a_receipt("HAPPY STORE", *LINES[:4], *rows)).gross
    return (gross.value, gross.score) if gross else (None, 0.0)


def seller_of(*rows: str) -> str | None:
    vendor = read_receipt(a_receipt(*rows, *LINES, "TOTAL   10.20")).vendor
    return vendor.value if vendor else None


@pytest.mark.parametrize(
    ("rows", "seller"),
    [
        pytest.param(("HAPPY STORE",), "HAPPY STORE", id="the first row"),
        pytest.param(("john smith", "", "", "", "HAPPY STORE"), "HAPPY STORE", id="a note written above"),
        pytest.param(("31803040", "HAPPY STORE"), "HAPPY STORE", id="a number written above"),
        pytest.param(("CASH SALE", "HAPPY STORE SDN BHD"), "HAPPY STORE SDN BHD", id="a title above"),
        pytest.param(("HAPPY", "HAPPY STORE SDN BHD"), "HAPPY STORE SDN BHD", id="a logo above"),
        pytest.param(("HAPPY GARDEN VEGETARIAN", "STORE SDN BHD"), "HAPPY GARDEN VEGETARIAN STORE SDN BHD", id="two rows"),
        pytest.param(("HAPPY CO. (M) BHD. (126926-H)",), "HAPPY CO. (M) BHD.", id="a registration behind"),
        pytest.param(("H.A.PY.STORE(KL)SDN.BHD",), "H.A.PY. STORE (KL) SDN. BHD", id="spaces not seen"),
        pytest.param(("99 HAPPY MART 5/8 (519537-X)",), "99 HAPPY MART S/B", id="a misread legal form"),
        pytest.param(("HAPPYSTATIONERYSHOP", "HAPPY SUPPLY"), "HAPPY STATIONERY SHOP", id="glued words"),
    ],
)  # fmt: skip
def test_the_seller_is_the_name_over_its_own_address(rows, seller):
    assert seller_of(*rows) == seller


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(("SUBTOTAL   10.20", "TOTAL   10.20"), "10.20", id="a plain total"),
        pytest.param(("TOTAL QTY   3", "TOTAL   10.20", "TOTAL SAVINGS   99.00"), "10.20", id="other totals around it"),
        pytest.param(("TOTAL   10.21", "ROUNDING   -0.01", "TOTAL ROUNDED   10.20"), "10.20", id="rounded"),
        pytest.param(("T0TAL   16.26", "CASH   20.00", "CHANGE   9.80", "TOTAL   10.20"), "10.20", id="one misread"),
        pytest.param(("AMOUNT DUE   10-20", "CASH   20.00", "CHANGE   9.80"), "10.20", id="the point misread"),
        pytest.param(("TOTAL   10.18", "CASH   20.00", "ROUNDING   0.02", "CHANGE   9.80"), "10.18", id="rounded unseen"),
        pytest.param(("Total (Excluding GST)   9.62", "Total (Inclusive of GST)   10.20"), "10.20", id="with and without tax"),
        pytest.param(("Summe EUR   10,20", "Bar EUR   20,00", "Rückgeld   9,80"), "10.20", id="german"),
    ],
)  # fmt: skip
def test_the_total_is_what_was_paid_for_the_goods(rows, total):
    assert total_of(*rows)[0] == Decimal(total)


def test_a_total_that_cash_and_change_confirm_is_sure():
    assert total_of("TOTAL   10.20", "CASH   20.00", "CHANGE   9.80")[1] >= 0.9


def test_two_totals_of_one_kind_are_in_doubt():
    assert total_of("TOTAL   10.20", "TOTAL   11.20")[1] < 0.7


def test_an_invoice_on_a_sheet_is_no_receipt():
    wide = "THE INVOICE OF A COMPANY THAT WRITES ON WIDE SHEETS OF PAPER AND HAS A LOT TO SAY ABOUT IT"

    assert not is_receipt(a_receipt(wide, *LINES[:2], "TOTAL   10.20"))
    assert is_receipt(a_receipt(wide, "TOTAL   10.20", "CASH   20.00", "CHANGE   9.80"))
