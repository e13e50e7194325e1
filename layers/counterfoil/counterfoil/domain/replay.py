"""Decisions kept with everything they were made on, so that they can be made again: as they were, to show that nothing
else decided them, or under other settings, to show what a change of policy would have let by or held.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.decisions import Decision
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.matching_result import LineMatch, MatchResult
from counterfoil.domain.orders import ZERO
from counterfoil.domain.policy import MatchPolicy
from counterfoil.domain.records import Record


class Effect(StrEnum):
    """What other settings would have done to an invoice."""

    SAME = "same"
    PASSES_NOW = "passes_now"
    STOPS_NOW = "stops_now"
    EXPLAINED_OTHERWISE = "explained_otherwise"


class Change(Record):
    """One invoice under other settings.

    `overcharge` is what it bills above what its orders say is due, in its currency: paid without a question where it
    passes now, questioned where it stops now. `lines` are the numbers of those decided otherwise.
    """

    invoice_id: str
    effect: Effect
    currency: str | None
    amount: Decimal
    overcharge: Decimal
    lines: tuple[int, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Sum(Record):
    """All changes of one effect in one currency."""

    effect: Effect
    currency: str | None
    invoices: int
    amount: Decimal
    overcharge: Decimal


def replay(decision: Decision, policy: MatchPolicy | None = None) -> MatchResult:
    """The decision made again, under its own policy or another."""
    return match_invoice(
        decision.captured,
        decision.orders,
        policy or decision.policy,
        invoice_id=decision.invoice_id,
        vendor_id=decision.vendor_id,
        prices_include_tax=decision.prices_include_tax,
        invoice_type=decision.invoice_type,
        hand_links=decision.hand_links,
    )


def simulate(decisions: Iterable[Decision], policy: MatchPolicy) -> list[Change]:
    """What `policy` would have decided on each, in their order."""
    return [_change(decision, replay(decision, policy)) for decision in decisions]


def sums(changes: Iterable[Change]) -> list[Sum]:
    """The changes counted and added up by effect and currency."""
    grouped: dict[tuple[Effect, str | None], list[Change]] = {}
    for change in changes:
        grouped.setdefault((change.effect, change.currency), []).append(change)
    order = list(Effect)
    return [
        Sum(
            effect=effect,
            currency=currency,
            invoices=len(group),
            amount=sum((change.amount for change in group), ZERO),
            overcharge=sum((change.overcharge for change in group), ZERO),
        )
        for (effect, currency), group in sorted(
            grouped.items(), key=lambda item: (order.index(item[0][0]), item[0][1] or "")
        )
    ]


def _change(decision: Decision, after: MatchResult) -> Change:
    before = decision.result
    earlier = {line.line: line for line in before.lines}
    changed = [line for line in after.lines if _differs(earlier.get(line.line), line)]
    if before.approvable != after.approvable:
        effect = Effect.PASSES_NOW if after.approvable else Effect.STOPS_NOW
    else:
        effect = Effect.EXPLAINED_OTHERWISE if changed else Effect.SAME
    return Change(
        invoice_id=decision.invoice_id,
        effect=effect,
        currency=decision.captured.currency,
        amount=_amount(decision.captured),
        overcharge=overcharge_of(after),
        lines=tuple(line.line for line in changed),
        before=tuple(earlier[line.line].status.value for line in changed if line.line in earlier),
        after=tuple(line.status.value for line in changed),
    )


def _differs(before: LineMatch | None, after: LineMatch) -> bool:
    return before is None or (before.conditions, before.link) != (after.conditions, after.link)


def _amount(captured: CapturedInvoice) -> Decimal:
    if captured.gross_total is not None:
        return captured.gross_total
    lines = [(line.amount, line.quantity, line.unit_price) for line in captured.lines]
    return sum(
        ((quantity or ZERO) * (price or ZERO) if amount is None else amount for amount, quantity, price in lines), ZERO
    )


def overcharge_of(result: MatchResult) -> Decimal:
    """What an invoice bills above what is due: quantity and rate of its lines against the orders', below it nothing.

    Lines that bill one order line together are counted once.
    """
    over: dict[str | None, Decimal] = {}
    for line in result.lines:
        if line.links:
            over[line.link] = max(over.get(line.link, ZERO), _over(line))
    return sum(over.values(), ZERO)


def _over(line: LineMatch) -> Decimal:
    if line.billed_amount is not None and line.expected_amount is not None:
        return max(line.billed_amount - line.expected_amount, ZERO)
    sides = (line.billed_quantity, line.billed_rate, line.expected_quantity, line.expected_rate)
    billed_quantity, billed_rate, expected_quantity, expected_rate = sides
    if billed_quantity is None or billed_rate is None or expected_quantity is None or expected_rate is None:
        return ZERO
    return max(billed_quantity * billed_rate - expected_quantity * expected_rate, ZERO)
