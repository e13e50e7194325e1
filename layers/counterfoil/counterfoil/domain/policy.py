"""What a company allows: how strictly lines are matched, with which tolerances, in which units, and where they post.

Every default is the strict one: no tolerance, nothing approved by itself, no unit converted that nobody declared.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from counterfoil.domain.capture_policy import CapturePolicy
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import LineKind
from counterfoil.domain.orders import SEGMENT_NAME
from counterfoil.domain.records import Record

HUNDRED = Decimal(100)
LINE_SEGMENTS_MAX = 20

Limit = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Segment = Annotated[str, Field(pattern=rf"^(?:{SEGMENT_NAME})$")]
Factor = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


class MatchMode(StrEnum):
    """`auto` goes by the item's kind: what the ERP receives is matched with its receipts, the rest is not."""

    AUTO = "auto"
    TWO_WAY = "2way"
    THREE_WAY = "3way"
    NONE = "none"


class Side(StrEnum):
    """`both`: the limit holds above and below. `over`: only what costs us more is held to the limit."""

    BOTH = "both"
    OVER = "over"


class Threshold(Record):
    """How far a value may be from the order's: absolute, in percent of the order's value, or the stricter of both.

    Neither set tolerates nothing. A difference equal to the limit is within it. With `warn_percent` a difference
    above it is still within, but is flagged.
    """

    absolute: Limit | None = None
    percent: Limit | None = None
    side: Side = Side.BOTH
    warn_percent: Limit | None = None

    def limit(self, reference: Decimal) -> Decimal:
        """The largest difference allowed from `reference`: zero when nothing is set."""
        limits = []
        if self.absolute is not None:
            limits.append(self.absolute)
        if self.percent is not None:
            limits.append(abs(reference) * self.percent / HUNDRED)
        return min(limits, default=Decimal(0))

    def allows(self, difference: Decimal, reference: Decimal) -> bool:
        """Whether `difference` (billed less ordered) from `reference` is within."""
        if not self.is_set:
            return difference == 0
        if self.side == Side.OVER and difference < 0:
            return True
        return abs(difference) <= self.limit(reference)

    def warns(self, difference: Decimal, reference: Decimal) -> bool:
        """Whether a difference that is allowed is still worth a flag."""
        if self.warn_percent is None or (self.side == Side.OVER and difference < 0):
            return False
        return abs(difference) > abs(reference) * self.warn_percent / HUNDRED

    @property
    def is_set(self) -> bool:
        return self.absolute is not None or self.percent is not None


class Axis(StrEnum):
    """What is compared: quantity and rate of an item line, amount of an expense line."""

    QUANTITY = "quantity"
    RATE = "rate"
    AMOUNT = "amount"


class Thresholds(Record):
    """The tolerances of a company, one for each axis; None leaves the axis to a wider rule."""

    quantity: Threshold | None = None
    rate: Threshold | None = None
    amount: Threshold | None = None

    def on(self, axis: Axis) -> Threshold | None:
        found: Threshold | None = getattr(self, axis.value)
        return found


class Scope(StrEnum):
    """What a tolerance is for, the most specific first: that order is the precedence."""

    ITEM = "item"
    VENDOR = "vendor"
    CATEGORY = "category"
    SUBSIDIARY = "subsidiary"


class ScopedThresholds(Thresholds):
    """Tolerances of one item, vendor, category or subsidiary, for invoices dated from `since` through `until`."""

    scope: Scope
    key: str
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"until {self.until} is before since {self.since}")
        return self

    def is_effective(self, on: date | None) -> bool:
        """Whether it holds for an invoice of that date; an undated invoice gets undated tolerances only."""
        if on is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


class Subject(NamedTuple):
    """What a rule is looked up for: one order line's item, vendor, category and subsidiary, and the invoice's date."""

    item: str | None = None
    vendor: str | None = None
    category: str | None = None
    subsidiary: str | None = None
    on: date | None = None


class QuantityBasis(StrEnum):
    """What a two-way line's quantity must equal: all that was ordered, or what earlier bills left of it."""

    ORDERED = "ordered"
    REMAINING = "remaining"


EXACT = Threshold()


