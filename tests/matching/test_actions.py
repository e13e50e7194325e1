"""What people may do with a matched invoice, who may, and what is left to do with it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.domain import actions
from counterfoil.domain.actions import (
    AP_MANAGER,
    INVOICE_APPROVER,
    LEFT_WHEN_HELD,
    NOTHING_DONE,
    PO_INVOICE_APPROVER,
    ActionRefused,
    Actor,
    InvoiceAction,
    LineAction,
    Resolution,
    Right,
    Stage,
    act,
    awaits_receipt,
    invoice_actions,
    is_approvable,
    is_untouched,
    link,
    offered_actions,
    rerun,
    settled_by,
    standing,
)
from counterfoil.domain.claims import claims_of
from counterfoil.domain.matching_result import LineMatch, LineStatus, MatchResult
from counterfoil.domain.policy import MatchMode, MatchPolicy
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import an_amount, an_expense, an_invoice_of, billed, d, goods, matched, within

A = LineAction
RATE = Actor(rights=frozenset({Right.MANAGE_RATE_AMOUNT_MISMATCHES}))
QUANTITY = Actor(rights=frozenset({Right.MANAGE_QUANTITY_MISMATCHES}))
NEW = Actor(rights=frozenset({Right.MANAGE_NEW_LINES}))

DEAR = matched(an_invoice_of(billed(unit_price=d("5.50"))))
SHORT = matched(an_invoice_of(), an_order(lines=(goods(received=d("6")),)))
BOTH = matched(an_invoice_of(billed(quantity=d("12"), unit_price=d("5.50"))))
EXPENSE = matched(an_invoice_of(an_amount("900")), an_order(lines=(an_expense(),)))
UNLINKED = matched(an_invoice_of(an_amount("35", description="Freight")))
PERFECT = matched(an_invoice_of())
TOLERATED = matched(an_invoice_of(billed(unit_price=d("5.50"))), policy=within("rate", absolute="1"))


def refused(code: str, resolution: Resolution, result: MatchResult, action: A, actor: Actor, line: int = 1) -> None:
    with pytest.raises(ActionRefused) as refusal:
        act(resolution, result, line, action, actor)
    assert refusal.value.code == code
    assert refusal.value.detail == str(refusal.value)


OFFERED = {
    "rate": (DEAR, {A.ACCEPT, A.DISPUTE, A.REJECT}),
    "quantity": (SHORT, {A.ACCEPT, A.AWAIT_RECEIPT, A.DISPUTE, A.REJECT}),
    "rate and quantity": (BOTH, {A.ACCEPT, A.AWAIT_RECEIPT, A.DISPUTE, A.REJECT}),
    "amount": (EXPENSE, {A.ACCEPT, A.DISPUTE, A.REJECT}),
    "unlinked": (UNLINKED, {A.NEW_LINE, A.DISPUTE, A.REJECT}),
    "perfect": (PERFECT, set()),
    "tolerated": (TOLERATED, {A.RECALL}),
}


@pytest.mark.parametrize("action", [action for action in A if action not in (A.LINK, A.UNLINK)])
@pytest.mark.parametrize(("result", "offered"), OFFERED.values(), ids=OFFERED)
def test_each_status_offers_its_actions(result: MatchResult, offered: set[A], action: A) -> None:
    if action in offered:
        act(NOTHING_DONE, result, 1, action, AP_MANAGER)
    else:
        refused("nothing_to_recall" if action == A.RECALL else "not_offered", NOTHING_DONE, result, action, AP_MANAGER)


ENTITLED = {
    "rate": (DEAR, A.ACCEPT, RATE, QUANTITY),
    "amount": (EXPENSE, A.ACCEPT, RATE, QUANTITY),
    "quantity": (SHORT, A.ACCEPT, QUANTITY, RATE),
    "receipt": (SHORT, A.AWAIT_RECEIPT, QUANTITY, RATE),
    "receipt of what is dear too": (BOTH, A.AWAIT_RECEIPT, QUANTITY, RATE),
    "dispute": (DEAR, A.DISPUTE, RATE, QUANTITY),
    "new line": (UNLINKED, A.NEW_LINE, NEW, RATE),
    "reject unlinked": (UNLINKED, A.REJECT, NEW, QUANTITY),
    "tolerated rate": (TOLERATED, A.RECALL, RATE, QUANTITY),
}


@pytest.mark.parametrize(("result", "action", "may", "may_not"), ENTITLED.values(), ids=ENTITLED)
def test_each_action_takes_its_entitlement(result: MatchResult, action: A, may: Actor, may_not: Actor) -> None:
    act(NOTHING_DONE, result, 1, action, may)
    act(NOTHING_DONE, result, 1, action, PO_INVOICE_APPROVER)

    refused("not_entitled", NOTHING_DONE, result, action, may_not)
    refused("not_entitled", NOTHING_DONE, result, action, INVOICE_APPROVER)


def test_to_accept_takes_an_entitlement_for_all_that_is_wrong_to_hold_for_one() -> None:
    refused("not_entitled", NOTHING_DONE, BOTH, A.ACCEPT, RATE)
    refused("not_entitled", NOTHING_DONE, BOTH, A.ACCEPT, QUANTITY)

    act(NOTHING_DONE, BOTH, 1, A.REJECT, RATE)
    act(NOTHING_DONE, BOTH, 1, A.DISPUTE, QUANTITY)
    act(NOTHING_DONE, BOTH, 1, A.ACCEPT, Actor(rights=RATE.rights | QUANTITY.rights))


def test_recalling_takes_the_same_entitlement() -> None:
    accepted = act(NOTHING_DONE, DEAR, 1, A.ACCEPT, RATE)

    refused("not_entitled", accepted, DEAR, A.RECALL, QUANTITY)
    assert act(accepted, DEAR, 1, A.RECALL, RATE) == NOTHING_DONE


@pytest.mark.parametrize("action", [A.ACCEPT, A.DISPUTE, A.REJECT])
def test_what_was_done_is_recalled_before_something_else_is_done(action: A) -> None:
    done = act(NOTHING_DONE, DEAR, 1, A.DISPUTE, AP_MANAGER)

    refused("recall_first", done, DEAR, action, AP_MANAGER)


def test_a_line_that_is_not_there_is_refused() -> None:
    refused("no_such_line", NOTHING_DONE, DEAR, A.ACCEPT, AP_MANAGER, line=7)


def test_who_did_it_is_kept() -> None:
    done = act(NOTHING_DONE, DEAR, 1, A.ACCEPT, AP_MANAGER, by="ann")

    assert (done.taken[1].by, done.taken[1].action) == ("ann", A.ACCEPT)
    assert done.taken[1].seen == DEAR.lines[0]


# Whether it can be approved


def test_an_accepted_line_is_settled_and_claimed() -> None:
    done = act(NOTHING_DONE, SHORT, 1, A.ACCEPT, AP_MANAGER)

    assert is_approvable(done, SHORT)
    assert claims_of(SHORT, accepted=actions.accepted(done)) == {"1001": {1: Decimal(10)}}


@pytest.mark.parametrize("action", [A.AWAIT_RECEIPT, A.DISPUTE, A.REJECT])
def test_a_held_line_is_neither_settled_nor_claimed(action: A) -> None:
    done = act(NOTHING_DONE, SHORT, 1, action, AP_MANAGER)

    assert not is_approvable(done, SHORT)
    assert actions.accepted(done) == frozenset()
    assert invoice_actions(done, SHORT) == LEFT_WHEN_HELD


def test_a_new_line_is_settled_and_claims_nothing() -> None:
    result = matched(an_invoice_of(billed(), an_amount("35", line=2, description="Freight")))
    done = act(NOTHING_DONE, result, 2, A.NEW_LINE, AP_MANAGER)

    assert not is_approvable(NOTHING_DONE, result)
    assert is_approvable(done, result)
    assert actions.accepted(done) == frozenset()


def test_one_settled_line_does_not_settle_the_other() -> None:
    result = matched(an_invoice_of(billed(unit_price=d("6")), billed(line=2, item_code="X", description="Catering")))

    assert not is_approvable(act(NOTHING_DONE, result, 1, A.ACCEPT, AP_MANAGER), result)


def test_nobody_accepts_another_currency_or_a_wrong_total() -> None:
    result = matched(an_invoice_of(currency="EUR"))

    assert not is_approvable(act(NOTHING_DONE, result, 1, A.ACCEPT, AP_MANAGER), result)


def test_an_invoice_without_lines_is_never_approvable() -> None:
    assert not is_approvable(NOTHING_DONE, matched(an_invoice_of().model_copy(update={"lines": ()})))


def test_a_waived_line_needs_no_one() -> None:
    result = matched(
        an_invoice_of(billed(unit_price=d("6")), an_amount("35", line=2, description="Freight")),
        policy=MatchPolicy(vendor_modes={"501": MatchMode.NONE}),
    )

    assert is_approvable(act(NOTHING_DONE, result, 2, A.NEW_LINE, AP_MANAGER), result)


# What is left to do


STAGES = {
    Stage.NEEDS_REVIEW: ({InvoiceAction.RERUN_LINKING}, set()),
    Stage.NEEDS_APPROVERS: ({InvoiceAction.RERUN_LINKING}, {InvoiceAction.MARK_APPROVED}),
    Stage.READY_FOR_APPROVAL: (
        {InvoiceAction.RERUN_LINKING, InvoiceAction.SEND_FOR_APPROVAL},
        {InvoiceAction.MARK_APPROVED},
    ),
    Stage.AWAITING_APPROVAL: (
        {InvoiceAction.RERUN_LINKING},
        {InvoiceAction.APPROVE, InvoiceAction.MARK_APPROVED},
    ),
    Stage.READY_TO_POST: ({InvoiceAction.POST}, set()),
    Stage.POSTED: (set(), set()),
}


@pytest.mark.parametrize("stage", list(Stage))
def test_approving_appears_when_every_line_is_resolved(stage: Stage) -> None:
    always, when_resolved = STAGES[stage]

    assert set(invoice_actions(NOTHING_DONE, DEAR, stage)) == always
    assert set(invoice_actions(NOTHING_DONE, PERFECT, stage)) == always | when_resolved


@pytest.mark.parametrize("stage", [Stage.READY_TO_POST, Stage.POSTED])
def test_what_is_approved_is_posted_whatever_was_done_with_its_lines(stage: Stage) -> None:
    held = act(NOTHING_DONE, DEAR, 1, A.REJECT, AP_MANAGER)

    assert invoice_actions(held, DEAR, stage) == actions.OFFERED[stage]


@pytest.mark.parametrize("stage", [Stage.NEEDS_REVIEW, Stage.READY_FOR_APPROVAL, Stage.AWAITING_APPROVAL])
def test_a_held_line_leaves_four_things_to_do(stage: Stage) -> None:
    held = act(NOTHING_DONE, DEAR, 1, A.REJECT, AP_MANAGER)

    assert {action.value for action in invoice_actions(held, DEAR, stage)} == {
        "delete",
        "recall",
        "hold",
        "rerun_linking",
    }


@pytest.mark.parametrize(("result", "offered"), OFFERED.values(), ids=OFFERED)
def test_what_is_offered_on_a_line_is_what_may_be_done_with_it(result: MatchResult, offered: set[A]) -> None:
    assert set(offered_actions(NOTHING_DONE, result.lines[0], AP_MANAGER)) == offered
    assert offered_actions(NOTHING_DONE, result.lines[0], INVOICE_APPROVER) == ()


def test_what_was_done_with_a_line_may_only_be_recalled() -> None:
    done = act(NOTHING_DONE, DEAR, 1, A.DISPUTE, RATE)

    assert offered_actions(done, DEAR.lines[0], RATE) == (A.RECALL,)
    assert offered_actions(done, DEAR.lines[0], QUANTITY) == ()


# Waiting for goods

SHORT_AND_DEAR = matched(
    an_invoice_of(billed(), billed(line=2, item_code="GADGET", description="Gadget", unit_price=d("6"))),
    an_order(lines=(goods(received=d("6")), an_order_line(line=2, item_code="GADGET", description="Gadget"))),
)
FOREIGN = matched(an_invoice_of(currency="EUR"), an_order(lines=(goods(received=d("6")),)))
OVER = matched(an_invoice_of(billed(quantity=d("12"))))


@pytest.mark.parametrize(
    ("result", "done", "waits"),
    [
        pytest.param(PERFECT, {}, False, id="nothing is missing"),
        pytest.param(SHORT, {}, True, id="goods are missing"),
        pytest.param(SHORT, {1: A.ACCEPT}, False, id="a person pays without them"),
        pytest.param(SHORT, {1: A.DISPUTE}, False, id="a person disputes it"),
        pytest.param(OVER, {}, False, id="more than was ordered"),
        pytest.param(OVER, {1: A.AWAIT_RECEIPT}, True, id="more than was ordered, and a person waits"),
        pytest.param(SHORT_AND_DEAR, {}, False, id="and a price is wrong"),
        pytest.param(SHORT_AND_DEAR, {2: A.ACCEPT}, True, id="and a price that a person accepted"),
        pytest.param(SHORT_AND_DEAR, {2: A.REJECT}, False, id="and a price that a person rejected"),
        pytest.param(SHORT_AND_DEAR, {1: A.AWAIT_RECEIPT}, False, id="a person waits, and a price is wrong"),
        pytest.param(FOREIGN, {1: A.AWAIT_RECEIPT}, False, id="in another currency"),
    ],
)
def test_an_invoice_waits_when_goods_are_all_that_keeps_it(
    result: MatchResult, done: dict[int, LineAction], waits: bool
) -> None:
    resolution = NOTHING_DONE
    for line, action in done.items():
        resolution = act(resolution, result, line, action, AP_MANAGER)

    assert awaits_receipt(resolution, result) is waits


def test_a_tolerated_difference_that_was_recalled_waits_for_no_goods() -> None:
    result = matched(
        an_invoice_of(billed(unit_price=d("5.50"))),
        an_order(lines=(goods(received=d("10")),)),
        policy=within("rate", absolute="1"),
    )

    assert not awaits_receipt(act(NOTHING_DONE, result, 1, A.RECALL, RATE), result)


@pytest.mark.parametrize(
    ("resolution", "is_touched"),
    [
        pytest.param(NOTHING_DONE, False, id="nothing done"),
        pytest.param(act(NOTHING_DONE, DEAR, 1, A.ACCEPT, AP_MANAGER), True, id="an action"),
        pytest.param(act(NOTHING_DONE, TOLERATED, 1, A.RECALL, AP_MANAGER), True, id="a recall"),
        pytest.param(link(NOTHING_DONE, DEAR, 1, [("1001", 1)], AP_MANAGER), True, id="a link by hand"),
    ],
)
def test_only_what_nobody_touched_may_approve_itself(resolution: Resolution, is_touched: bool) -> None:
    assert is_untouched(resolution) is not is_touched


# What lapses


def changed(result: MatchResult, **values: object) -> MatchResult:
    return result.model_copy(update={"lines": (result.lines[0].model_copy(update=values),)})


@pytest.mark.parametrize(
    "values",
    [
        {"expected_quantity": d("1")},
        {"billed_quantity": d("1")},
        {"expected_rate": d("1")},
        {"billed_rate": d("1")},
        {"expected_amount": d("1")},
        {"billed_amount": d("1")},
        {"conditions": (LineStatus.QUANTITY_MISMATCH,)},
        {"explain": "otherwise"},
        {"links": ()},
    ],
)
def test_an_acceptance_is_of_the_numbers_that_were_seen(values: dict[str, object]) -> None:
    done = act(NOTHING_DONE, DEAR, 1, A.ACCEPT, AP_MANAGER)

    assert is_approvable(done, DEAR)
    assert not is_approvable(done, changed(DEAR, **values))
    assert standing(done, changed(DEAR, **values)).taken == {}


def test_a_dispute_stands_whatever_changes() -> None:
    done = act(NOTHING_DONE, DEAR, 1, A.DISPUTE, AP_MANAGER)

    assert standing(done, PERFECT).taken == done.taken
    assert not is_approvable(done, PERFECT)


def test_waiting_ends_when_the_quantity_agrees() -> None:
    done = act(NOTHING_DONE, SHORT, 1, A.AWAIT_RECEIPT, AP_MANAGER)
    more = matched(an_invoice_of(), an_order(lines=(goods(received=d("8")),)))
    all_came = matched(an_invoice_of(), an_order(lines=(goods(received=d("10")),)))

    assert standing(done, more).taken == done.taken
    assert standing(done, all_came) == NOTHING_DONE
    assert is_approvable(done, all_came)


def test_what_was_done_with_a_line_that_is_gone_is_gone() -> None:
    done = act(NOTHING_DONE, DEAR, 1, A.DISPUTE, AP_MANAGER)
    other = matched(an_invoice_of(billed(line=2)))

    assert standing(done, other) == NOTHING_DONE


# Tolerated differences


def test_a_tolerated_difference_is_recalled_and_then_decided_by_a_person() -> None:
    recalled = act(NOTHING_DONE, TOLERATED, 1, A.RECALL, RATE)

    assert not is_approvable(recalled, TOLERATED)
    refused("nothing_to_recall", recalled, TOLERATED, A.RECALL, RATE)
    assert is_approvable(act(recalled, TOLERATED, 1, A.ACCEPT, RATE), TOLERATED)
    assert not is_approvable(act(recalled, TOLERATED, 1, A.REJECT, RATE), TOLERATED)


def test_a_tolerance_that_a_person_recalled_stays_recalled_whatever_its_numbers_become() -> None:
    recalled = act(NOTHING_DONE, TOLERATED, 1, A.RECALL, RATE)

    assert not is_approvable(recalled, changed(TOLERATED, billed_rate=d("5.10")))


def test_recalling_an_acceptance_of_what_a_tolerance_let_by_leaves_it_recalled() -> None:
    recalled = act(NOTHING_DONE, TOLERATED, 1, A.RECALL, RATE)
    accepted = act(recalled, TOLERATED, 1, A.ACCEPT, RATE)

    assert is_approvable(accepted, TOLERATED)
    assert not is_approvable(act(accepted, TOLERATED, 1, A.RECALL, RATE), TOLERATED)


TWO_TOLERATED = matched(
    an_invoice_of(*(billed(line=number, unit_price=d("5.50")) for number in (1, 2))),
    an_order(lines=(an_order_line(), an_order_line(line=2))),
    policy=within("rate", absolute="1"),
)


def test_a_decision_on_a_recalled_line_leaves_the_other_recalled() -> None:
    both = act(act(NOTHING_DONE, TWO_TOLERATED, 1, A.RECALL, RATE), TWO_TOLERATED, 2, A.RECALL, RATE)

    assert set(act(both, TWO_TOLERATED, 1, A.ACCEPT, RATE).recalled) == {2}
    assert set(link(both, TWO_TOLERATED, 1, [("1001", 1)], AP_MANAGER).recalled) == {2}


def test_who_settled_a_line_is_told_and_not_who_held_one() -> None:
    result = matched(an_invoice_of(billed(unit_price=d("6")), an_amount("35", line=2, description="Freight")))
    settled = act(
        act(NOTHING_DONE, result, 1, A.ACCEPT, AP_MANAGER, by="ann"), result, 2, A.NEW_LINE, AP_MANAGER, by="bo"
    )
    held = act(NOTHING_DONE, result, 1, A.DISPUTE, AP_MANAGER, by="ann")

    assert settled_by(settled) == {1: "ann", 2: "bo"}
    assert settled_by(held) == {}


def test_waiting_stands_while_the_quantity_does_not_agree() -> None:
    done = act(NOTHING_DONE, OVER, 1, A.AWAIT_RECEIPT, AP_MANAGER)

    assert not OVER.lines[0].awaits_receipt
    assert standing(done, OVER) == done


# Links by hand


def test_approvers_edit_only_where_the_company_says_so() -> None:
    assert not INVOICE_APPROVER.may(Right.EDIT)
    for edit in (lambda: link(NOTHING_DONE, DEAR, 1, [("1001", 1)], INVOICE_APPROVER), lambda: rerun(INVOICE_APPROVER)):
        with pytest.raises(ActionRefused) as refusal:
            edit()
        assert refusal.value.code == "not_entitled"


def test_linking_by_hand_takes_the_right_to_edit() -> None:
    for actor, can_edit, may in [
        (AP_MANAGER, False, True),
        (PO_INVOICE_APPROVER, False, False),
        (PO_INVOICE_APPROVER, True, True),
        (INVOICE_APPROVER, True, True),
        (RATE, True, False),
    ]:
        if may:
            linked = link(NOTHING_DONE, PERFECT, 1, [("1001", 2)], actor, approvers_can_edit=can_edit)
            assert linked.hand_links == {1: (("1001", 2),)}
            assert rerun(actor, approvers_can_edit=can_edit) == NOTHING_DONE
        else:
            with pytest.raises(ActionRefused, match="right to edit"):
                link(NOTHING_DONE, PERFECT, 1, [("1001", 2)], actor, approvers_can_edit=can_edit)
            with pytest.raises(ActionRefused, match="right to edit"):
                rerun(actor, approvers_can_edit=can_edit)


def test_unlinking_takes_a_link() -> None:
    with pytest.raises(ActionRefused, match="is not linked"):
        link(NOTHING_DONE, UNLINKED, 1, [], AP_MANAGER)

    assert link(NOTHING_DONE, PERFECT, 1, [], AP_MANAGER).hand_links == {1: ()}


def test_linking_a_line_lets_what_was_done_with_it_lapse_and_nothing_else() -> None:
    result = matched(an_invoice_of(billed(unit_price=d("6")), billed(line=2, item_code="X", description="Catering")))
    done = act(NOTHING_DONE, result, 1, A.ACCEPT, AP_MANAGER)
    done = act(done, result, 2, A.REJECT, AP_MANAGER)

    linked = link(done, result, 1, [("1001", 1)], AP_MANAGER)

    assert set(linked.taken) == {2}


def test_a_line_match_without_conditions_is_what_its_status_says() -> None:
    line = LineMatch(line=1, status=LineStatus.UNLINKED)
    result = PERFECT.model_copy(update={"lines": (line,), "approvable": False})

    refused("not_entitled", NOTHING_DONE, result, A.NEW_LINE, RATE)
    assert is_approvable(act(NOTHING_DONE, result, 1, A.NEW_LINE, NEW), result)
