"""Which vendor of the master sent an invoice, with the reasons, or why that cannot be said.

Identifiers (tax id, bank account), the name, the address and the web domain speak for a vendor, a different tax id
speaks against it. The keys let a store fetch the few vendors worth comparing: whoever shares no key shares nothing that
could decide.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from counterfoil.capture.identifiers import compact
from counterfoil.capture.layout.blocks import POSTCODE
from counterfoil.capture.legal_forms import LEGAL_FORMS
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.records import Record
from counterfoil.domain.vendors import Vendor

# What stands in company names without telling them apart.
FORM_WORDS = LEGAL_FORMS | frozenset("cie sp zoo spol the and und et y e i".split())
# Words that many vendors share: they find too many and tell nothing apart.
COMMON_WORDS = frozenset(
    "international services service group holding solutions systems consulting technologies technology trading"
    " global europe deutschland france supplies supply office management logistics transport media digital software"
    " engineering industries partners network data business company enterprises products".split()
)
WORD_LENGTH_MIN = 3
TAX_DIGITS_MIN = 6
KEYS_MAX = 24

TAX_ID_SAME, TAX_ID_OTHER = Decimal("0.60"), Decimal("-0.45")
BANK_SAME = Decimal("0.45")
DOMAIN_SAME = Decimal("0.30")
# The same street, number and postcode; many firms share a building, so it decides nothing by itself.
ADDRESS_SAME, ADDRESS_POSTCODE = Decimal("0.25"), Decimal("0.10")
ADDRESS_ALIKE = 80
# Name likeness from (0 to 100) and its points, the likest first.
NAME_POINTS = (
    (Decimal(100), Decimal("0.60")),
    (Decimal(92), Decimal("0.45")),
    (Decimal(82), Decimal("0.25")),
)
SCORE_MIN = Decimal("0.55")
LEAD_MIN = Decimal("0.15")


class VendorOutcome(StrEnum):
    FOUND = "found"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


class VendorCandidate(Record):
    """One vendor compared: its score (1 is certain) and what spoke for and against it."""

    vendor_id: str
    name: str
    score: Decimal
    reasons: tuple[str, ...]


class VendorFinding(Record):
    """The vendor, or None; `detail` is a sentence for a person, `candidates` the best first."""

    outcome: VendorOutcome
    vendor_id: str | None = None
    detail: str
    score: Decimal = Decimal(0)
    reasons: tuple[str, ...] = ()
    candidates: tuple[VendorCandidate, ...] = ()


def find_vendor(captured: CapturedInvoice, vendors: Iterable[Vendor]) -> VendorFinding:
    """Compare an invoice with vendors (those that share a key are enough) and decide, or say why not."""
    compared = sorted(
        (_compare(captured, vendor) for vendor in vendors),
        key=lambda pair: (-pair.score, pair.vendor.is_inactive, pair.vendor.id),
    )
    candidates = tuple(pair.candidate for pair in compared[:5])
    enough = [pair for pair in compared if pair.score >= SCORE_MIN]
    if not enough:
        return VendorFinding(outcome=VendorOutcome.UNKNOWN, detail=_unknown(captured, compared), candidates=candidates)
    best = enough[0]
    rivals = [
        pair
        for pair in enough[1:]
        if best.score - pair.score < LEAD_MIN and (best.vendor.is_inactive or not pair.vendor.is_inactive)
    ]
    if rivals:
        named = ", ".join(f"{pair.vendor.name} ({pair.vendor.id})" for pair in [best, *rivals[:3]])
        return VendorFinding(
            outcome=VendorOutcome.AMBIGUOUS, detail=f"several vendors fit: {named}", candidates=candidates
        )
    return VendorFinding(
        outcome=VendorOutcome.FOUND,
        vendor_id=best.vendor.id,
        detail=f"{best.vendor.name}: {', '.join(best.candidate.reasons)}",
        score=best.score,
        reasons=best.candidate.reasons,
        candidates=candidates,
    )


def keys_of_vendor(vendor: Vendor) -> list[str]:
    """Keys to write beside a vendor: an invoice of its shares at least one of them."""
    names = [vendor.name, *vendor.names]
    domains = [vendor.email_domain] if vendor.email_domain else []
    return _keys([vendor.vat_id], vendor.ibans, domains, names)


def keys_of_invoice(captured: CapturedInvoice) -> list[str]:
    """Keys to look vendors up by, the most telling first."""
    ibans = [captured.vendor_iban] if captured.vendor_iban else []
    names = [captured.vendor_name] if captured.vendor_name else []
    return _keys([captured.vendor_vat_id], ibans, captured.vendor_domains, names)


def _keys(
    tax_ids: Sequence[str | None], ibans: Iterable[str], domains: Iterable[str], names: Sequence[str]
) -> list[str]:
    keys = [f"tax:{digits}" for tax_id in tax_ids if tax_id and (digits := tax_digits(tax_id))]
    keys += [f"bank:{compact(iban)}" for iban in ibans]
    keys += [f"domain:{domain.lower()}" for domain in domains]
    keys += [f"name:{''.join(name_words(name))}" for name in names if name_words(name)]
    keys += [
        f"word:{word}"
        for name in names
        for word in name_words(name)
        if len(word) >= WORD_LENGTH_MIN and word not in COMMON_WORDS
    ]
    return list(dict.fromkeys(keys))[:KEYS_MAX]


def tax_digits(tax_id: str) -> str:
    """What tells tax ids apart, without the country that some write and some leave out; empty for too few digits."""
    plain = compact(tax_id)
    without_country = plain[2:] if plain[:2].isalpha() else plain
    return without_country if sum(map(str.isdigit, without_country)) >= TAX_DIGITS_MIN else ""


def name_words(name: str) -> list[str]:
    """A company's name in plain lower-case words without its legal form."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace(".", ""))
    plain = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    words = plain.split()
    told = [word for word in words if word not in FORM_WORDS]
    return told or words


