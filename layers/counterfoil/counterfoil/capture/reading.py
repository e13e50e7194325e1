"""What a reader has found so far. Readers fill a `Reading`; `captured` turns it into the frozen record once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from counterfoil.domain.invoices import (
    CapturedInvoice,
    Check,
    DocumentType,
    Evidence,
    InvoiceLine,
    MailOrigin,
    Source,
)

Box = tuple[Decimal, Decimal, Decimal, Decimal]
FieldValue = str | date | Decimal


@dataclass(slots=True)
class Reading:
    """Values by header field with their evidence, lines, document charges, checks and doubts."""

    source: Source
    document_type: DocumentType = DocumentType.INVOICE
    values: dict[str, FieldValue] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    po_numbers: list[str] = field(default_factory=list)
    lines: list[InvoiceLine] = field(default_factory=list)
    charges: list[InvoiceLine] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    # Allowances (negative) and charges within a line's amount, by line number.
    adjustments: dict[int, Decimal] = field(default_factory=dict)
    vendor_domains: list[str] = field(default_factory=list)
    # How far each field is believed as it was read; 1 when it is not named.
    trust: dict[str, float] = field(default_factory=dict)
    mail: MailOrigin | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None

    def put(self, name: str, value: FieldValue | None, evidence: Evidence) -> None:
        """Set a header field; nothing happens for None or empty text."""
        if value is None or value == "":
            return
        self.values[name] = value
        self.evidence[name] = evidence

    def drop(self, *names: str) -> None:
        """Take header fields back, and any doubt about them."""
        for name in names:
            self.values.pop(name, None)
            self.evidence.pop(name, None)
            if name in self.doubts:
                self.doubts.remove(name)

    def amount(self, name: str) -> Decimal | None:
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def doubt(self, *names: str) -> None:
        """Name what a person should look at; each name once, in order."""
        self.doubts.extend(name for name in names if name not in self.doubts)

    def add_order(self, number: str | None) -> None:
        if number and number not in self.po_numbers:
            self.po_numbers.append(number)

    def fill(self, other: Reading) -> None:
        """Take what is missing here from another reading of the same document, its totals together, with its doubts."""
        if "gross_total" not in self.values and "gross_total" in other.values:
            self.drop("net_total", "tax_total")
            self.charges = other.charges
        for name, value in other.values.items():
            if name not in self.values:
                self.put(name, value, other.evidence[name])
                self.doubt(*(doubt for doubt in other.doubts if doubt == name))
        if other.lines and not self.lines:
            self.lines, self.adjustments = other.lines, other.adjustments
            self.doubt(*(doubt for doubt in other.doubts if doubt == "lines"))

    def captured(self) -> CapturedInvoice:
        """The record. Values were built with the types of their fields, so validation only confirms them."""
        return CapturedInvoice.model_validate(
            {
                **self.values,
                "document_type": self.document_type,
                "source": self.source,
                "po_numbers": tuple(self.po_numbers),
                "evidence": self.evidence,
                "lines": tuple(self.lines),
                "charges": tuple(self.charges),
                "mail": self.mail,
                "vendor_domains": tuple(self.vendor_domains),
                "checks": tuple(self.checks),
                "needs_review": tuple(self.doubts),
            }
        )
