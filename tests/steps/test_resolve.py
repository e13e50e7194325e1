"""What people do with lines, exceptions and missing receipts: each action decides the invoice again, in one write."""

from datetime import timedelta
from decimal import Decimal

import pytest

from counterfoil.domain.exceptions import Arrival, ExceptionReason, Outcome, Owner
from counterfoil.domain.invoices import Reason
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.orders import Coding, ItemKind
from counterfoil.domain.people import Entitlement, Role
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.replay import replay
from counterfoil.errors import ActionDeclined, BadRequest, MoveRefused, NotEntitled, RecordUnknown, StaleWrite
from counterfoil.steps import resolve
from counterfoil.steps.capture import with_exceptions
from counterfoil.steps.match import match
from counterfoil.steps.resolve import LineRequest, act_on_line
from counterfoil.steps.review import act
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_invoice_line, an_order, an_order_line
from tests.steps.test_match import a_read_invoice
from tests.steps.test_review import a_person

DEARER = an_invoice_line(unit_price=Decimal("6.00"), amount=Decimal("60.00"))
RENT = an_invoice_line(description="Office rent March", item_code=None, quantity=None, unit_price=None)
SETTINGS = CompanySettings(company=COMPANY, currency="USD", approve_automatically_max=Decimal(10**6))


@pytest.fixture(autouse=True)
def company(store):
    store.put_company(SETTINGS)


@pytest.fixture
def at(store, clock):
    """Everything that a step needs of the outside."""
    return {"store": store, "now": clock}


def goods(**values):
    return an_order_line(kind=ItemKind.INVENTORY, **values)


def totalling(line, **values):
    return a_captured_invoice(lines=(line,), net_total=line.amount, gross_total=line.amount, **values)


def a_matched(store, clock, captured=None, *orders, **values):
    for order in orders or (an_order(),):
        store.save_order(order, read=None)
    read = a_read_invoice(store, captured=captured or a_captured_invoice(), **values)
    return match(COMPANY, read.id, store=store, now=clock)


def do(at, invoice, action, *, line=1, role=Role.AP_MANAGER, **request):
    return act_on_line(COMPANY, invoice.id, line, LineRequest(action, **request), a_person(role), **at)


def decided(invoice):
    return [(line.status.value, line.link) for line in invoice.match.lines]


# Accepting


