"""What is wrong becomes work: for whom, since when, until when, and what comes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from counterfoil.domain.debit_memo import debit_memo
from counterfoil.domain.exceptions import (
    OWNERS,
    ExceptionReason,
    Outcome,
    Owner,
    closed,
    exceptions_of,
    open_by_owner,
    receipt_requests,
)
from counterfoil.domain.invoices import InvoiceLine
from counterfoil.domain.matching_result import MatchResult
from counterfoil.domain.orders import Coding, OrderLine
from counterfoil.domain.policy import MatchMode, MatchPolicy
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import an_amount, an_expense, an_invoice_of, billed, d, goods, matched

R = ExceptionReason
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def decided(line: InvoiceLine, ordered: OrderLine, **invoice: Any) -> MatchResult:
    return matched(an_invoice_of(line, **invoice), an_order(lines=(ordered,)))


@pytest.mark.parametrize(
    ("line", "ordered", "reason", "owner"),
    [
        pytest.param(billed(unit_price=d("6")), an_order_line(), R.PRICE_ERROR, Owner.BUYER, id="price"),
        pytest.param(billed(), goods(received=d("0")), R.MISSING_RECEIPT, Owner.RECEIVER, id="nothing came"),
        pytest.param(billed(), goods(received=d("6")), R.SHORT_DELIVERY, Owner.RECEIVER, id="a part came"),
        pytest.param(billed(quantity=d("4")), goods(), R.UNDER_BILLED, Owner.RECEIVER, id="less than came"),
        pytest.param(
            billed(quantity=d("12")), goods(), R.QUANTITY_ERROR, Owner.RECEIVER, id="more than can still come"
        ),
        pytest.param(billed(), goods(billed=d("10")), R.BILLED_TWICE, Owner.ACCOUNTS_PAYABLE, id="twice, three-way"),
        pytest.param(
            billed(), an_order_line(billed=d("10")), R.BILLED_TWICE, Owner.ACCOUNTS_PAYABLE, id="twice, two-way"
        ),
        pytest.param(
            billed(amount=d("60")), an_order_line(), R.ARITHMETIC_ERROR, Owner.ACCOUNTS_PAYABLE, id="arithmetic"
        ),
        pytest.param(an_amount("900"), an_expense(), R.AMOUNT_ERROR, Owner.BUYER, id="expense"),
        pytest.param(billed(unit="kg"), an_order_line(unit="ea"), R.UNIT_UNKNOWN, Owner.BUYER, id="unit"),
        pytest.param(
            billed(item_code="X", description="Catering"), an_order_line(), R.NOT_ORDERED, Owner.BUYER, id="not ordered"
        ),
        pytest.param(
            an_amount("35", description="Freight"), an_order_line(), R.CHARGE_NOT_ORDERED, Owner.BUYER, id="freight"
        ),
    ],
)
def test_each_fact_goes_to_whoever_knows(line: InvoiceLine, ordered: OrderLine, reason: R, owner: Owner) -> None:
    [found] = exceptions_of(decided(line, ordered), opened_at=MONDAY)

    assert (found.line, found.reason, found.owner) == (1, reason, owner)
    assert found.detail


def test_every_reason_has_an_owner() -> None:
    assert set(OWNERS) == set(ExceptionReason)


def test_another_currency_is_the_controllers() -> None:
    found = exceptions_of(decided(billed(), an_order_line(), currency="EUR"), opened_at=MONDAY)

    assert {(each.line, each.reason, each.owner) for each in found} == {
        (1, R.CURRENCY_ERROR, Owner.CONTROLLER),
        (None, R.CURRENCY_ERROR, Owner.CONTROLLER),
    }


def test_what_is_wrong_with_the_whole_names_no_line() -> None:
    found = exceptions_of(decided(billed(), an_order_line(), gross_total=d("99"), tax_total=d("0")), opened_at=MONDAY)

    assert [(each.line, each.reason) for each in found] == [(None, R.TOTAL_ERROR)]


def test_a_match_is_nobodys_work() -> None:
    assert exceptions_of(decided(billed(), an_order_line()), opened_at=MONDAY) == ()


def test_a_settled_line_is_done() -> None:
    assert exceptions_of(decided(billed(unit_price=d("6")), an_order_line()), opened_at=MONDAY, settled={1}) == ()


def test_a_waived_line_is_nobodys_work() -> None:
    result = matched(an_invoice_of(billed(unit_price=d("6"))), policy=MatchPolicy(mode=MatchMode.NONE))

    assert exceptions_of(result, opened_at=MONDAY) == ()


def test_what_was_wrong_before_keeps_its_age() -> None:
    result = decided(billed(unit_price=d("6")), an_order_line())
    earlier = exceptions_of(result, opened_at=MONDAY)

    [again] = exceptions_of(result, opened_at=MONDAY + timedelta(days=3), earlier=earlier)

    assert again.opened_at == MONDAY
    assert again.age(MONDAY + timedelta(days=4)) == timedelta(days=4)


@pytest.mark.parametrize(("today", "is_late"), [(date(2026, 3, 7), False), (date(2026, 3, 8), True)])
def test_an_exception_is_late_after_its_day(today: date, is_late: bool) -> None:
    [found] = exceptions_of(decided(billed(unit_price=d("6")), an_order_line()), opened_at=MONDAY)

    assert found.is_late(today) is is_late
    assert not closed(found, Outcome.CREDIT_NOTE_ASKED, at=MONDAY, by="ann").is_late(today)


def test_an_outcome_is_final() -> None:
    [found] = exceptions_of(decided(billed(unit_price=d("6")), an_order_line()), opened_at=MONDAY)

    done = closed(found, Outcome.CREDIT_NOTE_ASKED, at=MONDAY + timedelta(hours=2), by="ann")

    assert closed(done, Outcome.ACCEPTED, at=MONDAY + timedelta(days=1), by="bob") == done
    assert done.age(MONDAY + timedelta(days=9)) == timedelta(hours=2)
    assert (done.closed_by, done.outcome) == ("ann", Outcome.CREDIT_NOTE_ASKED)


def test_owners_see_their_open_ones_oldest_first() -> None:
    result = decided(billed(unit_price=d("6")), an_order_line())
    [late] = exceptions_of(result, opened_at=MONDAY)
    [later] = exceptions_of(result, opened_at=MONDAY + timedelta(days=1))

    found = open_by_owner([later, late, closed(late, Outcome.ACCEPTED, at=MONDAY, by="ann")])

    assert found[Owner.BUYER] == [late, later]
    assert found[Owner.RECEIVER] == []


# Receipt chase


def test_whoever_receives_is_asked_for_what_is_missing() -> None:
    order = an_order(lines=(goods(received=d("6"), unit="ea"),))
    result = matched(an_invoice_of(), order)

    [request] = receipt_requests(result, [order], asked_on=date(2026, 3, 2), due_days=3)

    assert (request.po_number, request.line, request.quantity, request.unit) == ("PO-1", 1, 4, "ea")
    assert request.due_on == date(2026, 3, 5)


def test_lines_that_wait_for_the_same_goods_ask_once() -> None:
    order = an_order(lines=(goods(received=d("0")),))
    hand = {1: [("1001", 1)], 2: [("1001", 1)]}
    result = matched(an_invoice_of(billed(quantity=d("4")), billed(line=2, quantity=d("6"))), order, hand_links=hand)

    assert [request.quantity for request in receipt_requests(result, [order], asked_on=date(2026, 3, 2))] == [10]


def test_nobody_is_asked_for_goods_that_would_mend_nothing() -> None:
    order = an_order(lines=(goods(received=d("0")),))

    result = matched(an_invoice_of(billed(unit_price=d("6"))), order)

    assert receipt_requests(result, [order], asked_on=date(2026, 3, 2)) == ()


# Debit memo


@pytest.mark.parametrize(
    ("line", "ordered", "expected"),
    [
        pytest.param(billed(unit_price=d("6")), an_order_line(), [(R.PRICE_ERROR, "10", "1", "10.00")], id="price"),
        pytest.param(billed(), goods(received=d("8")), [(R.SHORT_DELIVERY, "2", "5.00", "10.00")], id="quantity"),
        pytest.param(
            billed(unit_price=d("6")),
            goods(received=d("8")),
            [(R.QUANTITY_ERROR, "2", "6", "12.00"), (R.PRICE_ERROR, "8", "1", "8.00")],
            id="both, and each unit once",
        ),
        pytest.param(billed(), goods(billed=d("10")), [(R.BILLED_TWICE, "10", "5.00", "50.00")], id="twice"),
        pytest.param(an_amount("900"), an_expense(), [(R.AMOUNT_ERROR, "1", "100", "100.00")], id="expense"),
    ],
)
def test_a_debit_memo_asks_back_what_was_billed_too_much(
    line: InvoiceLine, ordered: OrderLine, expected: list[tuple[R, str, str, str]]
) -> None:
    invoice = an_invoice_of(line)

    memo = debit_memo(invoice, matched(invoice, an_order(lines=(ordered,))), vendor_id="501")

    assert memo is not None
    found = [(each.reason, each.quantity, each.rate, each.amount) for each in memo.lines]
    assert found == [(reason, d(quantity), d(rate), d(amount)) for reason, quantity, rate, amount in expected]
    assert memo.total == sum(d(amount) for *_, amount in expected)


@pytest.mark.parametrize(
    ("line", "ordered"),
    [
        (billed(), an_order_line()),
        (billed(unit_price=d("4")), an_order_line()),
        (billed(quantity=d("4")), an_order_line()),
        (an_amount("700"), an_expense()),
        (billed(item_code="X", description="Catering"), an_order_line()),
    ],
)
def test_nothing_is_asked_back_for_what_was_not_billed_too_much(line: InvoiceLine, ordered: OrderLine) -> None:
    invoice = an_invoice_of(line)

    assert debit_memo(invoice, matched(invoice, an_order(lines=(ordered,))), vendor_id="501") is None


def test_a_debit_memo_is_coded_as_its_order() -> None:
    invoice = an_invoice_of(billed(unit_price=d("6")))
    order = an_order(lines=(an_order_line(coding=Coding(account="5000")),))

    memo = debit_memo(invoice, matched(invoice, order), vendor_id="501")

    assert memo is not None
    assert memo.lines[0].coding.account == "5000"
    assert (memo.invoice_number, memo.currency, memo.vendor_id) == ("INV-1", "USD", "501")
