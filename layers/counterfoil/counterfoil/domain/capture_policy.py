"""Which readings of a document go on by themselves: what must be there, what must be sure, which checks must hold.

Every default is the strict one. A company may ask for more (a higher confidence) or, knowingly, for less.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from counterfoil.domain.invoices import HEADER_FIELDS, CapturedInvoice, Check, Reason
from counterfoil.domain.records import Record

Share = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]

# What a policy can name beside the header fields.
WHOLES = ("document_type", "lines")
# The fields that each check looks at: once a person confirmed all of them, the check stops nothing.
CHECKS: dict[str, tuple[str, ...]] = {
    "net_plus_tax_is_gross": ("net_total", "tax_total", "gross_total"),
    "lines_sum_to_net": ("lines",),
    "quantity_times_price": ("lines",),
    "iban_check_digits": ("vendor_iban",),
    "vat_id_check_digits": ("vendor_vat_id",),
    "single_invoice": ("invoice_number",),
    "whole_invoice": ("lines",),
    "page_agrees_invoice_number": ("invoice_number",),
    "page_agrees_issue_date": ("issue_date",),
    "page_agrees_gross_total": ("gross_total",),
    "page_agrees_vendor_iban": ("vendor_iban",),
    "embedded_files_agree": ("issue_date", "vendor_iban", "currency", "gross_total"),
}


class CapturePolicy(Record):
    """What a company asks of a reading before it is matched without a person.

    `needed` fields have to be on the document and sure; `sure` ones have to be sure if they are on it. `confidence_min`
    (0 to 1, by field) asks for more than the reader itself does. `checks` have to hold where they could be made.
    """

    needed: tuple[str, ...] = (
        "document_type", "invoice_number", "issue_date", "vendor_name", "currency", "gross_total", "lines",
    )  # fmt: skip
    sure: tuple[str, ...] = ("vendor_iban", "net_total", "tax_total", "due_date")
    confidence_min: dict[str, Share] = {}
    checks: tuple[str, ...] = tuple(check for check in CHECKS if check != "vat_id_check_digits")

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        fields = {*HEADER_FIELDS, *WHOLES}
        unknown = [name for name in (*self.needed, *self.sure, *self.confidence_min) if name not in fields]
        unknown += [check for check in self.checks if check not in CHECKS]
        if unknown:
            raise ValueError(f"no field or check is called {', '.join(sorted(set(unknown)))}")
        return self


def doubts(captured: CapturedInvoice, policy: CapturePolicy) -> list[Reason]:
    """Why the reading itself needs a person; empty when it may go on."""
    found = [reason for name in policy.needed if (reason := _needed(captured, name))]
    found += [_unsure(name) for name in policy.sure if name in captured.needs_review and name not in policy.needed]
    named = {name for name in (*policy.needed, *policy.sure) if name in captured.needs_review}
    found += [
        Reason(
            code="confidence_too_low",
            detail=f"{_spoken(name)} was read with confidence {captured.evidence[name].confidence}, less than {least}",
        )
        for name, least in policy.confidence_min.items()
        if name in captured.evidence and captured.evidence[name].confidence < least and name not in captured.confirmed
    ]
    return found + [
        Reason(code="check_failed", detail=_failed(check))
        for check in captured.checks
        if not check.ok and check.code in policy.checks and not _is_settled(captured, check, named)
    ]


def _needed(captured: CapturedInvoice, name: str) -> Reason | None:
    if name in captured.needs_review:
        return _unsure(name)
    value = getattr(captured, name)
    # A total of zero is a total.
    if value is None or value in ("", ()):
        return Reason(code="field_missing", detail=f"{_spoken(name)} is not on the document")
    return None


def _is_settled(captured: CapturedInvoice, check: Check, named: set[str]) -> bool:
    """A person confirmed what the check looks at, or it is named as doubtful already."""
    fields = CHECKS.get(check.code, ())
    return all(name in captured.confirmed for name in fields) or any(name in named for name in fields)


def _failed(check: Check) -> str:
    sentence = check.code.replace("_", " ")
    return f"{sentence}: {check.detail}" if check.detail else f"{sentence}: it does not"


def _unsure(name: str) -> Reason:
    return Reason(code="field_in_doubt", detail=f"{_spoken(name)} could not be read for certain")


def _spoken(name: str) -> str:
    spoken = {"gross_total": "the total", "lines": "a line table", "document_type": "the kind of document"}
    return spoken.get(name, f"the {name.replace('_', ' ')}")
