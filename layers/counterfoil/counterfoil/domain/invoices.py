"""An invoice: what a vendor's document says, and where it stands.

What was read from the document is `CapturedInvoice`. It is written once and never changed to fit an order:
matching adds links and findings beside it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.actions import NOTHING_DONE, Resolution
from counterfoil.domain.audit import FIRST_HASH
from counterfoil.domain.coding import LinkByHand, Proposal, Recurrence
from counterfoil.domain.exceptions import MatchException, ReceiptRequest
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching_result import InvoiceType, MatchResult
from counterfoil.domain.orders import Coding
from counterfoil.domain.records import Record

HEADER_FIELDS = (
    "invoice_number",
    "issue_date",
    "due_date",
    "po_number",
    "vendor_name",
    "vendor_vat_id",
    "vendor_iban",
    "vendor_address",
    "buyer_name",
    "currency",
    "net_total",
    "tax_total",
    "gross_total",
    "payment_terms",
)


class DocumentType(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Source(StrEnum):
    """Where the values were read from."""

    EMBEDDED_XML = "embedded-xml"
    XML = "xml"
    TEXT_LAYER = "text-layer"
    OCR = "ocr"
    BY_HAND = "by-hand"


class Evidence(Record):
    """How sure a value is (0 to 1) and where it stands: page from 1, box in PDF points from the top left."""

    confidence: Decimal
    page: int | None = None
    box: tuple[Decimal, Decimal, Decimal, Decimal] | None = None


class Check(Record):
    """One arithmetic or check-digit test of the document, e.g. `lines_sum_to_net`."""

    code: str
    ok: bool
    detail: str = ""


class LineKind(StrEnum):
    """Goods and services are linked to order lines; the others never are.

    A subtotal only sums or explains other lines of the invoice: it is shown, and its amount is never counted.
    """

    GOODS = "goods"
    FREIGHT = "freight"
    CHARGE = "charge"
    DISCOUNT = "discount"
    TAX = "tax"
    ROUNDING = "rounding"
    SUBTOTAL = "subtotal"


class InvoiceLine(Record):
    """One billed line. `amount` is before tax; `unit_price` is for `price_base_quantity` units."""

    line: int
    description: str = ""
    item_code: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    price_base_quantity: Decimal = Decimal(1)
    amount: Decimal | None = None
    tax_rate: Decimal | None = None
    po_number: str | None = None
    po_line: str | None = None
    kind: LineKind = LineKind.GOODS
    evidence: Evidence | None = None


class MailOrigin(Record):
    """The e-mail a document came in. `authentication` is what the receiving server found: spf, dkim, dmarc."""

    sender: str | None = None
    message_id: str | None = None
    attachment: str | None = None
    authentication: dict[str, str] = {}


class CapturedInvoice(Record):
    """What the document says. A value not on it is None; one in doubt is named in `needs_review`.

    `evidence` holds one entry for each header field that has a value. `po_number` is the document's own order
    reference, `po_numbers` all of them (header and lines) in their order of appearance. `charges` are allowances
    (negative) and charges on the whole document: `billed_lines` are these and the lines. `vendor_domains` are the
    e-mail and web domains that the vendor names. `confirmed` are the fields that a person looked at and left or set.
    """

    document_type: DocumentType
    source: Source
    invoice_number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    po_number: str | None = None
    po_numbers: tuple[str, ...] = ()
    vendor_name: str | None = None
    vendor_vat_id: str | None = None
    vendor_iban: str | None = None
    vendor_address: str | None = None
    buyer_name: str | None = None
    currency: str | None = None
    net_total: Decimal | None = None
    tax_total: Decimal | None = None
    gross_total: Decimal | None = None
    payment_terms: str | None = None
    evidence: dict[str, Evidence] = {}
    lines: tuple[InvoiceLine, ...] = ()
    charges: tuple[InvoiceLine, ...] = ()
    vendor_domains: tuple[str, ...] = ()
    mail: MailOrigin | None = None
    checks: tuple[Check, ...] = ()
    needs_review: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()

    @property
    def billed_lines(self) -> tuple[InvoiceLine, ...]:
        """What makes up the total before tax: lines that are no subtotals, then charges, numbered on."""
        subtotal = LineKind.SUBTOTAL
        lines = [line for line in self.lines if line.kind is not subtotal]
        if self.charges:
            last = max((line.line for line in self.lines), default=0)
            lines += [charge.model_copy(update={"line": last + charge.line}) for charge in self.charges]
        return tuple(lines)


class Document(Record):
    """The file as it arrived; `version_id` is the bucket's, so that the very bytes can be read again."""

    bucket: str
    key: str
    version_id: str | None = None
    sha256: str | None = None
    size: int = 0

    @property
    def file_name(self) -> str:
        return self.key.rsplit("/", 1)[-1]


class Reason(Record):
    """Why an invoice rests where it does: a code to count and a sentence for a person, with the numbers."""

    code: str
    detail: str


class Approval(Record):
    """Who said yes and when; `policy` when the company's settings did."""

    by: str
    at: datetime
    policy_version: int | None = None


class BillReference(Record):
    """The bill in the ERP. `external_id` is stored before the ERP is called; the rest when it answered."""

    external_id: str
    id: str | None = None
    total: Decimal | None = None


class Hold(Record):
    """A person stopped the invoice: who, when, why. It goes nowhere until it is recalled."""

    by: str
    at: datetime
    why: str = ""


class Routing(Record):
    """The invoice was sent to somebody for approval; `to` is empty when it is anybody's who may."""

    by: str
    at: datetime
    to: str = ""


class Invoice(Record):
    """One invoice of one company (the client whose books these are), at one version of its state.

    `orders_seen` is the fingerprint of all orders and of the policy that it was matched with, `terms_seen` that of the
    terms of the lines that it bills; `audit_hash` seals its audit trail up to this version. `invoice_type` is a
    person's choice, `resolution` what people did with the lines, `codings` where people post lines that bill no order;
    `proposals` say where such lines went before, `taught` what links by hand say of the vendor's item codes.
    `attempts` counts how often the sweep found it resting in a state that a step should move.
    """

    company: str
    id: str
    version: int
    status: Status
    reasons: tuple[Reason, ...] = ()
    received_at: datetime
    changed_at: datetime
    document: Document
    raised_by: str | None = None
    attempts: int = 0
    captured: CapturedInvoice | None = None
    vendor_id: str | None = None
    duplicate_of: str | None = None
    orders_seen: str = ""
    terms_seen: str = ""
    match: MatchResult | None = None
    invoice_type: InvoiceType | None = None
    resolution: Resolution = NOTHING_DONE
    codings: dict[int, Coding] = {}
    proposals: dict[int, Proposal] = {}
    taught: tuple[LinkByHand, ...] = ()
    recurrence: Recurrence | None = None
    exceptions: tuple[MatchException, ...] = ()
    receipt_requests: tuple[ReceiptRequest, ...] = ()
    on_hold: Hold | None = None
    sent_for_approval: Routing | None = None
    approval: Approval | None = None
    bill: BillReference | None = None
    audit_hash: str = FIRST_HASH
