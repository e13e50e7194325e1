"""The REST API: who may do what, what a stranger learns (nothing), and how it says no."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from counterfoil import wiring
from counterfoil.cli import app as cli
from counterfoil.domain.actions import LineAction
from counterfoil.domain.invoices import Reason
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.people import ENTITLEMENTS, Entitlement, Role
from counterfoil.domain.policy import CompanySettings
from counterfoil.files import DOCUMENT_BYTES_MAX
from counterfoil.steps.match import match
from counterfoil.steps.review import ACTIONS, COMMENT_MAX
from counterfoil.store import PAGE_DEFAULT, PAGE_MAX
from tests.builders import (
    COMPANY,
    NOON,
    a_captured_invoice,
    a_delivery,
    an_invoice,
    an_invoice_line,
    an_order,
    an_order_line,
)
from tests.conftest import template
from tests.functions.wired import Context, call, event, handler
from tests.steps.test_match import a_read_invoice

OTHER = "other"


@pytest.fixture(autouse=True)
def companies(services, clock, monkeypatch):
    monkeypatch.setattr(wiring, "now", clock)
    for company in (COMPANY, OTHER):
        services.put_company(CompanySettings(company=company))


@pytest.fixture
def matched(services, clock):
    services.save_order(an_order(), read=None)
    return match(COMPANY, a_read_invoice(services).id, store=services, now=clock)


def ask(method, path, *, groups=f"{COMPANY}.ap_manager", sub="ann", query=None, body=None):
    """What the API answers a person of these groups."""
    message = event("invoices_api.list")
    context = message["requestContext"]
    context["authorizer"]["claims"] |= {"sub": sub, "cognito:groups": groups}
    message |= {
        "httpMethod": method,
        "path": path,
        "requestContext": context | {"httpMethod": method, "path": f"/v1{path}"},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
    }
    if body is not None:
        message["headers"] |= {"Content-Type": "application/json"}
        message["multiValueHeaders"] |= {"Content-Type": ["application/json"]}
    return handler("invoices_api")(message, Context())


def content(answer):
    return json.loads(answer["body"])


def problem(answer):
    """The problem of a refusal; its form is checked for each."""
    found = content(answer)
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert set(found) == {"type", "title", "status", "detail"}
    assert found["status"] == answer["statusCode"]
    return found


def an_invoice_of(services, company, number, status=Status.RECEIVED):
    invoice = an_invoice(company=company, id=f"invoice-{number}", status=status)
    return services.save_invoice(None, invoice, by="t", action="received", at=NOON + timedelta(minutes=number))


# Lists


def test_a_list_shows_what_is_in_a_state_the_longest_resting_first(services):
    for number in (2, 1):
        an_invoice_of(services, COMPANY, number)

    answer = call("invoices_api.list")

    assert answer["statusCode"] == 200
    assert [invoice["id"] for invoice in content(answer)["invoices"]] == ["invoice-1", "invoice-2"]
    assert content(answer)["cursor"] is None


def test_pages_hold_each_invoice_once_and_end(services):
    for number in range(7):
        an_invoice_of(services, COMPANY, number)

    found, cursor, pages = [], None, 0
    while cursor or not pages:
        query = {"status": "received", "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = content(ask("GET", f"/companies/{COMPANY}/invoices", query=query))
        found += [invoice["id"] for invoice in page["invoices"]]
        cursor, pages = page["cursor"], pages + 1

    assert found == [f"invoice-{number}" for number in range(7)]
    assert pages == 3


def test_a_cursor_of_another_company_leads_nowhere(services):
    for number in range(3):
        an_invoice_of(services, OTHER, number)
    query = {"status": "received", "limit": "1"}
    theirs = content(ask("GET", f"/companies/{OTHER}/invoices", groups=f"{OTHER}.ap_clerk", query=query))["cursor"]

    answer = ask("GET", f"/companies/{COMPANY}/invoices", query=query | {"cursor": theirs})

    assert content(answer) == {"invoices": [], "cursor": None}


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "{}",
        "5",
        "null",
        '["",""]',
        '["a","b#c"]',
        "[" * 9_000,
        "2026-03-02T12:00:00.000000Z#",
        "9" * 2_000,
        "\x00",
    ],
    ids=lambda cursor: repr(cursor[:24]),
)
def test_a_forged_cursor_is_refused(cursor):
    answer = ask("GET", f"/companies/{COMPANY}/invoices", query={"status": "received", "cursor": cursor})

    assert answer["statusCode"] == 400
    assert "cursor" in problem(answer)["detail"]


@pytest.mark.parametrize("limit", ["0", "-1", str(PAGE_MAX + 1), "many", ""])
def test_a_limit_outside_its_bounds_is_refused(limit):
    answer = ask("GET", f"/companies/{COMPANY}/invoices", query={"status": "received", "limit": limit})

    assert answer["statusCode"] == 400
    assert "limit" in problem(answer)["detail"]


def test_the_limit_is_bounded_by_default(services):
    for number in range(PAGE_DEFAULT + 1):
        an_invoice_of(services, COMPANY, number)

    page = content(ask("GET", f"/companies/{COMPANY}/invoices", query={"status": "received"}))

    assert len(page["invoices"]) == PAGE_DEFAULT
    assert page["cursor"]


@pytest.mark.parametrize("query", [None, {"status": "lost"}, {"status": ""}])
def test_a_list_is_of_one_state(query):
    answer = ask("GET", f"/companies/{COMPANY}/invoices", query=query)

    assert answer["statusCode"] == 400
    assert "status" in problem(answer)["detail"]


# One invoice


def test_an_invoice_is_shown_whole_with_its_numbers_as_text(services, matched):
    answer = call("invoices_api.read")

    shown = content(answer)
    assert shown["means"] == "agrees with its order, waiting for approval"
    assert shown["captured"]["gross_total"] == "50.00"
    assert shown["match"]["lines"][0]["status"] == "perfect_match"


def test_the_audit_trail_is_shown_with_its_chain_checked(services, matched):
    answer = call("invoices_api.audit")

    trail = content(answer)
    assert [entry["number"] for entry in trail["entries"]] == list(range(1, matched.version + 1))
    assert trail["broken_at"] is None


# Who may


READS = {
    f"/companies/{COMPANY}/invoices": Entitlement.READ_INVOICES,
    f"/companies/{COMPANY}/invoices/invoice-1": Entitlement.READ_INVOICES,
    f"/companies/{COMPANY}/invoices/invoice-1/audit": Entitlement.READ_AUDIT,
    f"/companies/{COMPANY}/invoices/invoice-1/decisions": Entitlement.READ_AUDIT,
    f"/companies/{COMPANY}/exceptions": Entitlement.READ_INVOICES,
    f"/companies/{COMPANY}/receipt_requests": Entitlement.READ_INVOICES,
    f"/companies/{COMPANY}/vendors/501/orders": Entitlement.READ_INVOICES,
    f"/companies/{COMPANY}/settings": Entitlement.READ_SETTINGS,
    f"/companies/{COMPANY}/settings/history": Entitlement.READ_SETTINGS,
    f"/companies/{COMPANY}/decisions": Entitlement.READ_AUDIT,
    f"/companies/{COMPANY}/sync": Entitlement.READ_DELIVERIES,
    f"/companies/{COMPANY}/deliveries": Entitlement.READ_DELIVERIES,
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", READS)
def test_each_role_reads_what_it_is_entitled_to_and_no_more(services, matched, path, role):
    answer = ask("GET", path, groups=f"{COMPANY}.{role}", query={"status": "received"})

    expected = 200 if READS[path] in ENTITLEMENTS[role] else 403
    assert answer["statusCode"] == expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("path", "body", "entitlement", "status"),
    [
        pytest.param("uploads", {"file_name": "a.pdf"}, Entitlement.UPLOAD, 200, id="upload"),
        pytest.param("sync", None, Entitlement.SYNC, 202, id="sync"),
        pytest.param("invoices/invoice-1/approve", {}, Entitlement.APPROVE, 200, id="approve"),
        pytest.param("invoices/invoice-1/reject", {"comment": "not ours"}, Entitlement.REJECT, 200, id="reject"),
        pytest.param("invoices/invoice-1/rerun_linking", {}, Entitlement.EDIT, 200, id="rerun"),
    ],
)
def test_each_role_does_what_it_is_entitled_to_and_no_more(services, matched, role, path, body, entitlement, status):
    answer = ask("POST", f"/companies/{COMPANY}/{path}", groups=f"{COMPANY}.{role}", body=body)

    assert answer["statusCode"] == (status if entitlement in ENTITLEMENTS[role] else 403)
    if entitlement not in ENTITLEMENTS[role]:
        assert problem(answer)["type"] == "urn:counterfoil:not_entitled"
        assert services.invoice(COMPANY, matched.id) == matched


EVERYTHING = [
    ("GET", "/companies/{company}/invoices", None),
    ("GET", "/companies/{company}/invoices/invoice-1", None),
    ("GET", "/companies/{company}/invoices/invoice-1/audit", None),
    *(("POST", f"/companies/{{company}}/invoices/invoice-1/{action}", {"comment": "x"}) for action in ACTIONS),
    ("GET", "/companies/{company}/invoices/invoice-1/decisions", None),
    ("GET", "/companies/{company}/invoices/invoice-1/debit_memo", None),
    ("GET", "/companies/{company}/invoices/invoice-1/landed_costs", None),
    *(
        ("POST", f"/companies/{{company}}/invoices/invoice-1/lines/1/{action}", {"comment": "x", "to": ["PO-1:1"]})
        for action in LineAction
    ),
    ("POST", "/companies/{company}/invoices/invoice-1/type", {"invoice_type": "invoice"}),
    ("POST", "/companies/{company}/invoices/invoice-1/exceptions/fraud", {"outcome": "accepted", "comment": "x"}),
    ("POST", "/companies/{company}/invoices/invoice-1/corrections", {"confirmed": ["lines"]}),
    ("POST", "/companies/{company}/invoices/invoice-1/receipt_requests", {}),
    (
        "POST",
        "/companies/{company}/invoices/invoice-1/receipt_answers",
        {"order_id": "1", "line": 1, "answer": "arrived"},
    ),
    ("GET", "/companies/{company}/exceptions", None),
    ("GET", "/companies/{company}/receipt_requests", None),
    ("GET", "/companies/{company}/vendors/501/orders", None),
    ("GET", "/companies/{company}/settings", None),
    ("PUT", "/companies/{company}/settings", {"settings": {"company": "demo"}, "why": "x", "version": 1}),
    ("GET", "/companies/{company}/settings/history", None),
    ("GET", "/companies/{company}/decisions", None),
    ("POST", "/companies/{company}/simulations", {"policy": {}}),
    ("POST", "/companies/{company}/uploads", {"file_name": "a.pdf"}),
    ("POST", "/companies/{company}/sync", None),
    ("GET", "/companies/{company}/sync", None),
    ("GET", "/companies/{company}/deliveries", None),
]


@pytest.mark.parametrize(
    ("method", "path", "body"), EVERYTHING, ids=lambda value: value if isinstance(value, str) else ""
)
def test_another_company_is_answered_like_one_that_is_not_there(services, method, path, body):
    """Company isolation holds for every route; `EVERYTHING` is all that the gateway has."""
    an_invoice_of(services, OTHER, 1)

    theirs = ask(method, path.format(company=OTHER), query={"status": "received"}, body=body)
    nobodys = ask(method, path.format(company="nobody"), query={"status": "received"}, body=body)

    assert theirs["statusCode"] == 403
    assert theirs["body"].replace(OTHER, "nobody") == nobodys["body"]


@pytest.mark.parametrize("path", ["", "/audit"])
def test_an_invoice_of_another_company_is_answered_like_none(services, path):
    theirs = an_invoice_of(services, OTHER, 1)

    answer = ask("GET", f"/companies/{COMPANY}/invoices/{theirs.id}{path}")

    assert answer["statusCode"] == 404
    assert problem(answer)["detail"] == f"there is no invoice '{theirs.id}'"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_invoice_of_another_company_is_not_acted_on(services, action):
    theirs = an_invoice_of(services, OTHER, 1)

    answer = ask("POST", f"/companies/{COMPANY}/invoices/{theirs.id}/{action}", body={"comment": "x"})

    assert answer["statusCode"] == 404
    assert services.invoice(OTHER, theirs.id) == theirs


@pytest.mark.parametrize(
    "company", [f"{COMPANY}#INVOICES", f"{OTHER}%23X", "COMPANIES", "..", f"{COMPANY}.x", f"{COMPANY} "]
)
def test_no_company_is_made_up_of_another_ones_keys(services, company):
    an_invoice_of(services, COMPANY, 1)

    answer = ask("GET", f"/companies/{company}/invoices", query={"status": "received"})

    assert answer["statusCode"] in (403, 404)


@pytest.mark.parametrize(
    "groups",
    [
        "",
        "admins",
        "ap_manager",
        f".{COMPANY}",
        ".ap_manager",
        f"{COMPANY}.owner",
        f"{OTHER}.ap_manager",
        f"{COMPANY}.AP_MANAGER",
    ],
)
def test_groups_that_name_no_role_in_the_company_carry_nothing(groups):
    answer = ask("GET", f"/companies/{COMPANY}/invoices", groups=groups, query={"status": "received"})

    assert answer["statusCode"] == 403


@pytest.mark.parametrize(
    "groups",
    [f"{OTHER}.employee,{COMPANY}.ap_clerk", f"[{OTHER}.employee {COMPANY}.ap_clerk]", [f"{COMPANY}.ap_clerk"]],
)
def test_groups_are_read_however_the_gateway_writes_a_list(groups):
    answer = ask("GET", f"/companies/{COMPANY}/invoices", groups=groups, query={"status": "received"})

    assert answer["statusCode"] == 200


def test_a_request_that_no_authorizer_saw_may_nothing():
    message = event("invoices_api.list")
    del message["requestContext"]["authorizer"]

    answer = handler("invoices_api")(message, Context())

    assert answer["statusCode"] == 403


# Acting


def test_an_approver_approves(services, matched):
    answer = call("invoices_api.approve")

    assert answer["statusCode"] == 200
    assert content(answer)["status"] == "approved"
    assert services.invoice(COMPANY, matched.id).approval.by == "ann"


def test_nobody_approves_what_they_sent_in(services, matched):
    own = services.save_invoice(matched, matched.model_copy(update={"raised_by": "ann"}), by="t", action="t", at=NOON)

    answer = call("invoices_api.approve")

    assert answer["statusCode"] == 403
    assert services.invoice(COMPANY, own.id) == own


def test_an_action_comes_once(services, matched):
    call("invoices_api.approve")

    again = call("invoices_api.approve")

    assert again["statusCode"] == 409
    assert "approved" in problem(again)["detail"]


def test_what_has_changed_since_it_was_looked_at_is_not_acted_on(services, matched):
    answer = ask("POST", f"/companies/{COMPANY}/invoices/{matched.id}/approve", body={"version": matched.version - 1})

    assert answer["statusCode"] == 409
    assert problem(answer)["type"] == "urn:counterfoil:changed_meanwhile"
    assert services.invoice(COMPANY, matched.id) == matched


def test_what_is_as_it_was_looked_at_is_acted_on(services, matched):
    answer = ask("POST", f"/companies/{COMPANY}/invoices/{matched.id}/approve", body={"version": matched.version})

    assert answer["statusCode"] == 200


@pytest.mark.parametrize(
    ("action", "body", "says"),
    [
        pytest.param("reject", {}, "comment", id="no comment"),
        pytest.param("reject", {"comment": "  \n"}, "comment", id="a blank comment"),
        pytest.param("reject", {"comment": "x" * (COMMENT_MAX + 1)}, str(COMMENT_MAX), id="an endless comment"),
        pytest.param("reject", {"comment": 5}, "comment", id="a comment that is a number"),
        pytest.param("approve", {"really": True}, "really", id="an unknown field"),
        pytest.param("approve", "{", "JSON", id="no JSON"),
        pytest.param("approve", "[]", "body", id="a list"),
        pytest.param("approve", {"version": "now"}, "version", id="a version that is a word"),
        pytest.param("pay", {}, "pay", id="an unknown action"),
    ],
)
def test_a_request_that_is_not_right_changes_nothing_and_says_why(services, matched, action, body, says):
    answer = ask("POST", f"/companies/{COMPANY}/invoices/{matched.id}/{action}", body=body)

    assert answer["statusCode"] == 400
    assert says in problem(answer)["detail"]
    assert services.invoice(COMPANY, matched.id) == matched


def test_a_comment_of_the_greatest_length_is_kept_whole(services, matched):
    comment = "ü" * COMMENT_MAX

    answer = ask("POST", f"/companies/{COMPANY}/invoices/{matched.id}/reject", body={"comment": comment})

    assert answer["statusCode"] == 200
    assert services.audit(COMPANY, matched.id)[-1].why == comment


def test_an_action_needs_no_body_when_it_needs_no_comment(services, matched):
    answer = ask("POST", f"/companies/{COMPANY}/invoices/{matched.id}/approve")

    assert answer["statusCode"] == 200


# Uploads, sync, deliveries


def test_an_upload_address_names_company_and_person_and_bounds_the_size():
    answer = call("invoices_api.upload")

    upload = content(answer)
    assert re.fullmatch(r"inbox/demo/uploads/cleo/[0-9a-f]{32}/Invoice_17_copy_.pdf", upload["key"])
    assert upload["fields"]["key"] == upload["key"]
    assert str(DOCUMENT_BYTES_MAX) in _policy(upload)


def _policy(upload):
    return base64.b64decode(upload["fields"]["policy"]).decode()


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("../../other/x.pdf", "/other_x.pdf"),
        ("a/b.pdf", "/a_b.pdf"),
        ("Ünïcode.pdf", "/n_code.pdf"),
        ("x" * 300 + ".pdf", "x.pdf"),
    ],
)
def test_a_file_name_cannot_leave_its_place(name, ends):
    upload = content(ask("POST", f"/companies/{COMPANY}/uploads", sub="ann", body={"file_name": name}))

    assert upload["key"].endswith(ends)
    assert upload["key"].count("/") == 5
    assert upload["key"].startswith(f"inbox/{COMPANY}/uploads/ann/")


@pytest.mark.parametrize("body", [{"file_name": ""}, {"file_name": "..."}, {}, None])
def test_an_upload_needs_a_file_name(body):
    answer = ask("POST", f"/companies/{COMPANY}/uploads", body=body)

    assert answer["statusCode"] == 400


def test_a_company_that_was_never_set_up_takes_no_uploads():
    answer = ask("POST", "/companies/new/uploads", groups="new.ap_clerk", body={"file_name": "a.pdf"})

    assert answer["statusCode"] == 404
    assert problem(answer)["type"] == "urn:counterfoil:unknown_company"


def test_sync_is_asked_for():
    answer = call("invoices_api.sync")

    assert answer["statusCode"] == 202
    assert re.fullmatch(r"[0-9a-f]{32}", content(answer)["request_id"])


def test_a_refused_delivery_is_listed_for_its_company_only(services):
    for company in (COMPANY, OTHER):
        refused = a_delivery(company=company, key=f"inbox/{company}/a.zip", refused=Reason(code="x", detail="y"))
        services.refuse_delivery(refused)

    answer = ask("GET", f"/companies/{COMPANY}/deliveries")

    assert [delivery["key"] for delivery in content(answer)["deliveries"]] == [f"inbox/{COMPANY}/a.zip"]


# The API itself


def test_the_openapi_document_lists_every_route_that_the_gateway_has():
    answer = call("invoices_api.openapi")

    schema = content(answer)
    described = {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}
    deployed = {
        (event["Properties"]["Method"].upper(), event["Properties"]["Path"])
        for event in template()["Resources"]["InvoicesApiFunction"]["Properties"]["Events"].values()
        if event["Type"] == "Api"
    }
    assert schema["openapi"].startswith("3.")
    assert _shapes(described) == _shapes(deployed) - _shapes({("GET", "/openapi.json")})


def test_every_route_is_among_those_that_are_asked_for_another_company():
    deployed = {
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for event in template()["Resources"]["InvoicesApiFunction"]["Properties"]["Events"].values()
    } - {("GET", "/openapi.json")}

    for method, path in deployed:
        pattern = re.sub(r"\{\w+\}", "[^/]+", path.replace("{company}", "COMPANY"))
        assert any(
            method == asked and re.fullmatch(pattern, place.replace("{company}", "COMPANY"))
            for asked, place, _ in EVERYTHING
        ), (method, path)


def _shapes(routes):
    return {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in routes}


def test_the_openapi_document_needs_no_session():
    answer = call("invoices_api.openapi")

    assert answer["statusCode"] == 200
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("DELETE", f"/companies/{COMPANY}/invoices/invoice-1"), ("GET", f"/companies/{COMPANY}")],
)
def test_there_is_no_other_route(method, path):
    answer = ask(method, path)

    assert answer["statusCode"] == 404
    assert problem(answer)["type"] == "urn:counterfoil:no_such_route"


# Resolving


@pytest.fixture
def exception(services, clock):
    """An invoice that bills 6.00 for what was ordered at 5.00."""
    services.save_order(an_order(), read=None)
    line = an_invoice_line(unit_price=Decimal("6.00"), amount=Decimal("60.00"))
    captured = a_captured_invoice(lines=(line,), net_total=line.amount, gross_total=line.amount)
    return match(COMPANY, a_read_invoice(services, captured=captured).id, store=services, now=clock)


PLACE = f"/companies/{COMPANY}/invoices/invoice-1"


def test_what_a_person_may_do_is_told_and_done(services, exception):
    shown = content(ask("GET", PLACE))
    assert shown["line_actions"] == {"1": ["accept", "dispute", "reject", "link", "unlink"]}

    answer = ask("POST", f"{PLACE}/lines/1/accept", body={"comment": "agreed", "version": exception.version})

    assert answer["statusCode"] == 200
    accepted = content(answer)
    assert (accepted["status"], accepted["lines"][0]["action"]) == ("matched", "accept")
    assert "approve" in content(ask("GET", PLACE))["actions"]


@pytest.mark.parametrize(
    ("path", "body", "status", "rule"),
    [
        pytest.param("lines/1/await_receipt", {}, 409, "not_offered", id="not for a price"),
        pytest.param("lines/1/recall", {}, 409, "nothing_to_recall", id="nothing was done"),
        pytest.param("lines/1/link", {"to": ["PO-9:1"]}, 409, "cannot_be_billed", id="no such order line"),
        pytest.param("lines/7/accept", {}, 404, None, id="no such line"),
        pytest.param("lines/x/accept", {}, 400, None, id="a line is a number"),
        pytest.param("lines/1/eat", {}, 400, None, id="no such action"),
        pytest.param("lines/1/accept", {"version": 1}, 409, None, id="an older version was looked at"),
        pytest.param("exceptions/boredom", {"outcome": "accepted", "comment": "x"}, 400, None, id="no such reason"),
        pytest.param("receipt_requests", {}, 409, "no_receipt_missing", id="no receipt is missing"),
    ],
)
def test_what_is_declined_names_the_rule_and_changes_nothing(services, exception, path, body, status, rule):
    answer = ask("POST", f"{PLACE}/{path}", body=body)

    assert answer["statusCode"] == status
    assert content(answer).get("rule") == rule
    assert services.invoice(COMPANY, exception.id) == exception


def test_a_debit_memo_is_drafted(services, exception):
    memo = content(ask("GET", f"{PLACE}/debit_memo"))

    assert (memo["total"], memo["lines"][0]["amount"], memo["lines"][0]["reason"]) == ("10", "10.00", "price_error")


def test_exceptions_are_listed_by_their_owner_and_ended(services, exception):
    [listed] = content(ask("GET", f"/companies/{COMPANY}/exceptions", query={"owner": "buyer"}))["exceptions"]
    assert (listed["reason"], listed["invoice"]["id"], listed["is_late"]) == ("price_error", exception.id, False)

    body = {"outcome": "credit_note_asked", "comment": "10.00 will be credited", "line": 1}
    assert ask("POST", f"{PLACE}/exceptions/price_error", body=body)["statusCode"] == 200

    assert content(ask("GET", f"/companies/{COMPANY}/exceptions"))["exceptions"] == []


def test_settings_are_changed_by_who_may_and_kept_with_the_reason(services):
    place = f"/companies/{COMPANY}/settings"
    read = content(ask("GET", place))
    changed = read["settings"] | {"currency": "EUR"}
    body = {"settings": changed, "why": "we pay in euro", "version": read["version"]}

    assert ask("PUT", place, body=body)["statusCode"] == 403, "not who runs accounts payable"
    assert ask("PUT", place, body=body, groups=f"{COMPANY}.controller", sub="carl")["statusCode"] == 200
    assert ask("PUT", place, body=body, groups=f"{COMPANY}.controller")["statusCode"] == 409, "changed meanwhile"

    history = content(ask("GET", f"{place}/history"))
    assert [(each["by"], each["why"]) for each in history["changes"]][-1] == ("carl", "we pay in euro")
    assert history["broken_at"] is None


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({"settings": {"company": "demo", "surprise": 1}}, "surprise", id="an unknown setting"),
        pytest.param({"settings": {"company": "demo", "match": {"mode": "4way"}}}, "mode", id="no such mode"),
        pytest.param({"settings": {"company": "other"}}, "other", id="another company's"),
    ],
)
def test_settings_that_are_not_right_are_refused_with_the_place(services, body, place):
    body = {"why": "x", "version": 1} | body

    answer = ask("PUT", f"/companies/{COMPANY}/settings", body=body, groups=f"{COMPANY}.controller")

    assert answer["statusCode"] == 400
    assert place in problem(answer)["detail"]


def test_another_policy_is_tried_on_the_decisions_that_were_made(services, exception):
    body = {"policy": {"thresholds": {"rate": {"percent": "25"}}}}

    tried = content(ask("POST", f"/companies/{COMPANY}/simulations", body=body))

    assert tried["decisions"] == 1
    assert [(each["invoice_id"], each["effect"], each["overcharge"]) for each in tried["changes"]] == [
        (exception.id, "passes_now", "10.00")
    ]


def test_the_decisions_that_are_listed_can_be_simulated_offline(services, exception, tmp_path):
    kept = content(ask("GET", f"/companies/{COMPANY}/decisions"))["decisions"]
    history, settings = tmp_path / "decisions.jsonl", tmp_path / "new.yaml"
    history.write_text("".join(json.dumps(each) + "\n" for each in kept))
    settings.write_text("thresholds: {rate: {percent: '25'}}\n")

    outcome = CliRunner().invoke(cli, ["simulate", "--settings", str(settings), str(history)])

    assert outcome.exit_code == 0
    assert json.loads(outcome.output.splitlines()[0])["effect"] == "passes_now"


@pytest.fixture
def with_freight(services, clock):
    """Goods kept in stock and 12.00 of freight; other goods came with PO-2."""
    stock = {"kind": ItemKind.INVENTORY, "received": Decimal(10)}
    services.save_order(an_order(lines=(an_order_line(**stock),)), read=None)
    services.save_order(an_order(id="1002", number="PO-2", lines=(an_order_line(**stock),)), read=None)
    freight = an_invoice_line(line=2, description="Freight", item_code=None, amount=Decimal("12.00"))
    captured = a_captured_invoice(lines=(an_invoice_line(), freight), net_total=Decimal(62), gross_total=Decimal(62))
    return match(COMPANY, a_read_invoice(services, captured=captured).id, store=services, now=clock)


def test_what_freight_adds_to_goods_is_drafted(services, with_freight):
    draft = content(ask("GET", f"{PLACE}/landed_costs"))

    assert (draft["total"], [(each["po_number"], each["amount"]) for each in draft["shares"]]) == (
        "12",
        [("PO-1", "12.00")],
    )


def test_a_whole_invoice_is_laid_on_the_goods_of_orders_that_are_named(services, with_freight):
    draft = content(ask("GET", f"{PLACE}/landed_costs", query={"orders": "PO-1, PO-2", "by": "quantity"}))

    assert draft["total"] == "62"
    assert {each["po_number"] for each in draft["shares"]} == {"PO-1", "PO-2"}


@pytest.mark.parametrize(
    ("query", "status"),
    [({"orders": "PO-404"}, 400), ({"by": "weight"}, 400), ({"orders": ",".join(["PO-1"] * 21)}, 400)],
)
def test_what_cannot_be_shared_out_is_said(services, with_freight, query, status):
    assert ask("GET", f"{PLACE}/landed_costs", query=query)["statusCode"] == status


def test_an_invoice_without_charges_has_no_landed_cost(services, exception):
    answer = ask("GET", f"{PLACE}/landed_costs")

    assert answer["statusCode"] == 404
    assert "no freight" in problem(answer)["detail"]
