"""What people may do with the lines of a matched invoice, who may, and what is left to do with the invoice.

Actions never change what the rules decided: they stand beside it. An action holds only for what the person saw; when
the numbers change under it, it lapses and the line speaks for itself again.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from counterfoil.domain.matching_result import BLOCKING_FLAGS, LineMatch, LineStatus, MatchResult
from counterfoil.domain.records import Record


class LineAction(StrEnum):
    ACCEPT = "accept"
    AWAIT_RECEIPT = "await_receipt"
    DISPUTE = "dispute"
    REJECT = "reject"
    RECALL = "recall"
    NEW_LINE = "new_line"
    LINK = "link"
    UNLINK = "unlink"


class InvoiceAction(StrEnum):
    APPROVE = "approve"
    MARK_APPROVED = "mark_approved"
    SEND_FOR_APPROVAL = "send_for_approval"
    RECALL = "recall"
    HOLD = "hold"
    DELETE = "delete"
    RERUN_LINKING = "rerun_linking"
    POST = "post"


class Stage(StrEnum):
    """How far an invoice is on its way to approval."""

    NEEDS_REVIEW = "needs_review"
    NEEDS_APPROVERS = "needs_approvers"
    READY_FOR_APPROVAL = "ready_for_approval"
    AWAITING_APPROVAL = "awaiting_approval"
    READY_TO_POST = "ready_to_post"
    POSTED = "posted"


class Right(StrEnum):
    """What a person may do with a matched invoice."""

    MANAGE_RATE_AMOUNT_MISMATCHES = "manage_rate_amount_mismatches"
    MANAGE_QUANTITY_MISMATCHES = "manage_quantity_mismatches"
    MANAGE_NEW_LINES = "manage_new_lines"
    EDIT = "edit"
    APPROVE = "approve"


class Actor(Record):
    """Who acts: rights, and whether they act as an approver, for whom editing is a setting."""

    rights: frozenset[Right]

    def may(self, right: Right, *, approvers_can_edit: bool = False) -> bool:
        if right == Right.EDIT and approvers_can_edit and Right.APPROVE in self.rights:
            return True
        return right in self.rights


ENTITLEMENTS = frozenset(
    {Right.MANAGE_RATE_AMOUNT_MISMATCHES, Right.MANAGE_QUANTITY_MISMATCHES, Right.MANAGE_NEW_LINES}
)
AP_MANAGER = Actor(rights=frozenset(Right))
INVOICE_APPROVER = Actor(rights=frozenset({Right.APPROVE}))
PO_INVOICE_APPROVER = Actor(rights=ENTITLEMENTS | {Right.APPROVE})

# Which entitlement a status asks for.
RIGHT_FOR = {
    LineStatus.RATE_MISMATCH: Right.MANAGE_RATE_AMOUNT_MISMATCHES,
    LineStatus.RATE_THRESHOLD: Right.MANAGE_RATE_AMOUNT_MISMATCHES,
    LineStatus.AMOUNT_MISMATCH: Right.MANAGE_RATE_AMOUNT_MISMATCHES,
    LineStatus.AMOUNT_THRESHOLD: Right.MANAGE_RATE_AMOUNT_MISMATCHES,
    LineStatus.QUANTITY_MISMATCH: Right.MANAGE_QUANTITY_MISMATCHES,
    LineStatus.QUANTITY_THRESHOLD: Right.MANAGE_QUANTITY_MISMATCHES,
    LineStatus.UNLINKED: Right.MANAGE_NEW_LINES,
}
TOLERATED = frozenset({LineStatus.QUANTITY_THRESHOLD, LineStatus.RATE_THRESHOLD, LineStatus.AMOUNT_THRESHOLD})
# Actions that settle a line, and those that hold the whole invoice until they are recalled.
SETTLING = frozenset({LineAction.ACCEPT, LineAction.NEW_LINE})
HOLDING = frozenset({LineAction.AWAIT_RECEIPT, LineAction.DISPUTE, LineAction.REJECT})

# What each stage offers; approving of any kind is hidden until every line is resolved.
OFFERED: dict[Stage, tuple[InvoiceAction, ...]] = {
    Stage.NEEDS_REVIEW: (InvoiceAction.RERUN_LINKING,),
    Stage.NEEDS_APPROVERS: (InvoiceAction.MARK_APPROVED, InvoiceAction.RERUN_LINKING),
    Stage.READY_FOR_APPROVAL: (
        InvoiceAction.SEND_FOR_APPROVAL,
        InvoiceAction.MARK_APPROVED,
        InvoiceAction.RERUN_LINKING,
    ),
    Stage.AWAITING_APPROVAL: (InvoiceAction.APPROVE, InvoiceAction.MARK_APPROVED, InvoiceAction.RERUN_LINKING),
    Stage.READY_TO_POST: (InvoiceAction.POST,),
    Stage.POSTED: (),
}
APPROVING = frozenset({InvoiceAction.APPROVE, InvoiceAction.MARK_APPROVED})
LEFT_WHEN_HELD = (InvoiceAction.DELETE, InvoiceAction.RECALL, InvoiceAction.HOLD, InvoiceAction.RERUN_LINKING)


class ActionRefused(ValueError):
    """An action that is declined and changes nothing. `code` names the rule, `detail` says it to a person."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


