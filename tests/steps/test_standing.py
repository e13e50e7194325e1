"""Between the match and the bill things change: what no longer stands is not paid, what still does is not held up."""

from decimal import Decimal

import pytest

from counterfoil.domain.invoices import Reason
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import ItemKind, OrderStatus
from counterfoil.domain.people import Role
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import MoveRefused
from counterfoil.steps.export import export
from counterfoil.steps.match import match
from counterfoil.steps.review import ACTIONS, act, offered
from counterfoil.steps.route import changes
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_order, an_order_line
from tests.steps.test_match import a_read_invoice
from tests.steps.test_review import a_person
from tests.steps.test_route import image

GOODS = an_order_line(kind=ItemKind.INVENTORY, received=Decimal(10))


class NoErp:
    """An ERP that must not be told anything."""

    def __getattr__(self, name):
        raise AssertionError(f"the ERP was asked to {name}")


@pytest.fixture
def order(store):
    store.put_company(CompanySettings(company=COMPANY, currency="USD"))
    return store.save_order(an_order(lines=(GOODS,)), read=None)


@pytest.fixture
def matched(store, clock, order):
    waiting = match(COMPANY, a_read_invoice(store).id, store=store, now=clock)
    assert waiting.status == Status.MATCHED
    return waiting


def change(store, **values):
    read = store.order(COMPANY, "1001")
    return store.save_order(read.model_copy(update=values), read=read)


FALLS = [
    pytest.param({"lines": (GOODS.model_copy(update={"rate": Decimal("4.00")}),)}, id="the price was cut"),
    pytest.param({"lines": (GOODS.model_copy(update={"received": Decimal(0)}),)}, id="the goods were sent back"),
    pytest.param(
        {"lines": (GOODS.model_copy(update={"quantity": Decimal(1), "received": Decimal(1)}),)}, id="the order was cut"
    ),
    pytest.param({"lines": (GOODS.model_copy(update={"is_closed": True}),)}, id="the line was closed"),
    pytest.param({"status": OrderStatus.CLOSED}, id="the order was closed"),
    pytest.param({"lines": (GOODS.model_copy(update={"billed": Decimal(10)}),)}, id="somebody billed it by hand"),
    pytest.param({"lines": ()}, id="the line is gone"),
    pytest.param({"currency": "EUR"}, id="another currency"),
]


@pytest.mark.parametrize("change_to", FALLS)
def test_an_invoice_whose_match_fell_is_not_approved_and_is_matched_again(store, clock, matched, change_to):
    change(store, **change_to)

    with pytest.raises(MoveRefused, match="matched again"):
        act(COMPANY, matched.id, "approve", a_person(Role.APPROVER), store=store, now=clock)
    again = match(COMPANY, matched.id, store=store, now=clock)

    assert again.status in (Status.EXCEPTION, Status.AWAITING_RECEIPT)
    assert store.order(COMPANY, "1001").claims == {}


@pytest.mark.parametrize("change_to", FALLS)
def test_an_approved_invoice_whose_match_fell_is_not_posted(store, clock, matched, change_to):
    act(COMPANY, matched.id, "approve", a_person(Role.APPROVER), store=store, now=clock)
    change(store, **change_to)

    back = export(COMPANY, matched.id, store=store, client=NoErp(), now=clock)

    assert (back.status, back.approval) == (Status.CAPTURED, None)
    assert store.order(COMPANY, "1001").claims == {}
    assert store.audit(COMPANY, matched.id)[-1].why


def test_an_approved_invoice_whose_order_is_gone_is_not_posted(store, clock, matched):
    act(COMPANY, matched.id, "approve", a_person(Role.APPROVER), store=store, now=clock)
    store.delete_order(store.order(COMPANY, "1001"))

    assert export(COMPANY, matched.id, store=store, client=NoErp(), now=clock).status == Status.CAPTURED


@pytest.mark.parametrize(
    "change_to",
    [
        pytest.param({"lines": (GOODS.model_copy(update={"rate": Decimal("5.000")}),)}, id="the same price"),
        pytest.param(
            {"lines": (GOODS.model_copy(update={"quantity": Decimal(30), "received": Decimal(20)}),)},
            id="more was ordered and came",
        ),
        pytest.param(
            {"lines": (GOODS, an_order_line(line=2, item_code="OTHER", rate=Decimal(9)))}, id="another line came"
        ),
    ],
)
def test_a_change_that_leaves_the_match_standing_holds_nothing_up(store, clock, matched, change_to):
    change(store, **change_to)

    assert match(COMPANY, matched.id, store=store, now=clock) == matched
    approved = act(COMPANY, matched.id, "approve", a_person(Role.APPROVER), store=store, now=clock)
    assert approved.status == Status.APPROVED


