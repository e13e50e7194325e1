"""Invoices drawn in hundreds of styles and nineteen countries' customs: what is asserted is right, and nearly all is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from counterfoil.capture.document import read_document
from counterfoil.capture.identifiers import compact
from counterfoil.capture.limits import Limits
from counterfoil.domain.company import CompanyIdentity
from tests.capture.invoice_styles import BUYERS, draw_invoice, words_of_languages

SEEDS_PER_LANGUAGE = 8
FIRST_SEED = 70_000
BANDS = (Decimal("0.7"), Decimal("0.8"), Decimal("0.9"), Decimal("0.95"))


@dataclass(frozen=True)
class Outcome:
    seed: int
    language: str
    field: str
    expected: str
    read: object
    confidence: Decimal
    is_asserted: bool

    @property
    def is_right(self) -> bool:
        if self.read is None:
            return False
        if isinstance(self.read, Decimal):
            return self.read == Decimal(self.expected)
        if isinstance(self.read, date):
            return str(self.read) == self.expected
        if self.field in ("vendor_vat_id", "vendor_iban"):
            plain = compact(self.read)
            return plain == compact(self.expected) or plain + "MWST" == compact(self.expected)
        return self.read == self.expected


def outcomes_of(language: str, own: CompanyIdentity) -> list[Outcome]:
    found = []
    for seed in range(FIRST_SEED, FIRST_SEED + SEEDS_PER_LANGUAGE):
        drawn = draw_invoice(seed, language)
        captured = read_document(drawn.content, own, Limits())
        for field, expected in drawn.truth.items():
            evidence = captured.evidence.get(field)
            read = getattr(captured, field)
            confidence = evidence.confidence if evidence else Decimal(0)
            is_asserted = read is not None and field not in captured.needs_review
            found.append(Outcome(seed, language, field, expected, read, confidence, is_asserted))
    return found


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    nobody = CompanyIdentity()
    return [outcome for language in sorted(words_of_languages()) for outcome in outcomes_of(language, nobody)]


def share(part: list[Outcome], whole: list[Outcome]) -> float:
    return len(part) / len(whole)


def test_nearly_every_field_is_read_right(outcomes):
    right = [outcome for outcome in outcomes if outcome.is_right]

    assert len(outcomes) > 1500
    assert share(right, outcomes) > 0.98, [outcome for outcome in outcomes if not outcome.is_right]


@pytest.mark.parametrize("language", sorted(words_of_languages()))
def test_every_language_is_read(outcomes, language):
    of_language = [outcome for outcome in outcomes if outcome.language == language]
    right = [outcome for outcome in of_language if outcome.is_right]

    assert share(right, of_language) > 0.95, [outcome for outcome in of_language if not outcome.is_right]


def test_what_is_asserted_is_right(outcomes):
    wrong = [outcome for outcome in outcomes if outcome.is_asserted and not outcome.is_right]

    assert share(wrong, outcomes) <= 0.005, wrong


@pytest.mark.parametrize("least", BANDS)
def test_of_values_read_with_a_confidence_at_least_so_many_are_right(outcomes, least):
    sure = [outcome for outcome in outcomes if outcome.confidence >= least]
    right = [outcome for outcome in sure if outcome.is_right]

    assert share(right, sure) >= float(least), [outcome for outcome in sure if not outcome.is_right]


def test_who_knows_the_company_asserts_more_vendors_and_none_wrong():
    own = CompanyIdentity(
        names=tuple(name for name, _, _ in BUYERS), addresses=tuple(f"{s}, {t}" for _, s, t in BUYERS)
    )

    known = [one for one in outcomes_of("en", own) + outcomes_of("de", own) if one.field == "vendor_name"]

    assert all(outcome.is_right for outcome in known), known
    assert all(outcome.is_asserted for outcome in known), known