class Taken(Record):
    """An action on a line, who took it, and the line's decision as that person saw it."""

    action: LineAction
    by: str = ""
    seen: LineMatch


class Resolution(Record):
    """What people did with the lines. `hand_links` maps a line to the order lines (order id, line) given it by hand,
    to none when it was unlinked; `recalled` are lines whose tolerated difference a person does not let by."""

    taken: dict[int, Taken] = {}
    hand_links: dict[int, tuple[tuple[str, int], ...]] = {}
    recalled: dict[int, LineMatch] = {}


NOTHING_DONE = Resolution()


def act(
    resolution: Resolution,
    result: MatchResult,
    number: int,
    action: LineAction,
    actor: Actor,
    *,
    by: str = "",
) -> Resolution:
    """The resolution with an action taken on a line. `ActionRefused` when the line or the person does not allow it."""
    resolution = standing(resolution, result)
    line = line_of(result, number)
    if action == LineAction.RECALL:
        return _recalled(resolution, line, actor)
    if number in resolution.taken:
        earlier = resolution.taken[number].action
        raise ActionRefused("recall_first", f"line {number}: {earlier.value} was taken; recall it first")
    _check_offered(resolution, line, action)
    _check_entitled(line, action, actor)
    taken = {**resolution.taken, number: Taken(action=action, by=by, seen=line)}
    recalled = {other: seen for other, seen in resolution.recalled.items() if other != number}
    return resolution.model_copy(update={"taken": taken, "recalled": recalled})


def link(
    resolution: Resolution,
    result: MatchResult,
    number: int,
    order_lines: Iterable[tuple[str, int]],
    actor: Actor,
    *,
    approvers_can_edit: bool = False,
) -> Resolution:
    """The resolution with a line linked by hand, to no order line when it is unlinked. What was done with it lapses.

    Whether the order lines can be billed is decided where the invoice is matched again with them.
    """
    line = line_of(result, number)
    wanted = tuple(order_lines)
    if not wanted and not line.links:
        raise ActionRefused("not_linked", f"line {number} is not linked")
    if not actor.may(Right.EDIT, approvers_can_edit=approvers_can_edit):
        raise ActionRefused("not_entitled", "linking and unlinking lines takes the right to edit invoices")
    return Resolution(
        taken={other: taken for other, taken in resolution.taken.items() if other != number},
        hand_links={**resolution.hand_links, number: wanted},
        recalled={other: seen for other, seen in resolution.recalled.items() if other != number},
    )


