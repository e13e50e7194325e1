"""The rules by which header fields are read from a page, each on a page that only has what the rule is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from counterfoil.capture.checks import check
from counterfoil.capture.layout.reader import read_layout
from counterfoil.capture.layout.words import Page, Word
from counterfoil.capture.limits import Limits
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice, Source

LETTER_WIDTH, SPACE = 0.5, 0.28
SIZE = 10.0

SENDER = [(50, 40, "Harbour Tools Ltd"), (50, 52, "12 Dock Road"), (50, 64, "Bristol BS1 4DJ")]
RECEIVER = [
    (50, 110, "Bill to:"),
    (50, 122, "Brightwater Foods plc"),
    (50, 134, "5 Mill Lane"),
    (50, 146, "Leeds LS2 8PA"),
]
HEAD = [(330, 40, "INVOICE", 16), (330, 70, "Invoice no.: HT-2024-017"), (330, 82, "Invoice date: 14 March 2024")]
LINES = [
    (50, 300, "Description"), (300, 300, "Qty"), (400, 300, "Unit price"), (500, 300, "Amount"),
    (50, 315, "Torque wrench"), (300, 315, "2"), (400, 315, "45.00"), (500, 315, "90.00"),
    (50, 330, "Work gloves"), (300, 330, "10"), (400, 330, "3.50"), (500, 330, "35.00"),
]  # fmt: skip
TOTALS = [(400, 400, "Subtotal"), (500, 400, "£125.00"), (400, 415, "VAT 20%"), (500, 415, "£25.00"), (400, 430, "Total"), (500, 430, "£150.00")]  # fmt: skip


def words_of(x: float, y: float, text: str, size: float = SIZE) -> list[Word]:
    found = []
    for part in text.split(" "):
        end = x + len(part) * LETTER_WIDTH * size
        if part:
            found.append(Word(part, 1, x, y, end, y + size))
        x = end + SPACE * size
    return found


def read(*parts: list[tuple], own: CompanyIdentity | None = None) -> CapturedInvoice:
    words = [word for part in parts for placed in part for word in words_of(*placed)]
    reading = read_layout([Page(1, 595, 842, words)], Source.TEXT_LAYER, own or CompanyIdentity(), Limits())
    check(reading)
    return reading.captured()


def test_an_ordinary_page_is_read_whole():
    captured = read(SENDER, RECEIVER, HEAD, LINES, TOTALS)

    assert (captured.invoice_number, captured.issue_date) == ("HT-2024-017", date(2024, 3, 14))
    assert (captured.vendor_name, captured.buyer_name) == ("Harbour Tools Ltd", "Brightwater Foods plc")
    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 25, 150)
    assert captured.needs_review == ()


# --- numbers and dates ---


def test_eight_digits_are_a_date_only_under_a_label_of_one():
    head = [(330, 40, "INVOICE", 16), (330, 70, "Invoice no. 20240124"), (330, 82, "Date: 2024-01-07")]

    captured = read(SENDER, RECEIVER, head, TOTALS)

    assert (captured.invoice_number, captured.issue_date) == ("20240124", date(2024, 1, 7))


def test_a_label_inside_running_text_heads_no_column():
    terms = [(330, 94, "Payment terms: 30 days from invoice date"), (480, 106, "08/09/2024")]

    captured = read(SENDER, RECEIVER, HEAD, terms, TOTALS)

    assert captured.issue_date == date(2024, 3, 14)


def test_the_only_date_is_not_the_invoice_date_when_it_is_due_then():
    head = [(330, 40, "INVOICE", 16), (330, 70, "Invoice no.: HT-2024-017"), (330, 82, "Due date: 13 April 2024")]

    captured = read(SENDER, RECEIVER, head, TOTALS)

    assert (captured.issue_date, captured.due_date) == (None, date(2024, 4, 13))
    assert "issue_date" in captured.needs_review


@pytest.mark.parametrize(
    "printed",
    ["Invoice Nr.FV504", "Invoice No.FV504", "Facture n°FV504"],
)
def test_a_number_drawn_onto_the_word_for_number_is_read_without_it(printed):
    head = [(330, 70, printed), (330, 82, "Date: 2024-01-07")]

    captured = read(SENDER, RECEIVER, head, TOTALS)

    assert captured.invoice_number == "FV504"


def test_a_value_at_the_far_end_of_its_own_row_belongs_to_the_label():
    head = [
        (50, 200, "Invoice number"),
        (500, 200, "HT-2024-017"),
        (50, 215, "Invoice date"),
        (500, 215, "14 March 2024"),
    ]

    captured = read(SENDER, RECEIVER, head, TOTALS)

    assert (captured.invoice_number, captured.issue_date) == ("HT-2024-017", date(2024, 3, 14))


# --- order numbers ---


def test_a_post_office_box_is_no_order():
    captured = read(SENDER, [*RECEIVER, (50, 158, "PO Box 307"), (50, 175, "2 February 2024")], HEAD, TOTALS)

    assert captured.po_number is None


def test_the_number_of_an_open_order_is_found_without_any_label():
    own = CompanyIdentity(order_numbers=("PO-20417", "PO-20999"))

    captured = read(SENDER, RECEIVER, HEAD, [(50, 500, "As agreed under PO-20417, thank you")], TOTALS, own=own)

    assert captured.po_number == "PO-20417"
    assert "po_number" not in captured.needs_review


def test_an_open_order_outranks_a_labelled_number_that_is_none():
    own = CompanyIdentity(order_numbers=("PO-20417",))
    head = [*HEAD, (330, 94, "Order no.: 558301"), (330, 106, "Project: PO-20417")]

    captured = read(SENDER, RECEIVER, head, TOTALS, own=own)

    assert captured.po_number == "PO-20417"


def test_a_short_open_order_without_letters_needs_a_label():
    own = CompanyIdentity(order_numbers=("1024",))
    elsewhere = [(50, 500, "Rack 1024")]

    assert read(SENDER, RECEIVER, HEAD, elsewhere, TOTALS, own=own).po_number is None
    assert read(SENDER, RECEIVER, [*HEAD, (330, 94, "PO number: 1024")], TOTALS, own=own).po_number == "1024"


def test_a_customer_number_that_is_another_open_orders_does_not_outrank_the_labelled_order():
    own = CompanyIdentity(order_numbers=("100234", "100235"))
    head = [*HEAD, (330, 94, "Customer no.: 100235")]

    assert read(SENDER, RECEIVER, [*head, (330, 106, "PO number: 100234")], TOTALS, own=own).po_number == "100234"
    assert read(SENDER, RECEIVER, [*head, (330, 106, "PO number: 777234")], TOTALS, own=own).po_number == "777234"
    alone = read(SENDER, RECEIVER, head, TOTALS, own=own)
    assert (alone.po_number, "po_number" in alone.needs_review) == ("100235", True)


def test_the_company_s_own_pattern_finds_an_order():
    own = CompanyIdentity(order_patterns=(r"BW\d{5}",))

    captured = read(SENDER, RECEIVER, HEAD, [(50, 500, "Ref BW00417 / call-off")], TOTALS, own=own)

    assert captured.po_number == "BW00417"


# --- parties ---


def test_what_stands_in_a_far_column_is_not_the_party_under_its_label():
    receiver = [
        (50, 90, "Customer"),
        (50, 102, "Brightwater Foods plc"),
        (50, 114, "5 Mill Lane"),
        (50, 126, "Leeds LS2 8PA"),
    ]
    sender = [(330, 66, "Harbour Tools Ltd"), (330, 78, "12 Dock Road"), (330, 90, "www.harbour-tools.example")]

    captured = read([(50, 40, "INVOICE", 16)], receiver, sender, [(330, 200, "Invoice no.: 17/24")], TOTALS)

    assert (captured.vendor_name, captured.buyer_name) == ("Harbour Tools Ltd", "Brightwater Foods plc")


@pytest.mark.parametrize("text", ["Invoice to pay by bank transfer", "Invoice for services rendered in May"])
def test_running_text_names_no_buyer(text):
    captured = read(SENDER, HEAD, [(50, 560, text)], TOTALS)

    assert captured.buyer_name is None


def test_the_vendor_is_in_doubt_until_it_is_known_who_receives():
    receiver = [(50, 122, "Brightwater Foods plc"), (50, 134, "5 Mill Lane"), (50, 146, "Leeds LS2 8PA")]

    unknown = read(SENDER, receiver, HEAD, TOTALS)
    known = read(SENDER, receiver, HEAD, TOTALS, own=CompanyIdentity(names=("Brightwater Foods plc",)))

    assert unknown.vendor_name == known.vendor_name == "Harbour Tools Ltd"
    assert "vendor_name" in unknown.needs_review
    assert "vendor_name" not in known.needs_review


def test_the_company_is_never_its_own_vendor_however_large_its_name_stands():
    letterhead = [(50, 20, "BRIGHTWATER FOODS", 22)]
    own = CompanyIdentity(names=("Brightwater Foods plc",))

    captured = read(letterhead, SENDER, HEAD, TOTALS, own=own)

    assert captured.vendor_name == "Harbour Tools Ltd"


def test_a_name_above_the_company_s_own_address_is_no_vendor():
    branch = [(50, 20, "Head Office Ltd", 18), (50, 42, "5 Mill Lane"), (50, 54, "Leeds LS2 8PA")]
    sender = [(330, 300, "Harbour Tools Ltd"), (330, 312, "12 Dock Road")]
    own = CompanyIdentity(addresses=("5 Mill Lane, Leeds LS2 8PA",))

    captured = read(branch, sender, [(50, 200, "Invoice no.: 17/24"), (50, 212, "Date: 2024-01-07")], TOTALS, own=own)

    assert captured.vendor_name == "Harbour Tools Ltd"


@pytest.mark.parametrize("name", ["Total Energies SA", "Netto Markt GmbH & Co. KG", "Sum Up Payments Ltd"])
def test_a_name_that_begins_like_a_total_is_a_name(name):
    sender = [(50, 40, name), (50, 52, "12 Dock Road"), (50, 64, "Bristol BS1 4DJ")]

    captured = read(sender, RECEIVER, HEAD, LINES, TOTALS)

    assert captured.vendor_name == name


def test_the_title_beside_a_name_is_no_part_of_it():
    sender = [(50, 40, "Harbour Tools Ltd Invoice"), (50, 52, "12 Dock Road"), (50, 64, "Bristol BS1 4DJ")]

    captured = read(sender, RECEIVER, [(330, 70, "Invoice no.: HT-2024-017")], TOTALS)

    assert captured.vendor_name == "Harbour Tools Ltd"


def test_the_web_address_tells_the_vendor_from_a_buyer_without_a_label():
    left = [(50, 60, "Adatum Corporation"), (50, 72, "Station Road 21"), (50, 84, "48436 Dorf")]
    right = [
        (330, 60, "Cronos Works"),
        (330, 72, "Yard 12"),
        (330, 84, "20097 Stadt"),
        (50, 780, "info@cronos.example"),
    ]

    captured = read(left, right, [(50, 20, "Invoice 103767", 16), (50, 36, "February 17, 2024")], TOTALS)

    assert captured.vendor_name == "Cronos Works"


# --- tax ids ---


def test_groups_of_digits_are_one_tax_id():
    captured = read([*SENDER, (50, 76, "ABN: 54 630 495 546")], RECEIVER, HEAD, TOTALS)

    assert captured.vendor_vat_id == "54 630 495 546"


def test_norway_is_not_the_word_for_number():
    captured = read([*SENDER, (50, 76, "VAT no. NO 995 525 828 MVA")], RECEIVER, HEAD, TOTALS)

    assert captured.vendor_vat_id == "NO995525828MVA"


@pytest.mark.parametrize("printed", ["1237.92", "200000 JPY", "£1,237.92"])
def test_an_amount_of_tax_is_no_tax_id(printed):
    captured = read(SENDER, RECEIVER, HEAD, [(400, 600, f"VAT: {printed}")])

    assert captured.vendor_vat_id is None


def test_two_tax_ids_that_both_may_be_the_vendor_s_are_in_doubt():
    foot = [(50, 700, "VAT no. DE136695976"), (330, 700, "VAT no. NL004495445B01")]

    captured = read(SENDER, RECEIVER, HEAD, TOTALS, foot)

    assert "vendor_vat_id" in captured.needs_review


# --- totals and currency ---


def test_a_total_alone_is_confirmed_by_its_lines():
    captured = read(SENDER, RECEIVER, HEAD, LINES, [(400, 430, "Total"), (500, 430, "£125.00")])

    assert (captured.net_total, captured.gross_total) == (125, 125)
    assert captured.needs_review == ()


def test_a_blank_sub_total_is_made_up_for_by_the_lines():
    totals = [
        (400, 400, "Subtotal"),
        (400, 415, "Sales tax"),
        (500, 415, "£25.00"),
        (400, 430, "Total"),
        (500, 430, "£150.00"),
    ]

    captured = read(SENDER, RECEIVER, HEAD, LINES, totals)

    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 25, 150)
    assert "gross_total" not in captured.needs_review


def test_the_net_said_twice_proves_no_gross():
    totals = [(400, 400, "Net amount"), (500, 400, "£125.00"), (400, 415, "Subtotal"), (500, 415, "£125.00")]

    captured = read(SENDER, RECEIVER, HEAD, totals)

    assert captured.gross_total is None or "gross_total" in captured.needs_review


def test_prices_that_include_the_tax_give_no_net():
    totals = [(400, 400, "Total"), (500, 400, "£125.00"), (400, 415, "VAT included 20%"), (500, 415, "£20.83")]

    captured = read(SENDER, RECEIVER, HEAD, LINES, totals)

    assert captured.gross_total == Decimal(125)
    assert captured.net_total != Decimal(125)


@pytest.mark.parametrize(
    ("labels", "currency"),
    [
        (("FAKTURA", "Fakturanr", "Fakturadatum", "Förfallodatum", "Summa exkl moms", "Att betala"), "SEK"),
        (("FAKTURA", "Fakturanr.", "Fakturadato", "Forfallsdato", "Sum eks. mva", "Å betale"), "NOK"),
        (("FAKTURA", "Fakturanr.", "Fakturadato", "Forfaldsdato", "I alt ekskl. moms", "At betale"), "DKK"),
    ],
)
def test_crowns_are_those_of_the_language(labels, currency):
    title, number, issued, due, net, payable = labels
    page = [
        (330, 40, title, 16), (330, 70, f"{number}: 1017"), (330, 82, f"{issued}: 2024-03-14"),
        (330, 94, f"{due}: 2024-04-13"), (330, 400, net), (500, 400, "1 250,00 kr"), (330, 430, payable), (500, 430, "1 562,50 kr"),
    ]  # fmt: skip

    assert read(SENDER, page).currency == currency


# --- what real documents taught ---


def test_a_number_in_groups_is_one_number():
    head = [(330, 70, "Invoice no.: RE 2024 0012"), (330, 82, "Date: 14 March 2024")]

    assert read(SENDER, RECEIVER, head, TOTALS).invoice_number == "RE 2024 0012"


def test_a_number_that_looks_like_a_date_behind_letters_is_a_number():
    head = [(330, 70, "Invoice no. FV 1/05/2021"), (330, 82, "Invoice date: 2 May 2021")]

    captured = read(SENDER, RECEIVER, head, TOTALS)

    assert (captured.invoice_number, captured.issue_date) == ("FV 1/05/2021", date(2021, 5, 2))


def test_a_remark_in_brackets_between_label_and_value_is_passed_over():
    due = [(330, 94, "Due date"), (400, 94, "(15 days net)"), (500, 94, "29 March 2024")]

    assert read(SENDER, RECEIVER, HEAD, due, TOTALS).due_date == date(2024, 3, 29)


def test_values_that_run_together_under_their_labels_are_parted_there():
    row = [
        (50, 240, "Invoice no."), (180, 240, "Invoice date"), (264, 240, "Due date"),
        (50, 252, "17/24"), (180, 252, "27 September 2024"), (264, 252, "7 October 2024"),
    ]  # fmt: skip

    captured = read(SENDER, RECEIVER, row, TOTALS)

    assert (captured.issue_date, captured.due_date) == (date(2024, 9, 27), date(2024, 10, 7))


def test_a_name_on_one_line_with_its_address_is_the_name_alone():
    sender = [(50, 40, "Seller: Acme Tools, Inc., 123 Main St, Dayton, OH 45402")]

    assert read(sender, RECEIVER, HEAD, TOTALS).vendor_name == "Acme Tools, Inc."


def test_what_a_company_calls_itself_in_trade_is_no_part_of_its_name():
    sender = [(50, 40, "Harbour Tools Ltd trading as Toolio"), (50, 52, "12 Dock Road"), (50, 64, "Bristol BS1 4DJ")]

    assert read(sender, RECEIVER, HEAD, TOTALS).vendor_name == "Harbour Tools Ltd"


def test_nothing_left_to_pay_is_not_the_invoice_s_total():
    paid = [(400, 445, "Payments"), (500, 445, "£150.00"), (400, 460, "Total due"), (500, 460, "£0.00")]

    captured = read(SENDER, RECEIVER, HEAD, TOTALS, paid)

    assert (captured.net_total, captured.gross_total) == (125, 150)


def test_what_is_due_with_earlier_invoices_is_not_asserted_as_this_one_s_total():
    statement = [(50, 600, "Outstanding invoices"), (400, 620, "Total amount due"), (500, 620, "£4,732.02")]

    captured = read(SENDER, RECEIVER, HEAD, LINES, statement)

    assert captured.gross_total is None or "gross_total" in captured.needs_review


def test_feet_of_hose_are_no_forints():
    lines = [(50, 300, "Hydraulic hose 12 Ft"), (50, 312, "Cable 30 Ft"), (50, 324, "Rope 9 Ft")]
    totals = [
        (400, 400, "Subtotal"),
        (500, 400, "125.00"),
        (400, 415, "Tax"),
        (500, 415, "25.00"),
        (400, 430, "Total"),
        (500, 430, "150.00"),
    ]

    assert read(SENDER, RECEIVER, HEAD, lines, totals).currency != "HUF"


def test_a_sender_named_only_at_the_foot_is_found():
    foot = [(50, 790, "Harbour Tools Ltd | 12 Dock Road | Bristol BS1 4DJ", 7.0)]

    captured = read(RECEIVER, HEAD, LINES, TOTALS, foot)

    assert captured.vendor_name == "Harbour Tools Ltd"


def test_the_receiver_s_tax_id_under_its_address_is_not_the_vendor_s():
    letter = [
        (50, 90, "Harbour Tools GmbH · Kaistraße 12 · 20457 Hamburg", 7.0),
        (50, 110, "Meridian Handels GmbH"),
        (50, 122, "Parkallee 88"),
        (50, 134, "28209 Bremen"),
        (50, 146, "USt-IdNr.: DE136695976"),
    ]
    head = [
        (330, 40, "Rechnung", 16),
        (330, 70, "Rechnungsnummer: 17/24"),
        (330, 82, "Rechnungsdatum: 14.03.2024"),
        (330, 94, "USt-IdNr.: DE129273398"),
    ]

    captured = read(letter, head, [(400, 430, "Gesamtbetrag"), (500, 430, "150,00 €")])

    assert (captured.vendor_vat_id, captured.buyer_name) == ("DE129273398", "Meridian Handels GmbH")


UNTAXED = [(400, 400, "Subtotal"), (500, 400, "£125.00"), (400, 430, "Total"), (500, 430, "£125.00")]


def test_a_tax_that_the_document_says_nobody_owes_is_zero():
    captured = read(
        SENDER, RECEIVER, HEAD, LINES, UNTAXED, [(50, 500, "Reverse charge: VAT to be paid by the customer.")]
    )

    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 0, 125)
    assert captured.needs_review == ()


def test_a_single_total_of_an_exempt_seller_is_net_and_gross():
    exempt = [(50, 500, "Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG")]

    captured = read(SENDER, RECEIVER, HEAD, LINES, [(400, 430, "Total"), (500, 430, "£125.00")], exempt)

    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 0, 125)


def test_a_tax_of_which_nothing_is_said_is_unknown():
    captured = read(SENDER, RECEIVER, HEAD, LINES, UNTAXED)

    assert captured.tax_total is None


def test_words_of_exemption_beside_a_tax_that_is_due_change_nothing():
    captured = read(SENDER, RECEIVER, HEAD, LINES, TOTALS, [(50, 500, "Goods zero rated for VAT are marked Z.")])

    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 25, 150)


def test_what_stands_behind_a_rate_of_nothing_is_no_tax():
    charges = [
        (400, 400, "Net total"),
        (500, 400, "£125.00"),
        (300, 415, "Extra charge (VAT: 0.00%): Pallet"),
        (500, 415, "£1.50"),
    ]
    total = [(400, 430, "Gross total"), (500, 430, "£125.00")]

    captured = read(SENDER, RECEIVER, HEAD, LINES, charges, total)

    assert captured.tax_total in (None, 0)


def test_of_two_columns_of_money_the_one_of_the_invoice_s_currency_counts():
    terms = [(330, 94, "Invoice currency: USD")]
    amounts = [
        (400, 385, "USD"), (500, 385, "EUR"),
        (300, 400, "Subtotal"), (400, 400, "125.00"), (500, 400, "113.74"),
        (300, 415, "VAT"), (400, 415, "25.00"), (500, 415, "22.75"),
        (300, 430, "Total"), (400, 430, "150.00"), (500, 430, "136.49"),
    ]  # fmt: skip

    captured = read(SENDER, RECEIVER, HEAD, terms, amounts)

    assert (captured.currency, captured.net_total, captured.gross_total) == ("USD", 125, 150)


def test_a_tax_id_beside_an_empty_order_number_is_not_the_order_number():
    references = [(330, 100, "Your order no."), (330, 112, "GB123456782")]

    captured = read(SENDER, RECEIVER, HEAD, references, LINES, TOTALS)

    assert captured.po_number is None


def test_a_booking_id_stands_in_for_a_number_and_is_for_a_person_to_confirm():
    receipt = [(330, 40, "Payment receipt", 16), (330, 70, "Booking ID: HB7721"), (330, 82, "Date: 14 March 2024")]

    captured = read(SENDER, RECEIVER, receipt, LINES, TOTALS)

    assert captured.invoice_number == "HB7721"
    assert "invoice_number" in captured.needs_review


def test_a_tax_id_speaks_for_the_name_at_the_top_of_its_address_not_for_the_address():
    seller = [
        (50, 40, "AJAY TYRES"),
        (50, 52, "Sundar Niwas"),
        (50, 64, "East Canal Road"),
        (50, 76, "GSTIN: 29AAHCS6672E1ZZ"),
        (180, 40, "Sundar Niwas"),
        (180, 52, "12 East Canal Road, Patna 800001"),
    ]

    captured = read(seller, RECEIVER, HEAD, LINES, TOTALS)

    assert captured.vendor_name == "AJAY TYRES"