def test_an_order_that_changes_wakes_an_invoice_that_waits_for_approval(store, matched):
    before = image("order", store.order(COMPANY, "1001"))
    after = image("order", change(store, status=OrderStatus.CLOSED))

    assert [message.body["invoice_id"] for message in changes(before, after, store=store)] == [matched.id]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({"tax_total": Decimal(900), "gross_total": Decimal(950)}, "tax_implausible", id="900 tax on 50"),
        pytest.param({"tax_total": None, "gross_total": Decimal(650)}, "tax_implausible", id="600 that nobody names"),
    ],
)
def test_tax_that_no_order_bounds_never_approves_itself(store, clock, order, values, code):
    store.put_company(CompanySettings(company=COMPANY, currency="USD", approve_automatically_max=Decimal(10**6)))

    held = match(COMPANY, a_read_invoice(store, captured=a_captured_invoice(**values)).id, store=store, now=clock)

    assert (held.status, [reason.code for reason in held.reasons]) == (Status.MATCHED, [code])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({"gross_total": Decimal("-50")}, "total_negative", id="a negative invoice"),
        pytest.param({"gross_total": Decimal("60"), "tax_total": Decimal("5")}, "totals_do_not_add_up", id="5 lost"),
    ],
)
def test_totals_that_cannot_be_billed_are_an_exception(store, clock, order, values, code):
    captured = a_captured_invoice(**values)

    exception = match(COMPANY, a_read_invoice(store, captured=captured).id, store=store, now=clock)

    assert exception.status == Status.EXCEPTION
    assert code in [reason.code for reason in exception.reasons]
    assert store.order(COMPANY, "1001").claims == {}


def test_an_invoice_that_also_names_another_vendors_order_is_seen_by_a_person(store, clock, order):
    store.put_company(CompanySettings(company=COMPANY, currency="USD", approve_automatically_max=Decimal(10**6)))
    store.save_order(an_order(id="2002", number="PO-9", vendor_id="502"), read=None)
    captured = a_captured_invoice(po_numbers=("PO-1", "PO-9"))

    held = match(COMPANY, a_read_invoice(store, captured=captured).id, store=store, now=clock)

    assert held.status == Status.MATCHED
    assert held.reasons


def a_duplicate(store, *codes):
    reasons = tuple(Reason(code=code, detail=code) for code in ("duplicate_suspected", *codes))
    received = store.save_invoice(None, an_invoice(id="copy"), by="t", action="received", at=NOON)
    held = received.model_copy(
        update={
            "status": Status.DUPLICATE,
            "captured": a_captured_invoice(),
            "vendor_id": "501",
            "duplicate_of": "invoice-1",
            "reasons": reasons,
        }
    )
    return store.save_invoice(received, held, by="t", action="read", at=NOON)


def clear(store, clock):
    return act(COMPANY, "copy", "clear_duplicate", a_person(), comment="another delivery", store=store, now=clock)


def test_that_it_is_no_duplicate_settles_no_other_doubt(store, clock, order):
    a_duplicate(store, "bank_account_changed")

    cleared = clear(store, clock)

    assert (cleared.status, [reason.code for reason in cleared.reasons]) == (
        Status.NEEDS_REVIEW,
        ["bank_account_changed"],
    )


def test_a_cleared_duplicate_never_approves_itself(store, clock, order):
    store.put_company(CompanySettings(company=COMPANY, currency="USD", approve_automatically_max=Decimal(10**6)))
    a_duplicate(store)

    clear(store, clock)

    assert match(COMPANY, "copy", store=store, now=clock).status == Status.MATCHED


def failed(store, matched, code):
    approved = store.save_invoice(
        matched, matched.model_copy(update={"status": Status.APPROVED}), by="t", action="approve", at=NOON
    )
    after = approved.model_copy(update={"status": Status.EXPORT_FAILED, "reasons": (Reason(code=code, detail="no"),)})
    return store.save_invoice(approved, after, by="t", action="export_failed", at=NOON)


@pytest.mark.parametrize("action", ["reject", "rerun_linking"])
def test_what_the_erp_refused_gives_back_what_it_had_claimed(store, clock, matched, action):
    refused = failed(store, matched, "erp_refused")

    act(COMPANY, refused.id, action, a_person(), comment="wrong order", store=store, now=clock)

    assert store.order(COMPANY, "1001").claims == {}


@pytest.mark.parametrize("code", ["stuck", "bill_total_differs"])
@pytest.mark.parametrize("action", ["reject", "rerun_linking"])
def test_what_the_erp_may_have_billed_is_not_let_go(store, clock, matched, action, code):
    in_doubt = failed(store, matched, code)

    with pytest.raises(MoveRefused, match="retry_export"):
        act(COMPANY, in_doubt.id, action, a_person(), comment="wrong", store=store, now=clock)
    assert offered(in_doubt, a_person()) == ["retry_export"]


def test_a_rejected_invoice_can_be_taken_up_again(store, clock, matched):
    rejected = act(COMPANY, matched.id, "reject", a_person(), comment="a slip", store=store, now=clock)

    reopened = act(COMPANY, rejected.id, "reopen", a_person(), comment="it was right", store=store, now=clock)

    assert (reopened.status, reopened.attempts) == (Status.RECEIVED, 1)


def test_every_action_leads_where_the_lifecycle_allows():
    from counterfoil.domain.lifecycle import may_move

    assert [
        (name, status)
        for name, action in ACTIONS.items()
        for status in action.from_
        if not may_move(status, action.to or status)
    ] == []
