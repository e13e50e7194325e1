"""Which readings go on by themselves is the company's to say, within what there is to say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from counterfoil.domain.capture_policy import CHECKS, CapturePolicy, doubts
from counterfoil.domain.invoices import Check, Evidence
from tests.builders import a_captured_invoice

STRICT = CapturePolicy()


def reasons(policy=STRICT, **given):
    return [
        (reason.code, reason.detail.split(" could")[0].split(" is not")[0]) for reason in doubts(read(**given), policy)
    ]


def read(**given):
    return a_captured_invoice(**{"needs_review": (), "checks": (), **given})


def test_a_sure_reading_goes_on():
    assert reasons() == []


@pytest.mark.parametrize("name", ["vendor_iban", "net_total", "due_date", "gross_total", "lines"])
def test_what_is_money_or_when_it_is_due_has_to_be_sure(name):
    assert [code for code, _ in reasons(needs_review=(name,))] == ["field_in_doubt"]


def test_a_doubt_about_what_decides_nothing_stops_nothing():
    assert reasons(needs_review=("buyer_name",)) == []


def test_what_is_needed_has_to_be_there():
    assert reasons(invoice_number=None) == [("field_missing", "the invoice number")]
    assert reasons(gross_total=Decimal(0)) == []


def test_a_company_may_ask_for_more_and_for_less():
    needs_order = CapturePolicy(needed=("po_number",), sure=())

    assert reasons(needs_order, po_number=None, needs_review=("vendor_iban", "gross_total")) == [
        ("field_missing", "the po number")
    ]


def test_a_company_may_ask_for_a_confidence_of_its_own():
    wary = CapturePolicy(confidence_min={"invoice_number": Decimal("0.95")})
    evidence = {"invoice_number": Evidence(confidence=Decimal("0.90"))}

    assert [code for code, _ in reasons(wary, evidence=evidence)] == ["confidence_too_low"]
    assert reasons(evidence=evidence) == []
    assert reasons(wary, evidence=evidence, confirmed=("invoice_number",)) == []


@pytest.mark.parametrize("code", STRICT.checks)
def test_a_check_that_fails_stops_until_a_person_confirmed_what_it_looks_at(code):
    failed = (Check(code=code, ok=False, detail="1 is not 2"),)

    assert [reason for reason, _ in reasons(checks=failed)] == ["check_failed"]
    assert reasons(checks=failed, confirmed=CHECKS[code]) == []


def test_a_check_that_the_company_does_not_ask_for_stops_nothing():
    failed = (Check(code="lines_sum_to_net", ok=False),)

    assert reasons(CapturePolicy(checks=()), checks=failed) == []


@pytest.mark.parametrize(
    "policy", [{"needed": ["shoe_size"]}, {"checks": ["all_is_well"]}, {"confidence_min": {"lines": "1.5"}}]
)
def test_a_policy_names_only_what_there_is(policy):
    with pytest.raises(ValidationError):
        CapturePolicy.model_validate(policy)
