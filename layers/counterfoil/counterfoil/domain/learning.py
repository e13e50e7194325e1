"""What people teach: which of our items a vendor's code means, and where its invoices without an order are posted.

Counting, not guessing: a proposal rests on named past decisions, needs more than one of them, and is forgotten when it
is not seen for long or when people decide otherwise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from counterfoil.domain.coding import CodedLine, LinkByHand, PostedInvoice, Proposal, Recurrence
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.wording import code_of, similarity, words_of

CONFIRMATIONS_MIN = 2
REMEMBERED_DAYS = 730
SIMILAR_MIN = 72
RECURRENCES_MIN = 3
# Days between invoices that come regularly, and how many days they may be early or late.
PERIODS = {"weekly": (7, 1), "monthly": (30, 4), "quarterly": (91, 8), "yearly": (365, 15)}


def aliases(links: Iterable[LinkByHand], *, today: date) -> dict[str, dict[str, str]]:
    """What each vendor's codes mean, as `MatchPolicy.aliases` takes it.

    Learned when people confirmed it at least twice more than they took it away, and no other item for the code.
    """
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for link in links:
        code = code_of(link.vendor_code)
        if not code or today - link.on > timedelta(days=REMEMBERED_DAYS):
            continue
        votes[link.vendor_id, code][link.item_code] += 1 if link.is_confirmed else -1
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for (vendor_id, code), counted in sorted(votes.items()):
        liked = [item for item, count in counted.items() if count > 0]
        if len(liked) == 1 and counted[liked[0]] >= CONFIRMATIONS_MIN:
            found[vendor_id][code] = liked[0]
    return dict(found)


def propose_coding(
    history: Iterable[CodedLine], *, vendor_ids: Collection[str], description: str, today: date
) -> Proposal | None:
    """How the vendor's like lines were coded before; None when too few were, or when they were not coded alike."""
    words = words_of(description)
    like = [
        line
        for line in history
        if line.vendor_id in vendor_ids
        and today - line.on <= timedelta(days=REMEMBERED_DAYS)
        and similarity(words, words_of(line.description)) >= SIMILAR_MIN
    ]
    if len({line.invoice_id for line in like}) < CONFIRMATIONS_MIN:
        return None
    like.sort(key=lambda line: line.on, reverse=True)
    coding = like[0].coding
    same = [line for line in like if line.coding == coding]
    # The last one decides only when most of the others agree with it.
    if len(same) * 2 <= len(like):
        return None
    invoices = tuple(dict.fromkeys(line.invoice_id for line in same))
    return Proposal(
        coding=coding,
        reason=f"{len(same)} of {len(like)} like lines of this vendor were coded so, the last on {same[0].on}",
        invoices=invoices,
    )


def posted_lesson(invoice: Invoice, on: date) -> PostedInvoice | None:
    """What a posted invoice teaches for its vendor's next ones; None when people taught nothing by it."""
    captured, result = invoice.captured, invoice.match
    if captured is None or result is None or invoice.vendor_id is None or captured.gross_total is None:
        return None
    dated = captured.issue_date or on
    unlinked = {line.line: line for line in result.lines if not line.links}
    lines = []
    for billed in captured.billed_lines:
        coding = invoice.codings.get(billed.line)
        if billed.line in unlinked and coding is not None and coding.account and billed.amount is not None:
            lines.append(
                CodedLine(
                    invoice_id=invoice.id,
                    vendor_id=invoice.vendor_id,
                    description=billed.description,
                    amount=billed.amount,
                    on=dated,
                    coding=coding,
                )
            )
    if not lines and not invoice.taught and result.invoice_type != InvoiceType.INVOICE:
        return None
    return PostedInvoice(
        company=invoice.company,
        vendor_id=invoice.vendor_id,
        invoice_id=invoice.id,
        on=dated,
        gross_total=captured.gross_total,
        currency=captured.currency or "",
        lines=tuple(lines),
        links=invoice.taught,
    )


def recurrence(invoices: Iterable[tuple[date, Decimal]]) -> Recurrence | None:
    """Whether one vendor's invoices (date, amount) come at a regular distance; None when they do not."""
    dated = sorted(invoices)
    if len(dated) < RECURRENCES_MIN:
        return None
    days = [(later - earlier).days for (earlier, _), (later, _) in pairwise(dated)]
    for period, (distance, slack) in PERIODS.items():
        if all(abs(each - distance) <= slack for each in days):
            return Recurrence(
                period=period,
                amount=median(amount for _, amount in dated),
                next_on=dated[-1][0] + timedelta(days=distance),
                invoices=len(dated),
            )
    return None
