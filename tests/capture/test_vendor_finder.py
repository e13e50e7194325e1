"""Which vendor sent it: reasons for and against, and saying so when it cannot be told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.capture.vendor_finder import (
    VendorOutcome,
    find_vendor,
    keys_of_invoice,
    keys_of_vendor,
    name_words,
)
from counterfoil.domain.invoices import CapturedInvoice, DocumentType, Source
from counterfoil.domain.vendors import Vendor

IBAN = "DE89370400440532013000"


def a_captured_invoice(**changes) -> CapturedInvoice:
    return CapturedInvoice(document_type=DocumentType.INVOICE, source=Source.TEXT_LAYER, **changes)


def a_vendor(vendor_id: str = "7", name: str = "Acme Tools GmbH", **changes) -> Vendor:
    return Vendor(company="main", id=vendor_id, name=name, **changes)


def test_the_same_tax_id_finds_a_vendor_whatever_the_name():
    captured = a_captured_invoice(vendor_name="A.C.M.E.", vendor_vat_id="DE 136 695 976")

    finding = find_vendor(captured, [a_vendor(vat_id="DE136695976"), a_vendor("8", "Other Ltd")])

    assert (finding.outcome, finding.vendor_id) == (VendorOutcome.FOUND, "7")
    assert "same tax id" in finding.reasons


def test_the_same_name_with_another_legal_form_finds_a_vendor():
    finding = find_vendor(a_captured_invoice(vendor_name="ACME Tools"), [a_vendor()])

    assert finding.vendor_id == "7"
    assert finding.detail == "Acme Tools GmbH: same name"


def test_a_trading_name_is_as_good_as_the_legal_one():
    finding = find_vendor(a_captured_invoice(vendor_name="Tooly"), [a_vendor(names=("Tooly Ltd",))])

    assert finding.vendor_id == "7"


def test_a_known_name_with_another_tax_id_is_not_that_vendor():
    captured = a_captured_invoice(vendor_name="Acme Tools GmbH", vendor_vat_id="DE999999999")

    finding = find_vendor(captured, [a_vendor(vat_id="DE136695976")])

    assert (finding.outcome, finding.vendor_id) == (VendorOutcome.UNKNOWN, None)
    assert "another tax id (DE999999999, on file DE136695976)" in finding.detail


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"vendor_iban": IBAN}, id="only the bank account"),
        pytest.param({"vendor_name": "Acme Tolls"}, id="only a name that is alike"),
        pytest.param({"vendor_domains": ("acme.example",)}, id="only the domain"),
        pytest.param({}, id="nothing"),
    ],
)
def test_one_weak_reason_is_not_enough(changes):
    vendor = a_vendor(ibans=(IBAN,), email_domain="acme.example")

    finding = find_vendor(a_captured_invoice(**changes), [vendor])

    assert finding.outcome == VendorOutcome.UNKNOWN


def test_two_weak_reasons_together_are_enough():
    captured = a_captured_invoice(vendor_name="Acme Tolls", vendor_iban="DE89 3704 0044 0532 0130 00")

    assert find_vendor(captured, [a_vendor(ibans=(IBAN,))]).vendor_id == "7"


def test_two_vendors_of_one_name_are_ambiguous_and_both_are_named():
    vendors = [a_vendor("7"), a_vendor("9", "ACME TOOLS")]

    finding = find_vendor(a_captured_invoice(vendor_name="Acme Tools"), vendors)

    assert (finding.outcome, finding.vendor_id) == (VendorOutcome.AMBIGUOUS, None)
    assert "Acme Tools GmbH (7)" in finding.detail and "ACME TOOLS (9)" in finding.detail


def test_an_inactive_double_does_not_stand_in_the_way():
    vendors = [a_vendor("7", is_inactive=True), a_vendor("9", "ACME TOOLS")]

    assert find_vendor(a_captured_invoice(vendor_name="Acme Tools"), vendors).vendor_id == "9"


def test_no_vendors_at_all_is_said():
    finding = find_vendor(a_captured_invoice(vendor_name="Nobody"), [])

    assert finding.detail == "no vendor on file fits Nobody"
    assert finding.score == Decimal(0)


@pytest.mark.parametrize(
    ("invoice", "vendor"),
    [
        pytest.param({"vendor_vat_id": "DE136695976"}, {"vat_id": "136 695 976"}, id="tax id without country"),
        pytest.param({"vendor_iban": "de89 3704 0044 0532 0130 00"}, {"ibans": (IBAN,)}, id="bank account"),
        pytest.param({"vendor_domains": ("acme.example",)}, {"email_domain": "ACME.example"}, id="domain"),
        pytest.param({"vendor_name": "Acme"}, {}, id="one word of the name"),
        pytest.param({"vendor_name": "ACMÉ TOOLS S.A.R.L."}, {}, id="accents and legal form"),
    ],
)
def test_an_invoice_shares_a_key_with_its_vendor(invoice, vendor):
    assert set(keys_of_invoice(a_captured_invoice(**invoice))) & set(keys_of_vendor(a_vendor(**vendor)))


def test_common_words_are_no_keys():
    keys = keys_of_vendor(a_vendor(name="International Services Group Ltd"))

    assert [key for key in keys if key.startswith("word:")] == []
    assert keys == ["name:internationalservicesgroup"]


def test_a_name_that_is_only_a_legal_form_keeps_it():
    assert name_words("The Company") == ["the", "company"]


def test_the_same_address_speaks_for_a_vendor_with_a_name_alike():
    captured = a_captured_invoice(vendor_name="Acme Toolsmiths", vendor_address="12 Dock Road, Bristol BS1 4DJ")
    here = a_vendor("7", "Acme Tool GmbH", address="12, Dock Road\nBristol BS1 4DJ\nUnited Kingdom")
    there = a_vendor("8", "Acme Tool GmbH", address="4 Kiln Lane, Leeds LS2 8PA")

    finding = find_vendor(captured, [here, there])

    assert finding.candidates[0].vendor_id == "7"
    assert "same address" in finding.candidates[0].reasons
    assert finding.candidates[1].score < finding.candidates[0].score


def test_an_address_alone_finds_nobody():
    captured = a_captured_invoice(vendor_name="Somebody Else", vendor_address="12 Dock Road, Bristol BS1 4DJ")

    finding = find_vendor(captured, [a_vendor(address="12 Dock Road, Bristol BS1 4DJ")])

    assert (finding.outcome, finding.vendor_id) == (VendorOutcome.UNKNOWN, None)
    assert "same address" in finding.detail


def test_the_same_postcode_and_another_street_says_a_little():
    captured = a_captured_invoice(vendor_name="Acme Tools", vendor_address="99 Quay Street, 20457 Hamburg")

    finding = find_vendor(captured, [a_vendor(address="Alter Wall 1, 20457 Hamburg")])

    assert finding.vendor_id == "7"
    assert "same postcode" in finding.reasons


def test_two_vendors_of_one_name_are_told_apart_by_their_address():
    captured = a_captured_invoice(vendor_name="Acme Tools", vendor_address="Alter Wall 1, 20457 Hamburg")
    vendors = [a_vendor("7", address="Alter Wall 1, 20457 Hamburg"), a_vendor("8", address="Ring 5, 1010 Wien")]

    finding = find_vendor(captured, vendors)

    assert (finding.outcome, finding.vendor_id) == (VendorOutcome.FOUND, "7")
