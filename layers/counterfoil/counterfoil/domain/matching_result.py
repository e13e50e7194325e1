"""What matching decided, line by line, with everything needed to explain it and to decide it again."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.orders import Coding
from counterfoil.domain.records import Record

# Flags that keep an invoice from being approved whatever its lines say.
BLOCKING_FLAGS = frozenset({"currency_mismatch", "vendor_unknown", "total_mismatch", "credit_signs_mixed", "no_lines"})


# Evidence that says what a line is; without any of it only numbers speak, and then for one order line only.
NAMES = frozenset({"line_reference", "item_code", "vendor_item_code", "alias", "code_in_description", "description"})
# Flags that a person should see before money is paid, although every line agrees.
DOUBT_FLAGS = frozenset(
    {
        "order_number_read_differently",
        "order_ambiguous",
        "order_not_found",
        "order_not_open",
        "order_of_other_vendor",
        "description_differs",
        "code_of_another_item",
        "goods_taken_back",
        "price_creep",
        "quantity_near_limit",
        "rate_near_limit",
        "amount_near_limit",
    }
)


class LineStatus(StrEnum):
    """From harmless to grave; a line's status is the gravest of its conditions."""

    PERFECT_MATCH = "perfect_match"
    QUANTITY_THRESHOLD = "quantity_threshold"
    RATE_THRESHOLD = "rate_threshold"
    AMOUNT_THRESHOLD = "amount_threshold"
    AMOUNT_MISMATCH = "amount_mismatch"
    QUANTITY_MISMATCH = "quantity_mismatch"
    RATE_MISMATCH = "rate_mismatch"
    UNLINKED = "unlinked"

    @property
    def passes(self) -> bool:
        return self in _PASSING


_PASSING = frozenset(
    {
        LineStatus.PERFECT_MATCH,
        LineStatus.QUANTITY_THRESHOLD,
        LineStatus.RATE_THRESHOLD,
        LineStatus.AMOUNT_THRESHOLD,
    }
)


class MatchType(StrEnum):
    TWO_WAY = "2way"
    THREE_WAY = "3way"
    NONE = "none"


class InvoiceType(StrEnum):
    PO_INVOICE = "po_invoice"
    INVOICE = "invoice"


class OrderLineLink(Record):
    """One order line that an invoice line bills, and how much of it (amount for an expense line).

    `over` is how much of `quantity` went beyond what was free when it was decided: what a tolerance or a person let by.
    """

    order_id: str
    po_number: str
    line: int
    quantity: Decimal
    over: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"{self.po_number}:{self.line}"


class LineMatch(Record):
    """One invoice line's decision.

    `awaits_receipt` is true when more goods arriving is all that is missing. `explain` is a sentence with numbers.
    `is_waived`: the strategy is not to match this line, so that it stops nothing although it is not linked.
    `evidence` is what the link rests on, each with its share of the score; `rules` names which rule set the mode and
    each tolerance that was used. `overcharge` is what the line charges above the order's price, in money; below zero
    what a credit without goods takes back of it.

    `expected_*` is the order's side, quantities and rates in its unit. Lines that bill one order line together share
    their quantities (or amounts, for an expense line): both sides are then those of all of them.
    """

    line: int
    links: tuple[OrderLineLink, ...] = ()
    status: LineStatus
    conditions: tuple[LineStatus, ...] = ()
    match_type: MatchType | None = None
    awaits_receipt: bool = False
    is_waived: bool = False
    is_charge: bool = False
    explain: str = ""
    coding: Coding = Coding()
    expected_quantity: Decimal | None = None
    billed_quantity: Decimal | None = None
    expected_rate: Decimal | None = None
    billed_rate: Decimal | None = None
    expected_amount: Decimal | None = None
    billed_amount: Decimal | None = None
    overcharge: Decimal = Decimal(0)
    evidence: dict[str, int] = {}
    rules: dict[str, str] = {}

    @property
    def is_price_credit(self) -> bool:
        """A credit that takes back money and no goods."""
        return self.overcharge < 0

    @property
    def link(self) -> str | None:
        """`PO-1:2`, `A:1+A:2` for several order lines, None when unlinked."""
        return "+".join(map(str, self.links)) or None


class MatchResult(Record):
    """The whole invoice's decision. `order_versions` are the versions of the orders that it was decided on."""

    invoice_type: InvoiceType
    lines: tuple[LineMatch, ...]
    approvable: bool
    flags: tuple[str, ...] = ()
    order_versions: dict[str, int] = {}
    policy_version: int = 0

    @property
    def is_doubtful(self) -> bool:
        """Something about it wants a person's look, so it must not approve itself."""
        return bool(DOUBT_FLAGS.intersection(self.flags))

    @property
    def awaits_receipt(self) -> bool:
        """Nothing is wrong but goods that have not come."""
        return not self.approvable and all(
            line.status.passes or line.is_waived or line.awaits_receipt for line in self.lines
        )