def rerun(actor: Actor, *, approvers_can_edit: bool = False) -> Resolution:
    """Linking starts again from nothing: what people did is gone."""
    if not actor.may(Right.EDIT, approvers_can_edit=approvers_can_edit):
        raise ActionRefused("not_entitled", "linking again takes the right to edit invoices")
    return NOTHING_DONE


def standing(resolution: Resolution, result: MatchResult) -> Resolution:
    """What still holds after the invoice was matched again.

    An acceptance lapses when the line passes by itself, or when the numbers that the person saw are not these any
    more. Waiting for a receipt ends when no quantity is missing. A dispute and a rejection stand until recalled.
    """
    lines = {line.line: line for line in result.lines}
    taken = {
        number: each for number, each in resolution.taken.items() if number in lines and _stands(each, lines[number])
    }
    recalled = {
        number: seen
        for number, seen in resolution.recalled.items()
        if number in lines and lines[number].status in TOLERATED
    }
    return resolution.model_copy(update={"taken": taken, "recalled": recalled})


def is_settled(resolution: Resolution, line: LineMatch) -> bool:
    """Whether nothing keeps this line from being paid."""
    taken = resolution.taken.get(line.line)
    if taken is not None:
        return taken.action in SETTLING
    return line.status.passes and line.line not in resolution.recalled


def is_approvable(resolution: Resolution, result: MatchResult) -> bool:
    """Whether the invoice can be approved: every line passes or is settled, and nothing holds the whole of it."""
    resolution = standing(resolution, result)
    if not result.lines or BLOCKING_FLAGS.intersection(result.flags):
        return False
    return all(line.is_waived or is_settled(resolution, line) for line in result.lines) and not is_held(resolution)


def is_held(resolution: Resolution) -> bool:
    """Whether a line is rejected, disputed or awaits its receipt."""
    return any(taken.action in HOLDING for taken in resolution.taken.values())


def invoice_actions(
    resolution: Resolution, result: MatchResult, stage: Stage = Stage.READY_FOR_APPROVAL
) -> tuple[InvoiceAction, ...]:
    """All that can be done with the invoice as it stands."""
    if stage in (Stage.READY_TO_POST, Stage.POSTED):
        return OFFERED[stage]
    if is_held(standing(resolution, result)):
        return LEFT_WHEN_HELD
    approvable = is_approvable(resolution, result)
    return tuple(action for action in OFFERED[stage] if approvable or action not in APPROVING)


def awaits_receipt(resolution: Resolution, result: MatchResult) -> bool:
    """Whether goods that have not come are all that keeps the invoice: by the numbers, or because a person waits."""
    waits = False
    for line in result.lines:
        taken = resolution.taken.get(line.line)
        if taken is not None and taken.action == LineAction.AWAIT_RECEIPT:
            waits = True
        elif taken is not None and taken.action in HOLDING:
            return False
        elif not line.is_waived and not is_settled(resolution, line):
            if not line.awaits_receipt or line.line in resolution.recalled:
                return False
            waits = True
    return waits and not BLOCKING_FLAGS.intersection(result.flags)


def settled_by(resolution: Resolution) -> dict[int, str]:
    """The lines that people accepted or added as new, and who did."""
    return {number: taken.by for number, taken in resolution.taken.items() if taken.action in SETTLING}


def is_untouched(resolution: Resolution) -> bool:
    """Whether no person did anything with the lines: only then may an invoice approve itself."""
    return not (resolution.taken or resolution.hand_links or resolution.recalled)


def offered_actions(resolution: Resolution, line: LineMatch, actor: Actor) -> tuple[LineAction, ...]:
    """What the person may do with a line as it stands, linking it by hand included."""
    found = []
    for action in LineAction:
        try:
            if action == LineAction.RECALL:
                _recalled(resolution, line, actor)
            elif line.line in resolution.taken:
                continue
            else:
                _check_offered(resolution, line, action)
                _check_entitled(line, action, actor)
        except ActionRefused:
            continue
        found.append(action)
    return tuple(found)