class MatchPolicy(Record):
    """How one company matches. `version` is stored with each decision made under it.

    `unit_conversions` reads `{"case": {"ea": 12}}`: one case is 12 ea; `item_unit_conversions` the same by item code
    and goes first. `charges` are the limits up to which a charge that no order names passes; a kind that is missing
    never does. `vendor_merges` maps a retired vendor's id to its survivor's. `aliases` maps a vendor's id to what its
    item codes mean in ours. `overcharge_cap` limits what all invoices together may charge above an order line's price.
    """

    version: int = 0
    mode: MatchMode = MatchMode.AUTO
    item_modes: dict[str, MatchMode] = {}
    vendor_modes: dict[str, MatchMode] = {}
    category_modes: dict[str, MatchMode] = {}
    thresholds: Thresholds = Thresholds()
    scoped_thresholds: tuple[ScopedThresholds, ...] = ()
    two_way_quantity: QuantityBasis = QuantityBasis.ORDERED
    unit_conversions: dict[str, dict[str, Factor]] = {}
    item_unit_conversions: dict[str, dict[str, dict[str, Factor]]] = {}
    charges: dict[LineKind, Threshold] = {}
    overcharge_cap: Threshold | None = None
    vendor_merges: dict[str, str] = {}
    aliases: dict[str, dict[str, str]] = {}
    approvers_can_edit: bool = False

    def mode_for(self, subject: Subject) -> tuple[MatchMode, str]:
        """The mode and which rule set it: item before vendor before category before company."""
        if subject.item in self.item_modes:
            return self.item_modes[subject.item], "item"
        if subject.vendor is not None:
            for vendor in (subject.vendor, *sorted(self.vendor_modes)):
                if vendor in self.vendor_modes and self.surviving_vendor(vendor) == subject.vendor:
                    return self.vendor_modes[vendor], "vendor"
        if subject.category in self.category_modes:
            return self.category_modes[subject.category], "category"
        return self.mode, "company"

    def threshold_for(self, axis: Axis, subject: Subject) -> tuple[Threshold, str]:
        """The tolerance and which rule set it: item, vendor, category, subsidiary, then company."""
        for scope in Scope:
            key: str | None = getattr(subject, scope.value)
            for rule in self.scoped_thresholds:
                threshold = rule.on(axis)
                its = self.surviving_vendor(rule.key) if rule.scope == Scope.VENDOR else rule.key
                if threshold is not None and rule.scope == scope and its == key and rule.is_effective(subject.on):
                    return threshold, scope.value
        return self.thresholds.on(axis) or EXACT, "company"

    def surviving_vendor(self, vendor_id: str) -> str:
        """The vendor that a merged record became; itself when it was not merged."""
        if vendor_id not in self.vendor_merges:
            return vendor_id
        seen = {vendor_id}
        while (survivor := self.vendor_merges.get(vendor_id)) is not None and survivor not in seen:
            seen.add(survivor)
            vendor_id = survivor
        return vendor_id


class CompanySettings(Record):
    """One company's settings. `approve_automatically_max` is in the company's `currency`; None approves nothing.
    With `post_automatically` false an approved invoice waits until somebody posts it. `receipt_due_days` and
    `exception_due_days` are how long whoever is asked has to answer.

    `identity` is what documents call the company itself, `capture` what it asks of a reading. `accounts` maps a kind of
    charge to the ERP's account id it posts to. `erp_time_zone` is the IANA name of the time zone that the ERP's account
    keeps, `vendor_iban_field` the vendor record's own field for a bank account (None: it has none), `line_segments` the
    account's own fields that order and bill lines are coded by: custom segments (`cseg_region`) and line fields
    (`custcol_lot`) of text or chosen from a list. `erp_bill_page` is where the ERP shows a bill to people, with `{id}`
    for the bill's internal id; empty for no link.
    """

    company: str
    currency: str | None = None
    identity: CompanyIdentity = CompanyIdentity()
    capture: CapturePolicy = CapturePolicy()
    match: MatchPolicy = MatchPolicy()
    approve_automatically_max: Limit | None = None
    post_automatically: bool = True
    receipt_due_days: Annotated[int, Field(ge=1, le=90)] = 5
    exception_due_days: Annotated[int, Field(ge=1, le=90)] = 5
    accounts: dict[LineKind, str] = {}
    erp_time_zone: str = "UTC"
    vendor_iban_field: str | None = None
    line_segments: Annotated[tuple[Segment, ...], Field(max_length=LINE_SEGMENTS_MAX)] = ()
    erp_bill_page: str = ""
