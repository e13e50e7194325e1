"""What people may do, from which states, and what an action gives back."""

from decimal import Decimal

import pytest

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.people import ENTITLEMENTS, Entitlement, Person, Role, person_of
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import BadRequest, InvoiceMissing, MoveRefused, NotEntitled
from counterfoil.steps.match import match
from counterfoil.steps.review import ACTIONS, act
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_order
from tests.steps.test_match import a_read_invoice


def a_person(role: Role = Role.AP_MANAGER, company: str = COMPANY) -> Person:
    return Person(id="ann", roles={company: frozenset({role})})


@pytest.fixture
def matched(store, clock):
    store.put_company(CompanySettings(company=COMPANY))
    store.save_order(an_order(), read=None)
    return match(COMPANY, a_read_invoice(store).id, store=store, now=clock)


def test_an_approver_approves(store, clock, matched):
    approved = act(COMPANY, matched.id, "approve", a_person(Role.APPROVER), store=store, now=clock)

    assert approved.status == Status.APPROVED
    assert approved.approval.by == "ann"
    assert store.audit(COMPANY, matched.id)[-1].by == "ann"


@pytest.mark.parametrize("role", [role for role in Role if Entitlement.APPROVE not in ENTITLEMENTS[role]])
def test_nobody_else_approves(store, clock, matched, role):
    with pytest.raises(NotEntitled):
        act(COMPANY, matched.id, "approve", a_person(role), store=store, now=clock)

    assert store.invoice(COMPANY, matched.id) == matched


def test_a_role_in_another_company_is_worth_nothing_here(store, clock, matched):
    with pytest.raises(NotEntitled):
        act(COMPANY, matched.id, "approve", a_person(company="other"), store=store, now=clock)


def test_nobody_approves_what_they_sent_in(store, clock, matched):
    sent_in = store.save_invoice(
        matched, matched.model_copy(update={"raised_by": "ann"}), by="t", action="moved", at=NOON
    )

    with pytest.raises(NotEntitled, match="themselves"):
        act(COMPANY, sent_in.id, "approve", a_person(), store=store, now=clock)


def test_an_invoice_that_did_not_match_cannot_be_approved(store, clock):
    store.put_company(CompanySettings(company=COMPANY))
    exception = match(COMPANY, a_read_invoice(store).id, store=store, now=clock)

    with pytest.raises(MoveRefused, match="exception"):
        act(COMPANY, exception.id, "approve", a_person(), store=store, now=clock)


def test_a_rejection_gives_back_what_was_claimed_and_says_why(store, clock, matched):
    assert store.order(COMPANY, "1001").claims == {matched.id: {1: Decimal(10)}}

    with pytest.raises(BadRequest, match="comment"):
        act(COMPANY, matched.id, "reject", a_person(), store=store, now=clock)
    act(COMPANY, matched.id, "reject", a_person(), comment="wrong goods", store=store, now=clock)

    assert store.order(COMPANY, "1001").claims == {}
    assert store.audit(COMPANY, matched.id)[-1].why == "wrong goods"


def test_a_rerun_gives_back_what_was_claimed_and_matches_again(store, clock, matched):
    rerun = act(COMPANY, matched.id, "rerun_linking", a_person(Role.AP_CLERK), store=store, now=clock)

    assert rerun.status == Status.CAPTURED
    assert store.order(COMPANY, "1001").claims == {}
    assert match(COMPANY, matched.id, store=store, now=clock).status == Status.MATCHED


def test_a_cleared_duplicate_goes_on_without_taking_the_number(store, clock, matched):
    held = store.save_invoice(
        store.save_invoice(None, an_invoice(id="second"), by="t", action="received", at=NOON),
        an_invoice(
            id="second",
            status=Status.DUPLICATE,
            duplicate_of=matched.id,
            vendor_id="501",
            captured=a_captured_invoice(),
        ),
        by="t",
        action="read",
        at=NOON,
    )

    cleared = act(COMPANY, held.id, "clear_duplicate", a_person(), comment="two deliveries", store=store, now=clock)

    assert cleared.status == Status.CAPTURED
    assert store.holder_of_number(COMPANY, "501", "INV-1") == matched.id


def test_an_unknown_action_or_invoice_is_named(store, clock, matched):
    with pytest.raises(BadRequest, match="burn"):
        act(COMPANY, matched.id, "burn", a_person(), store=store, now=clock)
    with pytest.raises(InvoiceMissing):
        act(COMPANY, "nothing", "approve", a_person(), store=store, now=clock)


def test_a_comment_has_an_end(store, clock, matched):
    with pytest.raises(BadRequest, match="1000"):
        act(COMPANY, matched.id, "reject", a_person(), comment="x" * 1001, store=store, now=clock)


def test_every_role_has_its_entitlements_and_every_action_someone_who_may():
    assert set(ENTITLEMENTS) == set(Role)
    for action in ACTIONS.values():
        assert any(action.entitlement in held for held in ENTITLEMENTS.values())


def test_groups_that_name_no_role_give_none():
    person = person_of("ann", "Ann", ["demo.ap_clerk", "demo.king", "ap_manager", ".ap_manager", "a.b.approver"])

    assert person.roles == {
        "demo": frozenset({Role.AP_CLERK}),
        "a.b": frozenset({Role.APPROVER}),
    }