def accepted(resolution: Resolution) -> frozenset[int]:
    """The lines that people accepted as they are: what `claims_of` counts beside those that pass."""
    return frozenset(number for number, taken in resolution.taken.items() if taken.action == LineAction.ACCEPT)


def line_of(result: MatchResult, number: int) -> LineMatch:
    """The decision on a line; `ActionRefused` when the invoice has no such line."""
    for line in result.lines:
        if line.line == number:
            return line
    raise ActionRefused("no_such_line", f"the invoice has no line {number}")


def _recalled(resolution: Resolution, line: LineMatch, actor: Actor) -> Resolution:
    number = line.line
    taken = resolution.taken.get(number)
    if taken is not None:
        _check_entitled(taken.seen, taken.action, actor)
        rest = {other: each for other, each in resolution.taken.items() if other != number}
        again = {number: taken.seen} if taken.seen.status in TOLERATED else {}
        return resolution.model_copy(update={"taken": rest, "recalled": {**resolution.recalled, **again}})
    if line.status.passes and line.status != LineStatus.PERFECT_MATCH and number not in resolution.recalled:
        _check_entitled(line, LineAction.RECALL, actor)
        return resolution.model_copy(update={"recalled": {**resolution.recalled, number: line}})
    raise ActionRefused("nothing_to_recall", f"line {number}: no action was taken on it")


def _check_offered(resolution: Resolution, line: LineMatch, action: LineAction) -> None:
    """Each action belongs to some statuses: accept to mismatches, await receipt to quantity, new line to unlinked."""
    is_recalled = line.line in resolution.recalled
    is_mismatch = is_recalled or (not line.status.passes and line.status != LineStatus.UNLINKED)
    offered = {
        LineAction.ACCEPT: is_mismatch,
        LineAction.AWAIT_RECEIPT: LineStatus.QUANTITY_MISMATCH in line.conditions or line.awaits_receipt,
        LineAction.DISPUTE: is_mismatch or line.status == LineStatus.UNLINKED,
        LineAction.REJECT: is_mismatch or line.status == LineStatus.UNLINKED,
        LineAction.NEW_LINE: line.status == LineStatus.UNLINKED,
    }
    if not offered.get(action, False):
        raise ActionRefused(
            "not_offered", f"line {line.line}: {action.value} is not offered on {line.status.value.replace('_', ' ')}"
        )


def _check_entitled(line: LineMatch, action: LineAction, actor: Actor) -> None:
    """To settle a line takes an entitlement for everything that is wrong with it; to hold it, for one thing."""
    needed = {RIGHT_FOR[condition] for condition in line.conditions or (line.status,) if condition in RIGHT_FOR}
    if action == LineAction.AWAIT_RECEIPT and LineStatus.QUANTITY_MISMATCH in line.conditions:
        needed = {Right.MANAGE_QUANTITY_MISMATCHES}
    missing = {right for right in needed if not actor.may(right)}
    is_refused = missing if action not in HOLDING else missing == needed
    if is_refused:
        names = ", ".join(sorted(right.value for right in missing))
        raise ActionRefused("not_entitled", f"line {line.line}: {action.value} takes {names}")


def _stands(taken: Taken, line: LineMatch) -> bool:
    if taken.action == LineAction.AWAIT_RECEIPT:
        return LineStatus.QUANTITY_MISMATCH in line.conditions or line.awaits_receipt
    return taken.action in HOLDING or _looks_like(line, taken.seen)


def _looks_like(line: LineMatch, seen: LineMatch) -> bool:
    """The same decision on the same numbers."""
    shown = (
        *("links", "conditions", "explain", "expected_quantity", "billed_quantity", "expected_rate", "billed_rate"),
        *("expected_amount", "billed_amount"),
    )
    return all(getattr(line, name) == getattr(seen, name) for name in shown)