@dataclass(frozen=True, slots=True)
class _Compared:
    vendor: Vendor
    candidate: VendorCandidate

    @property
    def score(self) -> Decimal:
        return self.candidate.score


def _compare(captured: CapturedInvoice, vendor: Vendor) -> _Compared:
    points: list[tuple[Decimal, str]] = [
        *_tax_points(captured, vendor),
        *_bank_points(captured, vendor),
        *_name_points(captured, vendor),
    ]
    points += _address_points(captured, vendor)
    if vendor.email_domain and vendor.email_domain.lower() in captured.vendor_domains:
        points.append((DOMAIN_SAME, f"same domain {vendor.email_domain.lower()}"))
    score = min(Decimal(1), max(Decimal(0), sum((point for point, _ in points), Decimal(0))))
    reasons = tuple(reason for _, reason in points)
    return _Compared(vendor, VendorCandidate(vendor_id=vendor.id, name=vendor.name, score=score, reasons=reasons))


def _tax_points(captured: CapturedInvoice, vendor: Vendor) -> list[tuple[Decimal, str]]:
    if not captured.vendor_vat_id or not vendor.vat_id:
        return []
    ours, theirs = tax_digits(vendor.vat_id), tax_digits(captured.vendor_vat_id)
    if not ours or not theirs:
        return []
    if ours == theirs:
        return [(TAX_ID_SAME, "same tax id")]
    return [(TAX_ID_OTHER, f"another tax id ({captured.vendor_vat_id}, on file {vendor.vat_id})")]


def _bank_points(captured: CapturedInvoice, vendor: Vendor) -> list[tuple[Decimal, str]]:
    if captured.vendor_iban and compact(captured.vendor_iban) in map(compact, vendor.ibans):
        return [(BANK_SAME, "same bank account")]
    return []


def _address_points(captured: CapturedInvoice, vendor: Vendor) -> list[tuple[Decimal, str]]:
    """The same address, or only the same postcode. Another address says nothing: firms have several."""
    if not captured.vendor_address or not vendor.address:
        return []
    from rapidfuzz import fuzz

    printed, on_file = captured.vendor_address, vendor.address
    if not _postcodes(printed) & _postcodes(on_file):
        return []
    said, known = (" ".join(name_words(address.replace(",", " "))) for address in (printed, on_file))
    if fuzz.token_set_ratio(said, known) >= ADDRESS_ALIKE:
        return [(ADDRESS_SAME, "same address")]
    return [(ADDRESS_POSTCODE, "same postcode")]


def _postcodes(address: str) -> set[str]:
    return {compact(found) for found in POSTCODE.findall(address.upper())}


def _name_points(captured: CapturedInvoice, vendor: Vendor) -> list[tuple[Decimal, str]]:
    if not captured.vendor_name:
        return []
    from rapidfuzz import fuzz

    said = " ".join(name_words(captured.vendor_name))
    likeness = max(
        Decimal(round(fuzz.token_sort_ratio(said, " ".join(name_words(name))))) for name in [vendor.name, *vendor.names]
    )
    for least, point in NAME_POINTS:
        if likeness >= least:
            return [(point, "same name" if likeness == 100 else f"name {likeness} % alike")]
    return []


def _unknown(captured: CapturedInvoice, compared: Sequence[_Compared]) -> str:
    said = captured.vendor_name or captured.vendor_vat_id or "a sender without a readable name"
    if not compared or not compared[0].candidate.reasons:
        return f"no vendor on file fits {said}"
    best = compared[0]
    return f"no vendor on file fits {said}; the nearest is {best.vendor.name}: {', '.join(best.candidate.reasons)}"
