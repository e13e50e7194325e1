"""Two hundred seeded months in which messages are lost, doubled and overtaken and calls are cut: the books stay right.

Whatever happens: an invoice that agrees is posted once what it needs has come; each posted invoice has one bill of the same total and each bill its invoice; no order line gives more
than was ordered, goods no more than came; each document is an invoice in a state that a person can see, or a refused
delivery; each audit trail is whole. A failure prints its seed: `pytest -k "seed_17-"` runs it again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal

import pytest

from counterfoil.domain.audit import broken_at
from counterfoil.domain.claims import claims_of
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.policy import CompanySettings
from tests.flows.world import Faults, World

SEEDS = 200
STEPS_BETWEEN_EVENTS = 6


def faults_of(world: World) -> Faults:
    """Each seed has a weather of its own: some calm in one respect, some wild in all."""
    rare, often = 0.02, 0.08
    return Faults(
        cut_before=world.random.choice([0, rare, often]),
        cut_after=world.random.choice([0, rare, often]),
        interleave=world.random.choice([0, often, 0.3]),
        lost=world.random.choice([0, often]),
        twice=world.random.choice([0, often, 0.3]),
        stale=world.random.choice([0, 0.3]),
        erp_cut_before=world.random.choice([0, 0.1]),
        erp_cut_after=world.random.choice([0, 0.1, 0.3]),
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS), ids=lambda seed: f"seed_{seed}-")
def test_the_books_stay_right_whatever_goes_wrong(seed, erp):
    world = World(seed, erp.credentials)
    world.calm_store.put_company(CompanySettings(company="demo", currency="USD", approve_automatically_max=10**9))
    scenario = erp.scenario(world)
    scenario.place_orders()
    documents = scenario.documents()
    world.read_erp()
    world.settle()
    world.faults = faults_of(world)

    arrives_at_once = world.random.random() < 0.5
    for document in documents:
        world.drop(document.key, document.content)
        world.run(0 if arrives_at_once else world.random.randint(0, STEPS_BETWEEN_EVENTS))
        assert_nothing_is_promised_twice(world, scenario)
        if world.random.random() < 0.3 and scenario.receive_next():
            world.read_erp()
        if world.random.random() < 0.2:
            world.sweep()
    while scenario.receive_next():
        world.read_erp()
        world.run(STEPS_BETWEEN_EVENTS)
    for _ in range(20):
        world.run(2)
        assert_nothing_is_promised_twice(world, scenario)
    world.settle()

    assert_each_document_is_seen(world, documents)
    assert_nothing_is_stuck(world)
    assert_bills_are_the_invoices(world, scenario)
    assert_orders_gave_only_what_they_had(world, scenario)
    assert_what_agrees_was_billed(world, scenario)
    assert_audit_is_whole(world)


def assert_nothing_is_promised_twice(world, scenario):
    """At every moment: what invoices that passed take of a line is no more than was ordered, their number one's own."""
    passed = [one for one in world.written_down() if STATES[one.status].holds_claims or one.status == Status.POSTED]
    promised = Counter()
    for invoice in passed:
        for order_id, taken in claims_of(invoice.match).items():
            for line, quantity in taken.items():
                promised[order_id, line] += quantity
    for placed in scenario.orders:
        for line, (_, quantity, _) in placed.lines.items():
            assert promised[placed.id, line] <= quantity, f"{placed.number}:{line} is promised twice"
    numbers = Counter(invoice.captured.invoice_number for invoice in passed)
    assert [number for number, times in numbers.items() if times > 1] == []


def assert_each_document_is_seen(world, documents):
    invoices = world.invoices()
    assert Counter(invoice.id for invoice in invoices).most_common(1)[0][1] == 1
    seen = {invoice.document.sha256 for invoice in invoices}
    for document in documents:
        if document.key.startswith("inbox/demo/"):
            assert hashlib.sha256(document.content).hexdigest() in seen, document.what
    assert [delivery.key for delivery in world.calm_store.refused_deliveries("unassigned")] == ["elsewhere/a.xml"]


def assert_nothing_is_stuck(world):
    resting = {invoice.id: invoice.status for invoice in world.invoices() if STATES[invoice.status].step}
    assert resting == {}


def assert_bills_are_the_invoices(world, scenario):
    posted = [invoice for invoice in world.invoices() if invoice.status == Status.POSTED]
    bills = {
        row["externalid"]: row
        for row in world.calm_erp.suiteql(
            "SELECT id, externalid, foreigntotal FROM transaction WHERE type = 'VendBill' AND entity = ?",
            [scenario.vendor_id],
        )
    }
    count = sum(
        1
        for _ in world.calm_erp.suiteql(
            "SELECT id FROM transaction WHERE type = 'VendBill' AND entity = ?", [scenario.vendor_id]
        )
    )
    assert count == len(bills) == len(posted)
    for invoice in posted:
        assert abs(Decimal(bills[invoice.bill.external_id]["foreigntotal"])) == invoice.captured.gross_total
    numbers = Counter(invoice.captured.invoice_number for invoice in posted)
    assert [number for number, times in numbers.items() if times > 1] == []


def assert_orders_gave_only_what_they_had(world, scenario):
    for placed in scenario.orders:
        order = world.calm_store.order("demo", placed.id)
        record = world.calm_erp.get("purchaseOrder", placed.id)
        billed, received = (
            {int(line["line"]): Decimal(line.get(name, 0)) for line in record["item"]["items"]}
            for name in ("quantityBilled", "quantityReceived")
        )
        for number, (item, quantity, _) in placed.lines.items():
            most = received[number] if item.is_received else quantity
            taken = billed[number] + order.claimed(number)
            assert taken <= most, f"{placed.number}:{number} gave {taken} of {most}"
            assert order.billed(number) == billed[number]
        assert order.claims == {}


def assert_what_agrees_was_billed(world, scenario):
    """Nothing is safe that stands still: an invoice that agrees becomes a bill, or a person is told that it is stuck."""
    posted = Counter(invoice.captured.po_number for invoice in world.invoices() if invoice.status == Status.POSTED)
    stuck = {
        invoice.captured.po_number
        for invoice in world.invoices()
        if any(reason.code == "stuck" for reason in invoice.reasons) and invoice.captured
    }
    for number in scenario.must_be_billed() - stuck:
        assert posted[number] == 1, f"{number} ({scenario.kinds[number]}): {posted[number]} bills"


def assert_audit_is_whole(world):
    for invoice in world.invoices():
        trail = world.calm_store.audit("demo", invoice.id)
        assert broken_at(trail) is None
        assert (len(trail), trail[-1].hash) == (invoice.version, invoice.audit_hash)