def test_a_price_that_a_person_accepts_is_billed_as_it_stands_and_still_needs_an_approver(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    assert exception.status == Status.EXCEPTION

    accepted = do(at, exception, "accept", comment="agreed on the phone")

    assert accepted.status == Status.MATCHED
    assert [reason.code for reason in accepted.reasons] == ["settled_by_hand"]
    assert store.order(COMPANY, "1001").claims == {exception.id: {1: Decimal(10)}}
    entry = store.audit(COMPANY, exception.id)[-1]
    assert (entry.by, entry.action, entry.why) == ("ann", "line_accept", "agreed on the phone")


def test_more_than_was_received_is_billed_when_a_person_accepts_it(store, clock, at):
    waiting = a_matched(store, clock, None, an_order(lines=(goods(received=Decimal(4)),)))

    accepted = do(at, waiting, "accept")

    assert accepted.status == Status.MATCHED
    approved = act(COMPANY, accepted.id, "approve", a_person(), **at)
    assert approved.status == Status.APPROVED


def test_an_acceptance_lapses_when_the_order_changes_under_it(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    do(at, exception, "accept")
    order = store.order(COMPANY, "1001")
    cheaper = an_order_line(rate=Decimal("4.00"), amount=Decimal("40.00"))
    store.save_order(order.model_copy(update={"lines": (cheaper,)}), read=order)

    again = match(COMPANY, exception.id, **at)

    assert again.status == Status.EXCEPTION
    assert again.resolution.taken == {}
    assert store.order(COMPANY, "1001").claims == {}


def test_two_people_at_once_get_one_answer_each_and_one_is_told_to_look_again(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    do(at, exception, "accept", version=exception.version)

    with pytest.raises(StaleWrite):
        do(at, exception, "reject", comment="too dear", version=exception.version)


def test_what_two_invoices_are_let_by_is_still_counted(store, clock, at):
    """One quantity, two invoices: accepting the second is a person's decision, never something nobody saw."""
    a_matched(store, clock, totalling(an_invoice_line()), id="first")
    read = a_read_invoice(store, id="second", captured=a_captured_invoice(invoice_number="INV-2"))
    second = match(COMPANY, read.id, **at)
    assert second.status == Status.EXCEPTION

    accepted = do(at, second, "accept", comment="both were ordered")

    assert accepted.status == Status.MATCHED
    assert store.order(COMPANY, "1001").claims == {"first": {1: Decimal(10)}, "second": {1: Decimal(10)}}


def test_a_line_in_a_unit_that_nothing_converts_is_not_accepted_but_can_be_added_as_new(store, clock, at):
    order = an_order(lines=(an_order_line(unit="ea"),))
    exception = a_matched(store, clock, totalling(an_invoice_line(unit="crate")), order)

    with pytest.raises(ActionDeclined) as refused:
        do(at, exception, "accept")

    assert refused.value.rule == "quantity_unknown"
    unlinked = do(at, exception, "unlink")
    assert do(at, unlinked, "new_line", coding=Coding(account="6300")).status == Status.MATCHED


# Holding


@pytest.mark.parametrize("action", ["dispute", "reject"])
def test_a_line_that_is_disputed_or_rejected_holds_the_whole_invoice(store, clock, at, action):
    exception = a_matched(store, clock, totalling(DEARER))

    held = do(at, exception, action, comment="we agreed on 5.00")

    assert held.status == Status.EXCEPTION
    assert [reason.code for reason in held.reasons] == [f"line_{action}"]
    for name in ("send_for_approval", "approve"):
        with pytest.raises((ActionDeclined, MoveRefused)):
            act(COMPANY, held.id, name, a_person(), **at)


def test_a_line_whose_receipt_a_person_awaits_waits_for_it(store, clock, at):
    order = an_order(lines=(goods(received=Decimal(4)),))
    waiting = a_matched(store, clock, None, order)
    held = do(at, waiting, "await_receipt")
    assert held.status == Status.AWAITING_RECEIPT

    known = store.order(COMPANY, order.id)
    store.save_order(known.model_copy(update={"lines": (goods(received=Decimal(10)),)}), read=known)
    passed = match(COMPANY, waiting.id, **at)

    assert passed.resolution.taken == {}
    assert passed.status == Status.APPROVED


def test_a_dispute_needs_its_reason(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    with pytest.raises(BadRequest, match="dispute"):
        do(at, exception, "dispute")


def test_what_was_done_with_a_line_is_recalled(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    do(at, exception, "dispute", comment="too dear")

    recalled = do(at, exception, "recall")

    assert recalled.status == Status.EXCEPTION
    assert [reason.code for reason in recalled.reasons] == ["rate_mismatch"]


def test_recalling_the_invoice_takes_back_what_was_done_with_all_its_lines(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    do(at, exception, "accept")

    recalled = act(COMPANY, exception.id, "recall", a_person(), **at)

    assert recalled.status == Status.EXCEPTION
    assert store.order(COMPANY, "1001").claims == {}


def test_there_is_nothing_to_recall_where_nothing_was_done(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    with pytest.raises(ActionDeclined) as refused:
        act(COMPANY, exception.id, "recall", a_person(), **at)

    assert refused.value.rule == "nothing_to_recall"


# Who may


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("captured", "order", "action", "entitlement"),
    [
        pytest.param(
            totalling(DEARER), an_order(), "accept", Entitlement.MANAGE_RATE_AMOUNT_MISMATCHES, id="accept a price"
        ),
        pytest.param(
            a_captured_invoice(),
            an_order(lines=(goods(received=Decimal(4)),)),
            "accept",
            Entitlement.MANAGE_QUANTITY_MISMATCHES,
            id="accept a quantity",
        ),
        pytest.param(totalling(DEARER), an_order(), "unlink", Entitlement.EDIT, id="unlink"),
    ],
)
def test_each_role_settles_what_it_is_entitled_to_and_no_more(
    store, clock, at, role, captured, order, action, entitlement
):
    exception = a_matched(store, clock, captured, order)
    person = a_person(role)

    if person.may(entitlement, COMPANY) and person.may(Entitlement.READ_INVOICES, COMPANY):
        assert do(at, exception, action, role=role).version > exception.version
    else:
        with pytest.raises(NotEntitled):
            do(at, exception, action, role=role)
        assert store.invoice(COMPANY, exception.id) == exception


def test_an_approver_links_lines_again_only_where_the_company_lets_approvers_edit(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    with pytest.raises(NotEntitled):
        act(COMPANY, exception.id, "rerun_linking", a_person(Role.APPROVER), **at)

    lenient = SETTINGS.model_copy(update={"match": SETTINGS.match.model_copy(update={"approvers_can_edit": True})})
    store.put_company(lenient)

    assert act(COMPANY, exception.id, "rerun_linking", a_person(Role.APPROVER), **at).status == Status.CAPTURED


def test_what_is_offered_is_what_is_done(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    assert resolve.offered_on_lines(exception, a_person()) == {1: ["accept", "dispute", "reject", "link", "unlink"]}
    assert resolve.offered_on_lines(exception, a_person(Role.RECEIVER)) == {1: []}


@pytest.mark.parametrize(
    ("action", "line", "error"),
    [
        pytest.param("approve_it", 1, BadRequest, id="no such action"),
        pytest.param("accept", 9, RecordUnknown, id="no such line"),
        pytest.param("await_receipt", 1, ActionDeclined, id="a price does not come with a receipt"),
        pytest.param("new_line", 1, ActionDeclined, id="a linked line is not new"),
    ],
)
def test_an_action_that_the_line_does_not_allow_changes_nothing(store, clock, at, action, line, error):
    exception = a_matched(store, clock, totalling(DEARER))

    with pytest.raises(error):
        do(at, exception, action, line=line)

    assert store.invoice(COMPANY, exception.id) == exception


@pytest.mark.parametrize("status", [status for status in Status if status not in resolve.RESOLVABLE])
def test_lines_are_settled_only_while_the_invoice_waits_for_it(store, clock, at, status):
    exception = a_matched(store, clock, totalling(DEARER))
    other = exception.captured.model_copy(update={"invoice_number": "INV-2"})
    moved = exception.model_copy(update={"id": "moved", "status": status, "captured": other})
    store.save_invoice(None, moved, by="t", action="moved", at=clock())

    with pytest.raises(MoveRefused):
        do(at, moved, "accept")


# Linking by hand


def test_a_line_is_linked_by_hand_to_another_order_line_of_the_vendor(store, clock, at):
    other = an_order(id="1002", number="PO-2", lines=(an_order_line(rate=Decimal("6.00"), amount=Decimal("60.00")),))
    exception = a_matched(store, clock, totalling(DEARER), an_order(), other)
    assert decided(exception) == [("rate_mismatch", "PO-1:1")]

    linked = do(at, exception, "link", to=["PO-2:1"])

    assert decided(linked) == [("perfect_match", "PO-2:1")]
    assert linked.status == Status.MATCHED, "a person linked it, so a person approves it"
    assert store.order(COMPANY, "1002").claims == {linked.id: {1: Decimal(10)}}


def test_an_unlinked_line_stays_unlinked_until_linking_is_run_again(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    unlinked = do(at, exception, "unlink")
    assert decided(unlinked) == [("unlinked", None)]
    assert decided(match(COMPANY, exception.id, **at)) == [("unlinked", None)]

    act(COMPANY, exception.id, "rerun_linking", a_person(), **at)

    assert decided(match(COMPANY, exception.id, **at)) == [("rate_mismatch", "PO-1:1")]


@pytest.mark.parametrize(
    ("order", "to"),
    [
        pytest.param(an_order(id="1002", number="PO-2", vendor_id="502"), "PO-2:1", id="another vendor's order"),
        pytest.param(an_order(id="1002", number="PO-2", company="other"), "PO-2:1", id="another company's order"),
        pytest.param(an_order(id="1002", number="PO-2", status="closed"), "PO-2:1", id="a closed order"),
        pytest.param(an_order(id="1002", number="PO-2"), "PO-2:7", id="no such line"),
        pytest.param(an_order(id="1002", number="PO-2"), "PO-9:1", id="no such order"),
    ],
)
def test_a_line_is_not_linked_to_what_cannot_be_billed(store, clock, at, order, to):
    exception = a_matched(store, clock, totalling(DEARER), an_order(), order)

    with pytest.raises(ActionDeclined) as refused:
        do(at, exception, "link", to=[to])

    assert refused.value.rule == "cannot_be_billed"
    assert store.invoice(COMPANY, exception.id) == exception


@pytest.mark.parametrize("to", [(), ("PO-1",), ("PO-1:x",), (":1",), ("PO-1:1",) * 21])
def test_a_link_has_to_name_order_lines(store, clock, at, to):
    exception = a_matched(store, clock, totalling(DEARER))

    with pytest.raises(BadRequest):
        do(at, exception, "link", to=to)


def test_the_vendors_open_orders_are_listed_newest_first_and_as_one_types(store, clock, at):
    a_matched(store, clock, None, an_order(), an_order(id="1002", number="PO-2"))

    listed = resolve.orders_to_choose(COMPANY, "501", "", store=store)

    assert [order.number for order in listed] == ["PO-2", "PO-1"]
    assert [order.number for order in resolve.orders_to_choose(COMPANY, "501", "2", store=store)] == ["PO-2"]


# Lines without an order


@pytest.fixture
def rent():
    return totalling(RENT, po_number=None, po_numbers=())


def a_rent_invoice(store, clock, number, captured, **values):
    captured = captured.model_copy(update={"invoice_number": f"R-{number}"} | values)
    read = a_read_invoice(store, id=f"rent-{number}", captured=captured)
    return match(COMPANY, read.id, store=store, now=clock)


def test_an_invoice_without_an_order_waits_to_be_coded(store, clock, rent):
    waiting = a_rent_invoice(store, clock, 1, rent)

    assert waiting.status == Status.EXCEPTION
    assert waiting.match.invoice_type == InvoiceType.INVOICE
    assert [reason.code for reason in waiting.reasons] == ["needs_coding"]
    assert [each.reason for each in waiting.exceptions] == [ExceptionReason.TO_BE_CODED]


def test_a_new_line_is_posted_where_the_person_says_and_waits_for_an_approver(store, clock, at, rent):
    waiting = a_rent_invoice(store, clock, 1, rent)

    coded = do(at, waiting, "new_line", coding=Coding(account="6300", department="12"))

    assert coded.status == Status.MATCHED
    assert coded.codings == {1: Coding(account="6300", department="12")}


def test_a_new_line_needs_an_account(store, clock, at, rent):
    waiting = a_rent_invoice(store, clock, 1, rent)

    with pytest.raises(BadRequest, match="account"):
        do(at, waiting, "new_line", coding=Coding(department="12"))


def post(store, clock, invoice):
    """The invoice as the export leaves it, with what it teaches."""
    from counterfoil.domain.learning import posted_lesson

    approved = act(COMPANY, invoice.id, "approve", a_person(), store=store, now=clock)
    begun = store.save_invoice(
        approved, approved.model_copy(update={"status": Status.EXPORTING}), by="t", action="export_begun", at=clock()
    )
    done = begun.model_copy(update={"status": Status.POSTED})
    return store.save_invoice(
        begun, done, by="t", action="posted", at=clock(), posted=posted_lesson(done, clock().date())
    )


def test_a_coding_is_proposed_from_what_the_vendors_like_lines_were_coded_before(store, clock, at, rent):
    issued = rent.issue_date
    for month in (1, 2, 3):
        waiting = a_rent_invoice(
            store, clock, month, rent, issue_date=issued - timedelta(days=31 * (4 - month)), due_date=None
        )
        coded = do(at, waiting, "new_line", coding=Coding(account="6300", department="12"))
        post(store, clock, coded)

    fourth = a_rent_invoice(store, clock, 4, rent)

    assert fourth.proposals[1].coding == Coding(account="6300", department="12")
    assert "3 of 3" in fourth.proposals[1].reason
    assert fourth.recurrence.period == "monthly"
    assert do(at, fourth, "new_line").codings == {1: Coding(account="6300", department="12")}


def test_an_item_code_that_people_linked_twice_is_known_the_third_time(store, clock, at):
    line = an_order_line(item_code="BOLT-M8", description="Hexagon bolt", quantity=Decimal(100))
    theirs = an_invoice_line(item_code="XK-77", description="Art. 4711", quantity=Decimal(10))
    order = an_order(lines=(line, an_order_line(line=2, item_code="NUT-M8", description="Nut", item_id="78")))
    store.save_order(order, read=None)
    for number in ("A", "B"):
        captured = totalling(theirs, invoice_number=f"INV-{number}")
        read = a_read_invoice(store, id=f"invoice-{number}", captured=captured)
        linked = do(at, match(COMPANY, read.id, **at), "link", to=["PO-1:1"])
        post(store, clock, do(at, linked, "accept") if linked.status == Status.EXCEPTION else linked)

    third = a_read_invoice(store, id="invoice-C", captured=totalling(theirs, invoice_number="INV-C"))
    third = match(COMPANY, third.id, **at)

    assert third.match.lines[0].link == "PO-1:1"


def test_a_person_says_that_an_invoice_bills_an_order_or_none(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    ordinary = resolve.set_type(COMPANY, exception.id, InvoiceType.INVOICE, a_person(), **at)
    assert decided(ordinary) == [("unlinked", None)]
    assert ordinary.match.invoice_type == InvoiceType.INVOICE

    by_rules = resolve.set_type(COMPANY, exception.id, None, a_person(), **at)
    assert decided(by_rules) == [("rate_mismatch", "PO-1:1")]


# Exceptions


def test_each_thing_that_is_wrong_has_an_owner_an_age_and_an_end(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    [found] = resolve.open_exceptions(COMPANY, Owner.BUYER, store=store)
    assert (found.exception.reason, found.exception.line) == (ExceptionReason.PRICE_ERROR, 1)
    assert resolve.open_exceptions(COMPANY, Owner.RECEIVER, store=store) == []

    clock.advance(days=3)
    assert found.exception.age(clock()).days == 3
    resolve.close_exception(
        COMPANY,
        exception.id,
        ExceptionReason.PRICE_ERROR,
        Outcome.CREDIT_NOTE_ASKED,
        a_person(Role.BUYER),
        line=1,
        comment="they will credit 10.00",
        **at,
    )

    assert resolve.open_exceptions(COMPANY, None, store=store) == []
    closed = store.invoice(COMPANY, exception.id).exceptions[0]
    assert (closed.outcome, closed.closed_by) == (Outcome.CREDIT_NOTE_ASKED, "ann")
    assert store.invoice(COMPANY, exception.id).status == Status.EXCEPTION, "that it was asked for lets nothing by"


def test_an_exception_keeps_its_age_when_the_invoice_is_decided_again_and_ends_when_it_is_put_right(store, clock, at):
    order = an_order(lines=(goods(received=Decimal(4)),))
    waiting = a_matched(store, clock, None, order)
    opened = waiting.exceptions[0].opened_at
    clock.advance(days=1)
    for received, status in ((Decimal(6), Status.AWAITING_RECEIPT), (Decimal(10), Status.APPROVED)):
        known = store.order(COMPANY, order.id)
        store.save_order(known.model_copy(update={"lines": (goods(received=received),)}), read=known)
        waiting = match(COMPANY, waiting.id, **at)
        assert waiting.status == status
        assert waiting.exceptions[0].opened_at == opened

    assert waiting.exceptions[0].outcome == Outcome.GOODS_RECEIVED


def test_accepting_a_line_ends_its_exception(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    [ended] = do(at, exception, "accept").exceptions

    assert (ended.outcome, ended.closed_by) == (Outcome.ACCEPTED, "ann")


def test_an_exception_that_is_not_there_cannot_be_ended(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    with pytest.raises(RecordUnknown):
        resolve.close_exception(
            COMPANY, exception.id, ExceptionReason.FRAUD, Outcome.ACCEPTED, a_person(), comment="no", **at
        )


def test_a_debit_memo_asks_back_what_is_billed_too_much(store, clock, at):
    memo = resolve.drafted_memo(a_matched(store, clock, totalling(DEARER)))

    assert [(line.quantity, line.rate, line.amount) for line in memo.lines] == [
        (Decimal(10), Decimal("1.00"), Decimal("10.00"))
    ]


def test_where_nothing_is_billed_too_much_there_is_nothing_to_ask_back(store, clock):
    with pytest.raises(RecordUnknown):
        resolve.drafted_memo(a_matched(store, clock))


# Receipt chase


def test_whoever_receives_is_asked_with_a_deadline_and_answers(store, clock, at):
    order = an_order(lines=(goods(received=Decimal(4)),))
    waiting = a_matched(store, clock, None, order)

    asked = resolve.ask_for_receipts(COMPANY, waiting.id, a_person(Role.AP_CLERK), of="the warehouse", **at)

    [request] = asked.receipt_requests
    assert (request.quantity, request.asked_of) == (Decimal(6), "the warehouse")
    assert request.due_on == clock().date() + timedelta(days=SETTINGS.receipt_due_days)
    assert [each.invoice.id for each in resolve.open_receipt_requests(COMPANY, store=store)] == [waiting.id]
    clock.advance(days=SETTINGS.receipt_due_days + 1)
    assert request.is_late(clock().date())

    answered = resolve.answer_for_receipt(
        COMPANY, waiting.id, order.id, 1, Arrival.NOT_ARRIVED, a_person(Role.RECEIVER), comment="lost", **at
    )

    assert answered.receipt_requests[0].answer == Arrival.NOT_ARRIVED
    assert resolve.open_receipt_requests(COMPANY, store=store) == []
    assert answered.status == Status.AWAITING_RECEIPT, "an answer is no receipt"


def test_nobody_is_asked_for_goods_that_did_come(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    with pytest.raises(ActionDeclined):
        resolve.ask_for_receipts(COMPANY, exception.id, a_person(), **at)


# The whole invoice


def test_an_invoice_on_hold_goes_nowhere_until_it_is_recalled(store, clock, at):
    store.put_company(SETTINGS.model_copy(update={"approve_automatically_max": None}))
    matched = a_matched(store, clock)
    held = act(COMPANY, matched.id, "hold", a_person(), comment="a call is due", **at)
    assert held.on_hold.why == "a call is due"
    for name in ("approve", "mark_approved", "send_for_approval"):
        with pytest.raises(ActionDeclined) as refused:
            act(COMPANY, held.id, name, a_person(), comment="x", **at)
        assert refused.value.rule == "held"

    act(COMPANY, held.id, "recall", a_person(), **at)

    assert act(COMPANY, held.id, "approve", a_person(), **at).status == Status.APPROVED


def test_an_invoice_on_hold_does_not_approve_itself_when_its_goods_come(store, clock, at):
    order = an_order(lines=(goods(received=Decimal(4)),))
    waiting = a_matched(store, clock, None, order)
    act(COMPANY, waiting.id, "hold", a_person(), comment="a call is due", **at)
    known = store.order(COMPANY, order.id)
    store.save_order(known.model_copy(update={"lines": (goods(received=Decimal(10)),)}), read=known)

    assert match(COMPANY, waiting.id, **at).status == Status.MATCHED


def test_an_invoice_with_differences_is_sent_to_somebody_and_called_back(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))

    sent = act(COMPANY, exception.id, "send_for_approval", a_person(Role.AP_CLERK), to="paula", **at)
    assert (sent.status, sent.sent_for_approval.to) == (Status.EXCEPTION, "paula")

    assert act(COMPANY, exception.id, "recall", a_person(Role.AP_CLERK), **at).sent_for_approval is None


def test_where_posting_is_not_automatic_an_approved_invoice_waits_for_somebody_to_post_it(store, clock, at):
    store.put_company(SETTINGS.model_copy(update={"post_automatically": False}))
    ready = a_matched(store, clock)
    assert ready.status == Status.READY_TO_POST
    assert store.order(COMPANY, "1001").claims == {ready.id: {1: Decimal(10)}}

    posted = act(COMPANY, ready.id, "post", a_person(), **at)

    assert posted.status == Status.APPROVED
    assert posted.approval == ready.approval


def test_an_approved_invoice_that_was_not_posted_is_decided_again_when_its_order_changes(store, clock, at):
    store.put_company(SETTINGS.model_copy(update={"post_automatically": False}))
    ready = a_matched(store, clock)
    known = store.order(COMPANY, "1001")
    cheaper = an_order_line(rate=Decimal("4.00"), amount=Decimal("40.00"))
    store.save_order(known.model_copy(update={"lines": (cheaper,)}), read=known)

    fallen = match(COMPANY, ready.id, **at)

    assert (fallen.status, fallen.approval) == (Status.EXCEPTION, None)
    assert store.order(COMPANY, "1001").claims == {}


def test_a_deleted_invoice_gives_back_what_it_took_and_stays_visible(store, clock, at):
    store.put_company(SETTINGS.model_copy(update={"approve_automatically_max": None}))
    matched = a_matched(store, clock)

    deleted = act(COMPANY, matched.id, "delete", a_person(), comment="entered twice", **at)

    assert deleted.status == Status.REJECTED
    assert deleted.reasons == (Reason(code="deleted", detail="deleted by a person"),)
    assert store.order(COMPANY, "1001").claims == {}


# Decisions that are kept


def test_every_decision_is_kept_with_what_it_was_made_on_and_comes_out_the_same_again(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    do(at, exception, "unlink")
    do(at, exception, "link", to=["PO-1:1"])

    kept = store.decisions_of(COMPANY, exception.id)

    assert [each.invoice_version for each in kept] == [3, 4, 5]
    assert [replay(each) for each in kept] == [each.result for each in kept]
    assert [each.invoice_id for each in store.decisions(COMPANY)] == [exception.id], "the last one of each invoice"


def test_a_waiting_invoice_is_decided_again_when_the_companys_policy_changes(store, clock, at):
    exception = a_matched(store, clock, totalling(DEARER))
    tolerant = {"thresholds": {"rate": {"percent": "25"}}}
    changed = store.put_company(
        CompanySettings.model_validate({**SETTINGS.model_dump(), "match": tolerant}), by="carl", why="agreed"
    )

    passed = match(COMPANY, exception.id, **at)

    assert passed.status == Status.APPROVED
    assert passed.match.policy_version == changed.match.version == 2


def test_a_merged_vendors_invoice_bills_the_orders_of_the_one_that_survived(store, clock, at):
    merged = SETTINGS.match.model_copy(update={"vendor_merges": {"502": "501"}})
    store.put_company(SETTINGS.model_copy(update={"match": merged}))

    without_number = a_captured_invoice(po_number=None, po_numbers=())
    assert a_matched(store, clock, without_number, an_order(), vendor_id="502").match.lines[0].link == "PO-1:1"


# What capture leaves


def test_what_a_reading_leaves_to_look_into_has_its_owner_too():
    doubtful = an_invoice(
        status=Status.NEEDS_REVIEW, reasons=(Reason(code="bank_account_changed", detail="another account"),)
    )

    [exception] = with_exceptions(doubtful, SETTINGS, at=NOON, by="capture").exceptions

    assert (exception.reason, exception.owner, exception.line) == (ExceptionReason.FRAUD, Owner.CONTROLLER, None)


@pytest.mark.parametrize("name", ["cseg_other", "amount", "orderDoc"])
def test_a_new_line_is_coded_only_by_fields_that_the_settings_name(store, clock, at, rent, name):
    store.put_company(store.company(COMPANY).model_copy(update={"line_segments": ("cseg_region",)}))
    waiting = a_rent_invoice(store, clock, 1, rent)

    with pytest.raises(BadRequest, match=name):
        do(at, waiting, "new_line", coding=Coding(account="6300", segments={name: "1"}))

    coding = Coding(account="6300", project="712", segments={"cseg_region": "2"})
    assert do(at, waiting, "new_line", coding=coding).codings == {1: coding}
