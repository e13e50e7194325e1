"""What people do on the page with lines, exceptions and missing receipts.

What may be done is tested with the rules (tests/steps/test_resolve.py): here, that the page offers it, does it, and
says the rule's answer where it was asked.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from counterfoil.domain.coding import Proposal, Recurrence
from counterfoil.domain.exceptions import Arrival, ExceptionReason, Outcome
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.orders import Coding
from counterfoil.domain.people import person_of
from counterfoil.domain.policy import CompanySettings, MatchPolicy
from counterfoil.page.labels import DONE, LINE_BUTTONS
from counterfoil.steps import resolve, review
from counterfoil.steps.resolve import LineRequest
from tests.builders import COMPANY, a_captured_invoice, an_invoice_line, an_order, an_order_line
from tests.functions.browser import STAGE
from tests.functions.people import OTHER, PEOPLE
from tests.steps.test_resolve import DEARER, RENT, a_matched, goods, totalling

EVIL = "<script>alert(1)</script>\"'><img src=x>"
SETTINGS = CompanySettings(company=COMPANY, currency="USD")


@pytest.fixture(autouse=True)
def companies(services, pool):
    services.put_company(SETTINGS)
    services.put_company(CompanySettings(company=OTHER))


@pytest.fixture
def too_dear(services, clock):
    """One line, billed at 6.00 and ordered at 5.00."""
    return a_matched(services, clock, totalling(DEARER))


@pytest.fixture
def uncoded(services, clock):
    """One line that bills no order, with a proposal of where to post it."""
    invoice = a_matched(services, clock, totalling(RENT, po_number=None, po_numbers=()))
    coding = Coding(account="6200", department="3", segments={"cseg_site": "9"})
    proposal = Proposal(coding=coding, reason="4 of 4 lines like it were posted so", invoices=("a",))
    return changed(services, invoice, clock, proposals={1: proposal})


@pytest.fixture
def waiting(services, clock):
    """Ten billed, four received."""
    return a_matched(services, clock, None, an_order(lines=(goods(received=Decimal(4), unit="box"),)))


@pytest.fixture
def as_person(pool):
    """The person of that name as the rules know them, to do something before the page is looked at."""
    return lambda name: person_of(pool.id_of(name), name, PEOPLE[name])


def changed(services, invoice, clock, **values):
    current = services.invoice(COMPANY, invoice.id)
    return services.save_invoice(current, current.model_copy(update=values), by="t", action="t", at=clock())


def place_of(invoice):
    return f"page/{COMPANY}/invoices/{invoice.id}"


def pressable(page, place):
    return set(page.texts(f"//*[@id='{place}']//button"))


# What is offered on a line


@pytest.mark.parametrize("name", ["mia", "ann", "cleo", "carl", "bob", "rita"])
def test_a_line_offers_a_person_what_the_rules_offer_them(services, person, as_person, too_dear, name):
    page = person(name).open(place_of(too_dear))

    offered = resolve.offered_on_lines(too_dear, as_person(name))[1]
    assert pressable(page, "line-1") == {LINE_BUTTONS[action][0] for action in offered if action != "link"}
    assert bool(page.at("//*[@id='line-1']//a[contains(@href, '/lines/1/orders')]")) == ("link" in offered)


def test_an_approver_is_offered_edits_where_the_company_lets_approvers_edit(services, person, too_dear):
    services.put_company(SETTINGS.model_copy(update={"match": MatchPolicy(approvers_can_edit=True)}))

    page = person("ann").open(place_of(too_dear))

    assert pressable(page, "line-1") == {"Unlink"}
    assert "Match again" in page.buttons


def test_charges_of_the_whole_document_stand_among_the_lines(services, person, clock):
    freight = an_invoice_line(description="Freight", item_code=None, quantity=None, unit_price=None)
    captured = a_captured_invoice(charges=(freight,), net_total=Decimal(100), gross_total=Decimal(100))
    invoice = a_matched(services, clock, captured)

    page = person("mia").open(place_of(invoice))

    [row] = page.texts("//*[@id='line-2']/tr[1]")
    assert "Freight" in row
    assert "Dispute" in pressable(page, "line-2")


def test_every_line_action_has_a_button_and_a_sentence():
    assert set(LINE_BUTTONS) == set(resolve.LineAction)
    assert {f"line_{action.value}" for action in LINE_BUTTONS} <= set(DONE)


# Settling a line


def test_a_person_accepts_a_line_and_is_told_beside_it(services, person, too_dear):
    browser = person("bob")

    after = browser.submit(browser.open(place_of(too_dear)), "Accept", comment="agreed on the phone")

    assert services.invoice(COMPANY, too_dear.id).status == Status.MATCHED
    assert services.audit(COMPANY, too_dear.id)[-1].why == "agreed on the phone"
    assert after.address == f"{STAGE}/{place_of(too_dear)}?done=line_accept&at=line-1#line-1"
    assert after.texts("//*[@id='line-1']//p[@role='status']") == ["Accepted as it is billed."]
    assert after.texts("//*[@id='line-1']//*[@class='taken']") == ["Accepted by you"]


def test_everybody_sees_who_did_what_with_a_line_and_what_holds_the_invoice(
    services, person, as_person, too_dear, clock
):
    request = LineRequest("dispute", comment="5.00 was agreed")
    resolve.act_on_line(COMPANY, too_dear.id, 1, request, as_person("mia"), store=services, now=clock)

    page = person("ann").open(place_of(too_dear))

    assert page.texts("//*[@id='line-1']//*[@class='taken']") == ["Disputed by mia"]
    [held] = page.texts("//section[@aria-label='Where it stands']//li")
    assert "Held" in held
    assert "line 1, disputed by mia" in held


def test_what_was_done_with_a_line_is_recalled(services, person, as_person, too_dear, clock):
    resolve.act_on_line(COMPANY, too_dear.id, 1, LineRequest("accept"), as_person("mia"), store=services, now=clock)
    browser = person("mia")

    browser.submit(browser.open(place_of(too_dear)), "Recall", within="line-1")

    assert services.invoice(COMPANY, too_dear.id).resolution.taken == {}


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        pytest.param({"comment": " "}, 400, "dispute needs a reason", id="no reason"),
        pytest.param({"comment": "x" * (review.COMMENT_MAX + 1)}, 400, str(review.COMMENT_MAX), id="an endless one"),
        pytest.param({"comment": "x", "version": "1"}, 409, "look again", id="another version"),
    ],
)
def test_a_refusal_stands_beside_the_line_and_the_comment_is_kept(services, person, too_dear, fields, status, says):
    browser = person("mia")

    refused = browser.submit(browser.open(place_of(too_dear)), "Dispute", **fields)

    assert refused.status == status
    assert says in refused.error_beside("line-1-comment")
    assert refused.at("//*[@id='line-1-comment']")[0].text.strip() == fields["comment"].strip()
    assert services.invoice(COMPANY, too_dear.id) == too_dear


@pytest.mark.parametrize(
    ("name", "address", "status", "says"),
    [
        pytest.param("ann", "lines/1/accept", 403, "manage_rate_amount_mismatches", id="not entitled"),
        pytest.param("mia", "lines/1/await_receipt", 409, "not offered on rate mismatch", id="not offered"),
        pytest.param("mia", "lines/1/pay", 400, "is no action on a line", id="no such action"),
        pytest.param("mia", "lines/9/accept", 404, "has no line 9", id="no such line"),
        pytest.param("mia", "lines/x/accept", 404, "no such line", id="no number"),
        pytest.param("ann", "type", 403, "edit", id="another type"),
        pytest.param("mia", "exceptions/price_error/2", 400, "how it ended", id="no outcome"),
        pytest.param("mia", "exceptions/bad_weather/all", 404, "no exception", id="no such exception"),
        pytest.param("mia", "receipt_requests", 409, "waits for goods", id="nothing to ask for"),
        pytest.param("bob", "receipt_requests", 403, "ask_for_receipt", id="not to ask"),
        pytest.param("mia", "receipt_answers", 400, "whether the goods came", id="no answer"),
    ],
)
def test_the_rules_answer_to_a_form_that_was_made_up_is_shown_on_the_invoice(
    services, person, too_dear, name, address, status, says
):
    browser = person(name)
    csrf = browser.page.at("//input[@name='csrf']")[0].get("value")

    refused = browser.send(
        "POST", f"{STAGE}/{place_of(too_dear)}/{address}", f"csrf={csrf}&version={too_dear.version}&comment=x"
    )

    [alert] = refused.texts("//*[@role='alert']")
    assert (refused.status, says in alert) == (status, True), alert
    assert "INV-1" in refused.text
    assert services.invoice(COMPANY, too_dear.id) == too_dear


FORMS = [
    "lines/1/accept",
    "lines/1/link",
    "type",
    "exceptions/price_error/1",
    "receipt_requests",
    "receipt_answers",
    "send_for_approval",
]


@pytest.mark.parametrize("company", [COMPANY, OTHER])
@pytest.mark.parametrize("address", FORMS)
def test_nothing_is_done_by_a_form_of_another_site_or_to_another_company(services, person, too_dear, address, company):
    browser = person("mia" if company == COMPANY else "otto")
    csrf = "0" * 64 if company == COMPANY else browser.page.at("//input[@name='csrf']")[0].get("value")
    fields = f"csrf={csrf}&version={too_dear.version}&comment=x&outcome=accepted&answer=arrived&order_id=1001&line=1"

    for place in (COMPANY, company):
        page = browser.send("POST", f"{STAGE}/page/{place}/invoices/{too_dear.id}/{address}", fields)
        assert page.status in (403, 404)

    assert services.invoice(COMPANY, too_dear.id) == too_dear


def test_by_script_the_invoice_comes_back_with_the_answer_in_its_place(person, too_dear):
    browser = person("mia")
    page = browser.open(place_of(too_dear))
    browser.headers["hx-request"] = "true"

    refused = browser.submit(page, "Dispute")
    after = browser.submit(page, "Accept")

    assert refused.status == 400
    assert refused.error_beside("line-1-comment")
    assert after.texts("//*[@id='line-1']//p[@role='status']") == ["Accepted as it is billed."]
    assert "<html" not in refused.body + after.body


# New lines


def test_a_new_line_is_prefilled_with_the_proposal_and_says_what_it_rests_on(person, uncoded):
    page = person("mia").open(place_of(uncoded))

    filled = {each.get("name"): each.get("value") for each in page.at("//*[@class='codes']//input")}
    assert filled == {"account": "6200", "department": "3", "class_": "", "location": "", "project": ""}
    assert "4 of 4 lines like it were posted so" in page.texts("//*[@id='line-1']//fieldset")[0]


def test_a_new_line_is_posted_as_the_person_says_and_keeps_what_they_have_no_field_for(services, person, uncoded):
    browser = person("mia")

    after = browser.submit(
        browser.open(place_of(uncoded)), "Add as new line", account="6300", department="", location=" 12 "
    )

    coding = services.invoice(COMPANY, uncoded.id).codings[1]
    assert coding == Coding(account="6300", location="12", segments={"cseg_site": "9"})
    assert "posted to account 6300, location 12, cseg_site 9" in after.text


def test_what_was_filled_in_is_kept_when_a_new_line_is_refused(services, person, uncoded):
    browser = person("mia")

    refused = browser.submit(browser.open(place_of(uncoded)), "Add as new line", account="x" * 101, class_="7")

    assert refused.status == 400
    assert "100" in refused.error_beside("line-1-comment")
    assert refused.at("//*[@id='line-1-class_']")[0].get("value") == "7"
    assert services.invoice(COMPANY, uncoded.id) == uncoded


# Linking


@pytest.fixture
def other_orders(services):
    """Two more open orders of the vendor, one of them with two lines."""
    lamp = an_order_line(line=2, item_id="80", item_code="LAMP", description="Desk lamp", quantity=Decimal(5))
    dear = an_order_line(rate=Decimal("6.00"), amount=Decimal("60.00"))
    services.save_order(an_order(id="1002", number="PO-2", lines=(dear, lamp)), read=None)
    services.save_order(an_order(id="1003", number="PO-3"), read=None)


def test_the_vendors_open_orders_are_offered_with_what_tells_them_apart(person, too_dear, other_orders):
    browser = person("mia")

    page = browser.click(browser.open(place_of(too_dear)), "Link to other order lines")

    orders = page.texts("//details/summary")
    assert [order.split()[0] for order in orders] == ["PO-3", "PO-2", "PO-1"]
    assert orders[1] == "PO-2 Pending receipt 85.00 USD unbilled 2026-02-01"
    assert "5 of 5 left at 5.00 USD" in page.texts("//label[contains(., 'PO-2:2')]")[0]


def test_a_line_is_linked_to_what_was_searched_for_and_ticked(services, person, too_dear, other_orders):
    browser = person("mia")
    page = browser.open(f"{place_of(too_dear)}/lines/1/orders")

    found = browser.submit(page, "Search", typed="lamp")
    after = browser.submit(found, "Link", to="PO-2:1", comment="the newer order")

    assert [order.split()[0] for order in found.texts("//details/summary")] == ["PO-2"]
    assert services.invoice(COMPANY, too_dear.id).match.lines[0].link == "PO-2:1"
    assert services.audit(COMPANY, too_dear.id)[-1].why == "the newer order"
    assert after.texts("//*[@id='line-1']//p[@role='status']") == ["Linked."]
    assert "linked by hand" in after.text


def test_what_was_ticked_stays_ticked_while_one_types(person, too_dear, other_orders):
    browser = person("mia")
    browser.headers["hx-request"] = "true"

    part = browser.open(f"{place_of(too_dear)}/lines/1/orders?typed=PO-3&to=PO-2:1&to=PO-3:1")

    assert "<html" not in part.body
    assert [box.get("value") for box in part.at("//input[@checked]")] == ["PO-2:1", "PO-3:1"]


@pytest.mark.parametrize(
    ("to", "says"),
    [
        pytest.param([], "Tick the order lines that line 1 bills", id="nothing ticked"),
        pytest.param(["PO-2:1", "PO-9:1"], "PO-9:1 is no line", id="an order that is not there"),
        pytest.param(["PO-2"], "written like PO-1:2", id="no line"),
    ],
)
def test_a_link_that_is_declined_is_answered_where_it_was_chosen(services, person, too_dear, other_orders, to, says):
    browser = person("mia")
    page = browser.open(f"{place_of(too_dear)}/lines/1/orders")

    refused = browser.submit(page, "Link", to=to, comment="this one")

    assert refused.status in (400, 409)
    assert says in refused.texts("//*[@role='alert']")[0]
    assert [box.get("value") for box in refused.at("//input[@checked]")] == sorted(to, key=lambda key: "PO-2:" in key)
    assert refused.at("//textarea")[0].text.strip() == "this one"
    assert services.invoice(COMPANY, too_dear.id) == too_dear


@pytest.mark.parametrize(
    ("name", "line", "status"), [("ann", "1", 409), ("bob", "1", 409), ("mia", "9", 404), ("mia", "x", 404)]
)
def test_orders_are_offered_only_for_a_line_that_the_person_may_link(person, too_dear, name, line, status):
    assert person(name).open(f"{place_of(too_dear)}/lines/{line}/orders").status == status


def test_a_line_is_unlinked(services, person, too_dear):
    browser = person("mia")

    after = browser.submit(browser.open(place_of(too_dear)), "Unlink")

    assert services.invoice(COMPANY, too_dear.id).match.lines[0].links == ()
    assert "unlinked by hand" in after.text


# The type


def test_the_type_is_set_by_a_person_and_left_to_the_rules_again(services, person, too_dear):
    browser = person("mia")

    set_ = browser.submit(browser.open(place_of(too_dear)), "Match it so", invoice_type="invoice")

    assert services.invoice(COMPANY, too_dear.id).invoice_type == InvoiceType.INVOICE
    assert set_.texts("//*[@id='type']//p[@role='status']") == ["The invoice was decided again."]
    browser.submit(set_, "Match it so", invoice_type="")
    assert services.invoice(COMPANY, too_dear.id).invoice_type is None


def test_a_type_that_is_none_is_refused_where_it_was_chosen(person, too_dear):
    browser = person("mia")

    refused = browser.submit(browser.open(place_of(too_dear)), "Match it so", invoice_type="gift")

    assert refused.status == 400
    assert refused.texts("//*[@id='type']//*[@role='alert']") == ["There is no type 'gift'."]


def test_who_may_not_set_the_type_sees_it(person, too_dear):
    page = person("ann").open(place_of(too_dear))

    assert "Match it so" not in page.buttons
    assert "Matched as a PO invoice, by the rules." in page.text


# Where it stands


def test_a_hold_says_who_and_why(person, too_dear):
    browser = person("ann")

    after = browser.submit(browser.open(place_of(too_dear)), "Hold", comment="waits for the contract")

    [held] = after.texts("//section[@aria-label='Where it stands']//li")
    assert "On hold by you" in held
    assert "waits for the contract" in held
    assert pressable(after, "line-1") == set()


def test_an_invoice_is_sent_to_somebody_for_approval(services, person, clock):
    invoice = a_matched(services, clock)
    browser = person("cleo")

    after = browser.submit(browser.open(place_of(invoice)), "Send for approval", to="Ann Bell")

    assert services.invoice(COMPANY, invoice.id).sent_for_approval.to == "Ann Bell"
    assert "Sent for approval to Ann Bell by you" in after.texts("//section[@aria-label='Where it stands']//li")[0]


def test_a_name_that_is_too_long_is_kept_with_the_refusal(person, services, clock):
    browser = person("cleo")
    page = browser.open(place_of(a_matched(services, clock)))

    refused = browser.submit(page, "Send for approval", to="x" * (review.PERSON_MAX + 1))

    assert str(review.PERSON_MAX) in refused.error_beside("comment")
    assert refused.at("//input[@id='to']")[0].get("value") == "x" * (review.PERSON_MAX + 1)


def test_enter_in_the_name_of_an_approver_sends_for_approval_and_does_nothing_else(person, services, clock):
    page = person("mia").open(place_of(a_matched(services, clock)))

    # A browser presses the first button of a form.
    assert page.texts("//section[@id='decide']//button")[0] == "Send for approval"


def test_what_the_rules_approved_says_so(services, person, clock):
    services.put_company(SETTINGS.model_copy(update={"approve_automatically_max": Decimal(100)}))
    invoice = a_matched(services, clock)

    page = person("ann").open(place_of(invoice))

    assert "Approved by the company's rules" in page.text


def test_an_invoice_that_comes_again_and_again_says_how_often(services, person, uncoded, clock):
    next_on = clock().date() + timedelta(days=30)
    changed(
        services,
        uncoded,
        clock,
        recurrence=Recurrence(period="monthly", amount=Decimal(50), next_on=next_on, invoices=4),
    )

    page = person("mia").open(place_of(uncoded))

    assert f"monthly, about 50.00 USD (4 so far), the next is due {next_on}" in page.text


# Exceptions


def test_an_exception_says_whose_it_is_how_old_and_until_when(person, too_dear, clock):
    clock.at += timedelta(days=5)
    browser = person("ann")
    in_time = browser.open(place_of(too_dear)).texts("//*[@id='exceptions']//li")

    clock.at += timedelta(days=1)
    browser = person("ann")
    [late] = browser.open(place_of(too_dear)).texts("//*[@id='exceptions']//li")

    assert late.startswith("Price error on line 1: ")
    assert "For Buyer · open for 6 d · due 2026-03-07 late" in late
    assert "late" not in in_time[0]


def test_an_exception_is_closed_with_how_it_ended_and_why(services, person, too_dear):
    browser = person("bob")

    after = browser.submit(
        browser.open(place_of(too_dear)), "Close", outcome="credit_note_asked", comment="they send one"
    )

    [ended] = services.invoice(COMPANY, too_dear.id).exceptions
    assert (ended.reason, ended.outcome) == (ExceptionReason.PRICE_ERROR, Outcome.CREDIT_NOTE_ASKED)
    assert after.texts("//*[@id='exceptions']//p[@role='status']") == ["Closed."]
    assert "credit note asked by you" in after.texts("//*[@id='exceptions']/details//li")[0]
    assert "they send one" in after.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"outcome": "", "comment": "x"}, "choose one"), ({"outcome": "accepted", "comment": ""}, "needs a reason")],
)
def test_an_ending_without_outcome_or_reason_is_refused_beside_the_exception(services, person, too_dear, fields, says):
    browser = person("bob")

    refused = browser.submit(browser.open(place_of(too_dear)), "Close", **fields)

    assert refused.status == 400
    assert says in refused.error_beside("exception-price_error-1-comment")
    assert services.invoice(COMPANY, too_dear.id) == too_dear


def test_who_may_not_close_exceptions_is_not_asked_to(person, too_dear):
    assert "Close" not in person("ann").open(place_of(too_dear)).buttons


# Receipts


def test_goods_are_asked_for_answered_for_and_listed_until_then(services, person, waiting, clock):
    clerk, receiver = person("cleo"), person("rita")

    asked = clerk.submit(clerk.open(place_of(waiting)), "Ask", of="Rita at the dock")
    clock.at += timedelta(days=6)
    receiver = person("rita")
    listed = receiver.click(receiver.page, "Receipts")
    answered = receiver.submit(
        receiver.click(listed, "INV-1"), "Answer", answer="partly_arrived", comment="five boxes, two torn"
    )

    assert asked.texts("//*[@id='receipts']//p[@role='status']") == ["Asked."]
    assert "6 box Widget PO-1:1 Asked of Rita at the dock by you" in asked.texts("//*[@id='receipts']//li")[0]
    [row] = listed.texts("//tbody/tr")
    assert all(word in row for word in ("6 box", "PO-1:1", "INV-1", "Rita at the dock", "2026-03-07 late"))
    [request] = services.invoice(COMPANY, waiting.id).receipt_requests
    assert (request.answer, request.comment) == ("partly_arrived", "five boxes, two torn")
    assert "Partly arrived says you: five boxes, two torn" in answered.text
    assert "Nothing is asked for." in receiver.open(f"page/{COMPANY}/receipts").text


def test_what_was_filled_in_is_kept_when_a_question_or_its_answer_is_refused(services, person, waiting):
    browser = person("mia")

    asked = browser.submit(browser.open(place_of(waiting)), "Ask", of="x" * 101)
    page = browser.submit(asked, "Ask", of="Rita")
    answered = browser.submit(page, "Answer", answer="not_arrived", comment="x" * (review.COMMENT_MAX + 1))
    unsaid = browser.submit(page, "Answer", comment="two torn")

    assert "100" in asked.error_beside("asked-of")
    assert asked.at("//*[@id='asked-of']")[0].get("value") == "x" * 101
    assert str(review.COMMENT_MAX) in answered.error_beside("receipt-1-comment")
    assert answered.at("//input[@type='radio'][@checked]")[0].get("value") == "not_arrived"
    assert "choose one" in unsaid.error_beside("receipt-1-comment")
    assert unsaid.at("//*[@id='receipt-1-comment']")[0].text.strip() == "two torn"
    stray = browser.submit(page, "Answer", answer="arrived", order_id="9")
    assert "nobody asked" in stray.texts("//*[@id='receipts']//*[@role='alert']")[0].lower()
    assert services.invoice(COMPANY, waiting.id).receipt_requests[0].answer is None


def test_who_does_not_receive_is_not_asked_for_an_answer(services, person, as_person, waiting, clock):
    resolve.ask_for_receipts(COMPANY, waiting.id, as_person("cleo"), store=services, now=clock)

    page = person("cleo").open(place_of(waiting))

    assert "Answer" not in page.buttons
    assert "Ask again" in page.buttons


def test_nobody_is_asked_for_goods_that_are_not_missing(person, too_dear):
    assert person("mia").open(place_of(too_dear)).at("//*[@id='receipts']") == []


# Debit memo and decisions


def test_the_debit_memo_is_a_table_to_copy(person, too_dear):
    browser = person("mia")

    page = browser.click(browser.open(place_of(too_dear)), "Draft of a debit memo: 10.00 USD")

    [row] = page.at("//tbody/tr")
    cells = {cell.get("data-label"): " ".join(cell.text_content().split()) for cell in row.xpath("td")}
    assert (cells["Reason"], cells["Quantity"], cells["Rate"]) == ("Price error", "10", "1.00 USD")
    assert page.texts("//*[@class='total']") == ["10.00 USD"]


def test_where_nothing_is_to_be_asked_back_there_is_no_memo(person, services, clock):
    invoice = a_matched(services, clock)
    browser = person("mia")

    assert "debit memo" not in browser.open(place_of(invoice)).text
    assert browser.open(f"{place_of(invoice)}/debit_memo").status == 404


def test_who_may_read_the_audit_sees_each_decision_with_its_versions(services, person, too_dear):
    browser = person("mia")
    browser.submit(browser.open(place_of(too_dear)), "Unlink")

    page = browser.click(browser.open(place_of(too_dear)), "All decisions")

    assert [title.split(" ", 2)[1] for title in page.texts("//main//h2")] == [
        str(services.invoice(COMPANY, too_dear.id).version),
        str(too_dear.version),
    ]
    fields = dict(zip(page.texts("//section[2]//dt"), page.texts("//section[2]//dd"), strict=True))
    assert (fields["Settings"], fields["Orders"]) == ("version 1", "PO-1 at version 1")
    assert page.texts("//section//td[@data-label='Decision']") == ["Unlinked", "Rate mismatch"]


def test_who_may_not_read_the_audit_sees_no_decisions(person, too_dear):
    browser = person("ann")

    assert "All decisions" not in browser.open(place_of(too_dear)).text
    assert browser.open(f"{place_of(too_dear)}/decisions").status == 403


# Whatever people write


def test_nothing_that_people_write_becomes_a_part_of_the_page(services, person, as_person, waiting, clock):
    mia = as_person("mia")
    at = {"store": services, "now": clock}
    services.put_company(SETTINGS.model_copy(update={"erp_bill_page": EVIL}), by=EVIL, why=EVIL, at=clock())
    proposal = Proposal(coding=Coding(account=EVIL, segments={EVIL: EVIL}), reason=EVIL, invoices=())
    browser = person("mia")

    def is_plain(address):
        page = browser.open(address)
        assert "<script>alert" not in page.body, address
        assert "<img" not in page.body, address
        assert page.at("//*[@style]|//*[@*[starts-with(name(), 'on')]]|//script[not(@src)]") == [], address
        return True

    unlinked = resolve.act_on_line(COMPANY, waiting.id, 1, LineRequest("unlink"), mia, **at)
    changed(services, unlinked, clock, proposals={1: proposal})
    assert is_plain(place_of(waiting))
    assert is_plain(f"{place_of(waiting)}/lines/1/orders?typed={EVIL}&to={EVIL}")
    resolve.act_on_line(COMPANY, waiting.id, 1, LineRequest("new_line", coding=Coding(account=EVIL)), mia, **at)
    assert is_plain(place_of(waiting))
    resolve.act_on_line(COMPANY, waiting.id, 1, LineRequest("recall"), mia, **at)
    resolve.act_on_line(COMPANY, waiting.id, 1, LineRequest("link", to=["PO-1:1"]), mia, **at)
    resolve.ask_for_receipts(COMPANY, waiting.id, mia, of=EVIL[:100], **at)
    resolve.answer_for_receipt(COMPANY, waiting.id, "1001", 1, Arrival.NOT_ARRIVED, mia, comment=EVIL, **at)
    resolve.close_exception(
        COMPANY, waiting.id, ExceptionReason.SHORT_DELIVERY, Outcome.ACCEPTED, mia, line=1, comment=EVIL, **at
    )
    review.act(COMPANY, waiting.id, "send_for_approval", mia, to=EVIL, **at)
    review.act(COMPANY, waiting.id, "hold", mia, comment=EVIL, **at)
    assert is_plain(f"{place_of(waiting)}?done={EVIL}&at={EVIL}")
    for place in ("settings", f"exceptions?owner={EVIL}", "receipts", f"invoices/{waiting.id}/decisions"):
        assert is_plain(f"page/{COMPANY}/{place}")


# Landed cost


def test_what_freight_adds_to_goods_is_a_table_to_copy_or_says_why_there_is_none(person, services, clock):
    freight = an_invoice_line(line=2, description="Freight", item_code=None, amount=Decimal("12.00"))
    order = an_order(lines=(goods(received=Decimal(10)),))
    captured = a_captured_invoice(lines=(an_invoice_line(), freight), net_total=Decimal(62), gross_total=Decimal(62))
    browser = person("mia")

    page = browser.click(browser.open(place_of(a_matched(services, clock, captured, order))), "Landed cost")
    [row] = page.at("//tbody/tr")
    cells = {cell.get("data-label"): " ".join(cell.text_content().split()) for cell in row.xpath("td")}
    assert (cells["Order line"], cells["Landed cost"]) == ("PO-1:1", "12.00 USD")

    refused = browser.submit(page, "Share out", orders="PO-404", by="quantity")
    assert "no orders with the number" in refused.text
