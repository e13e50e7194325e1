"""What rests too long is set moving again, counted, and in the end shown to a person."""

from decimal import Decimal

import pytest

from counterfoil.capture.vendor_finder import keys_of_vendor
from counterfoil.domain.invoices import Reason
from counterfoil.domain.lifecycle import ATTEMPTS_MAX, STATES, Status
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.policy import CompanySettings
from counterfoil.steps.match import match
from counterfoil.steps.sweep import GIVEN_UP, sweep
from tests.builders import COMPANY, a_captured_invoice, a_vendor, an_invoice, an_order, an_order_line
from tests.steps.test_match import a_read_invoice


def resting(store, clock, status):
    return store.save_invoice(None, an_invoice(status=status), by="t", action="moved", at=clock())


@pytest.mark.parametrize("status", sorted(GIVEN_UP))
def test_what_a_step_should_have_moved_on_is_queued_again_and_counted(store, clock, status):
    invoice = resting(store, clock, status)
    clock.advance(hours=1)

    assert sweep(COMPANY, store=store, now=clock) == {"requeued": 1}

    again = store.invoice(COMPANY, invoice.id)
    assert (again.status, again.attempts, again.version) == (status, 1, 2)
    assert "attempt 1" in store.audit(COMPANY, invoice.id)[-1].why


@pytest.mark.parametrize("status", sorted(GIVEN_UP))
def test_what_no_attempt_moves_is_shown_to_a_person(store, clock, status):
    invoice = resting(store, clock, status)

    for _ in range(ATTEMPTS_MAX[STATES[status].step] + 1):
        clock.advance(days=7)
        done = sweep(COMPANY, store=store, now=clock)

    assert done == {"given_up": 1}
    given_up = store.invoice(COMPANY, invoice.id)
    assert given_up.status == GIVEN_UP[status]
    assert [reason.code for reason in given_up.reasons] == ["stuck"]


@pytest.mark.parametrize("status", [Status.APPROVED, Status.EXPORTING])
def test_an_erp_that_is_away_for_a_weekend_gives_up_no_invoice(store, clock, status):
    invoice = resting(store, clock, status)

    for _ in range(60 * 60 // 5):
        clock.advance(minutes=5)
        assert "given_up" not in sweep(COMPANY, store=store, now=clock)

    assert store.invoice(COMPANY, invoice.id).status == status


def test_what_rests_for_good_keeps_nothing_behind_it_from_its_turn(store, clock, monkeypatch):
    monkeypatch.setattr("counterfoil.steps.sweep.INVOICES_PER_STATUS_MAX", 2)
    for number in range(5):
        store.save_invoice(
            None, an_invoice(id=f"doubtful-{number}", status=Status.NEEDS_REVIEW), by="t", action="read", at=clock()
        )
    clock.advance(hours=1)
    looked_at = set()
    find = store.find_invoice

    def seen(company, invoice_id):
        looked_at.add(invoice_id)
        return find(company, invoice_id)

    monkeypatch.setattr(store, "find_invoice", seen)
    for _ in range(3):
        sweep(COMPANY, store=store, now=clock)
        clock.advance(minutes=5)

    assert len(looked_at) == 5


@pytest.mark.parametrize("status", sorted(GIVEN_UP))
def test_what_has_only_just_come_is_left_to_its_step(store, clock, status):
    resting(store, clock, status)
    clock.advance(minutes=1)

    assert sweep(COMPANY, store=store, now=clock) == {}


@pytest.mark.parametrize("status", [Status.NEEDS_REVIEW, Status.DUPLICATE, Status.POSTED, Status.REJECTED])
def test_what_waits_for_a_person_or_is_done_is_left_alone(store, clock, status):
    resting(store, clock, status)
    clock.advance(days=30)

    assert sweep(COMPANY, store=store, now=clock) == {}


def test_a_waiting_invoice_whose_orders_changed_unnoticed_is_matched_again(store, clock):
    store.put_company(CompanySettings(company=COMPANY))
    goods = an_order_line(kind=ItemKind.INVENTORY)
    order = store.save_order(an_order(lines=(goods,)), read=None)
    waiting = match(COMPANY, a_read_invoice(store).id, store=store, now=clock)
    clock.advance(hours=1)
    assert sweep(COMPANY, store=store, now=clock) == {}

    received = goods.model_copy(update={"received": Decimal(10)})
    store.save_order(order.model_copy(update={"lines": (received,)}), read=order)

    assert sweep(COMPANY, store=store, now=clock) == {"rematched": 1}
    assert store.invoice(COMPANY, waiting.id).status == Status.CAPTURED


def test_an_invoice_whose_vendor_has_come_meanwhile_is_read_again(store, clock):
    unknown = store.save_invoice(
        None,
        an_invoice(
            status=Status.NEEDS_REVIEW,
            captured=a_captured_invoice(vendor_vat_id="GB123456789"),
            reasons=(Reason(code="vendor_unknown", detail="no vendor"),),
        ),
        by="t",
        action="read",
        at=clock(),
    )
    clock.advance(hours=1)
    assert sweep(COMPANY, store=store, now=clock) == {}

    vendor = a_vendor(vat_id="GB123456789")
    store.put_vendor(vendor, keys_of_vendor(vendor))

    assert sweep(COMPANY, store=store, now=clock) == {"reread": 1}
    assert store.invoice(COMPANY, unknown.id).status == Status.RECEIVED
