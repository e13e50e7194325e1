"""The REST API for people and programs: invoices, what people do with them, exceptions, settings, uploads, sync."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from counterfoil import problems, wiring
from counterfoil.domain import money, replay
from counterfoil.domain.actions import LineAction
from counterfoil.domain.audit import broken_at
from counterfoil.domain.exceptions import Arrival, ExceptionReason, Outcome, Owner
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.landed_cost import LandedBasis
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.orders import Coding
from counterfoil.domain.people import Entitlement, Person, person_of
from counterfoil.domain.policy import CompanySettings, MatchPolicy
from counterfoil.domain.records import Record
from counterfoil.domain.replay import Effect
from counterfoil.domain.settings_history import broken_at as settings_broken_at
from counterfoil.errors import BadRequest, CounterfoilError, Refusal, StaleWrite
from counterfoil.observability import logger, tracer
from counterfoil.steps import correct, resolve, review
from counterfoil.steps.correct import Correction
from counterfoil.steps.resolve import LineRequest
from counterfoil.steps.review import require
from counterfoil.store import DECISIONS_MAX, PAGE_DEFAULT, PAGE_MAX, SyncRequest

# Lambda answers with at most 6 MB.
REPLY_BYTES_MAX = 4_000_000
SYNC_KINDS = ("vendors", "orders", "receipts", "bills", "returns", "deletions")

app = APIGatewayRestResolver(enable_validation=True)


class Comment(Record):
    """Why, and (if given) the version that was looked at: an invoice that has moved on since is not acted on.

    `to` is whom an invoice is sent to for approval.
    """

    comment: str = ""
    version: int | None = None
    to: str = ""


class LineAct(Record):
    """`to` names order lines to link to (`PO-1:2`), `coding` where a new line is posted."""

    comment: str = ""
    version: int | None = None
    to: tuple[str, ...] = ()
    coding: Coding | None = None


class TypeChoice(Record):
    """`invoice_type` null leaves it to the rules again."""

    invoice_type: InvoiceType | None = None
    version: int | None = None


class Ending(Record):
    """How an exception ended; `line` null is the whole invoice's."""

    outcome: Outcome
    comment: str
    line: int | None = None
    version: int | None = None


class Asking(Record):
    """Who is asked whether the goods came; empty asks whoever receives."""

    of: str = ""
    version: int | None = None


class Answer(Record):
    order_id: str
    line: int
    answer: Arrival
    comment: str = ""


class NewSettings(Record):
    """The settings as they shall be, why, and the version that was looked at."""

    settings: CompanySettings
    why: str
    version: int


class Trial(Record):
    """A match policy to try on the decisions that were made last."""

    policy: MatchPolicy
    limit: Annotated[int, Field(ge=1, le=DECISIONS_MAX)] = PAGE_MAX


class Upload(Record):
    file_name: str


def person() -> Person:
    """Who calls, as the user pool's token says."""
    claims = app.current_event.request_context.authorizer.claims or {}
    groups = claims.get("cognito:groups") or ""
    listed = groups if isinstance(groups, list) else groups.strip("[]").replace(",", " ").split()
    return person_of(claims.get("sub", ""), claims.get("cognito:username", ""), listed)


@app.get("/companies/<company>/invoices", summary="Invoices in one state, the longest resting first")
def list_invoices(
    company: str,
    status: Annotated[Status, Query(description="the state they are in")],
    cursor: Annotated[str | None, Query(description="from the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    page = wiring.store().invoices(company, status, cursor=cursor, limit=limit)
    return {"invoices": [summary(invoice) for invoice in page.invoices], "cursor": page.cursor}


@app.get("/companies/<company>/invoices/<invoice_id>", summary="One invoice, whole")
def read_invoice(company: str, invoice_id: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    who = person()
    invoice = wiring.store().invoice(company, invoice_id)
    can_edit = wiring.store().company(company).match.approvers_can_edit
    return {
        **invoice.model_dump(mode="json"),
        "means": STATES[invoice.status].means,
        "actions": review.offered(invoice, who, approvers_can_edit=can_edit),
        "line_actions": resolve.offered_on_lines(invoice, who, approvers_can_edit=can_edit),
    }


@app.get("/companies/<company>/invoices/<invoice_id>/audit", summary="Who did what to it, when and why")
def read_audit(company: str, invoice_id: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_AUDIT, company)
    wiring.store().invoice(company, invoice_id)
    entries = wiring.store().audit(company, invoice_id)
    return {"entries": [entry.model_dump(mode="json") for entry in entries], "broken_at": broken_at(entries)}


@app.get(
    "/companies/<company>/invoices/<invoice_id>/decisions", summary="All decisions on it, with what they were made on"
)
def read_decisions(company: str, invoice_id: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_AUDIT, company)
    wiring.store().invoice(company, invoice_id)
    decisions = wiring.store().decisions_of(company, invoice_id)
    return {"decisions": [each.model_dump(mode="json") for each in decisions]}


@app.get("/companies/<company>/invoices/<invoice_id>/debit_memo", summary="What to ask back, as a draft")
def read_debit_memo(company: str, invoice_id: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    memo = resolve.drafted_memo(wiring.store().invoice(company, invoice_id))
    return {**memo.model_dump(mode="json"), "total": money.plain(memo.total)}


@app.get("/companies/<company>/invoices/<invoice_id>/landed_costs", summary="What its charges add to goods, as a draft")
def read_landed_costs(
    company: str,
    invoice_id: str,
    by: Annotated[LandedBasis, Query(description="what the goods cost, or how many they are")] = LandedBasis.AMOUNT,
    orders: Annotated[str, Query(max_length=1000, description="whose goods: order numbers, with commas")] = "",
) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    numbers = [number.strip() for number in orders.split(",") if number.strip()]
    invoice = wiring.store().invoice(company, invoice_id)
    draft = resolve.drafted_landed_costs(invoice, basis=by, of_orders=numbers, store=wiring.store())
    return {**draft.model_dump(mode="json"), "total": money.plain(draft.total)}


@app.post(
    "/companies/<company>/invoices/<invoice_id>/lines/<line>/<action>",
    summary=f"Act on a line: {', '.join(LineAction)}",
)
def act_on_line(
    company: str, invoice_id: str, line: int, action: str, body: Annotated[LineAct | None, Body()] = None
) -> dict[str, Any]:
    given = body or LineAct()
    request = LineRequest(action=action, to=given.to, coding=given.coding, comment=given.comment, version=given.version)
    invoice = resolve.act_on_line(company, invoice_id, line, request, person(), store=wiring.store(), now=wiring.now)
    logger.info("acted_on_line", extra={"company": company, "invoice_id": invoice_id, "line": line, "action": action})
    return summary(invoice) | {"lines": lines_of(invoice)}


@app.post("/companies/<company>/invoices/<invoice_id>/type", summary="Say whether it bills an order or none")
def set_type(company: str, invoice_id: str, body: TypeChoice) -> dict[str, Any]:
    invoice = resolve.set_type(
        company, invoice_id, body.invoice_type, person(), version=body.version, store=wiring.store(), now=wiring.now
    )
    return summary(invoice) | {"lines": lines_of(invoice)}


@app.post(
    "/companies/<company>/invoices/<invoice_id>/corrections",
    summary="Put right or confirm what was read; the vendor's next document is read better for it",
)
def correct_reading(company: str, invoice_id: str, body: Correction) -> dict[str, Any]:
    invoice = correct.correct(
        company,
        invoice_id,
        body,
        person(),
        store=wiring.store(),
        files=wiring.files(),
        now=wiring.now,
        reader=wiring.reader(),
    )
    logger.info(
        "reading_corrected", extra={"company": company, "invoice_id": invoice_id, "outcome": invoice.status.value}
    )
    return {**invoice.model_dump(mode="json"), "means": STATES[invoice.status].means}


@app.post(
    "/companies/<company>/invoices/<invoice_id>/exceptions/<reason>",
    summary=f"End an exception: {', '.join(Outcome)}",
)
def close_exception(company: str, invoice_id: str, reason: ExceptionReason, body: Ending) -> dict[str, Any]:
    invoice = resolve.close_exception(
        company,
        invoice_id,
        reason,
        body.outcome,
        person(),
        line=body.line,
        comment=body.comment,
        version=body.version,
        store=wiring.store(),
        now=wiring.now,
    )
    return summary(invoice) | {"exceptions": [each.model_dump(mode="json") for each in invoice.exceptions]}


@app.post("/companies/<company>/invoices/<invoice_id>/receipt_requests", summary="Ask whether the goods came")
def ask_for_receipts(company: str, invoice_id: str, body: Annotated[Asking | None, Body()] = None) -> dict[str, Any]:
    given = body or Asking()
    invoice = resolve.ask_for_receipts(
        company, invoice_id, person(), of=given.of, version=given.version, store=wiring.store(), now=wiring.now
    )
    return {"receipt_requests": [each.model_dump(mode="json") for each in invoice.receipt_requests]}


@app.post("/companies/<company>/invoices/<invoice_id>/receipt_answers", summary="Say whether the goods came")
def answer_for_receipt(company: str, invoice_id: str, body: Answer) -> dict[str, Any]:
    invoice = resolve.answer_for_receipt(
        company,
        invoice_id,
        body.order_id,
        body.line,
        body.answer,
        person(),
        comment=body.comment,
        store=wiring.store(),
        now=wiring.now,
    )
    return {"receipt_requests": [each.model_dump(mode="json") for each in invoice.receipt_requests]}


@app.get("/companies/<company>/exceptions", summary="Open exceptions, the oldest first; of one owner or of all")
def list_exceptions(
    company: str, owner: Annotated[Owner | None, Query(description="whose they are")] = None
) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    now = wiring.now()
    found = resolve.open_exceptions(company, owner, store=wiring.store())
    return {
        "exceptions": [
            {
                **each.exception.model_dump(mode="json"),
                "invoice": summary(each.invoice),
                "age_days": each.exception.age(now).days,
                "is_late": each.exception.is_late(now.date()),
            }
            for each in found
        ]
    }


@app.get("/companies/<company>/receipt_requests", summary="Goods that were asked for, the most urgent first")
def list_receipt_requests(company: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    today = wiring.now().date()
    return {
        "receipt_requests": [
            {
                **each.request.model_dump(mode="json"),
                "invoice": summary(each.invoice),
                "is_late": each.request.is_late(today),
            }
            for each in resolve.open_receipt_requests(company, store=wiring.store())
        ]
    }


@app.get(
    "/companies/<company>/vendors/<vendor_id>/orders", summary="A vendor's open orders, newest first, as one types"
)
def list_orders(
    company: str, vendor_id: str, typed: Annotated[str, Query(max_length=100, description="to narrow it")] = ""
) -> dict[str, Any]:
    require(person(), Entitlement.READ_INVOICES, company)
    found = resolve.orders_to_choose(company, vendor_id, typed, store=wiring.store())
    return {"orders": [each.model_dump(mode="json") for each in found]}


@app.get("/companies/<company>/settings", summary="The company's settings")
def read_settings(company: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_SETTINGS, company)
    settings = wiring.store().company(company)
    return {"settings": settings.model_dump(mode="json"), "version": settings.match.version}


@app.put("/companies/<company>/settings", summary="Change the company's settings; they hold from the next match on")
def change_settings(company: str, body: NewSettings) -> dict[str, Any]:
    who = person()
    require(who, Entitlement.CHANGE_SETTINGS, company)
    if body.settings.company != company:
        raise BadRequest(f"these are the settings of {body.settings.company!r}, not of {company!r}")
    review.checked_comment(body.why, "changing settings")
    written = wiring.store().put_company(
        body.settings, by=who.id, why=body.why.strip(), at=wiring.now(), version=body.version
    )
    logger.info("settings_changed", extra={"company": company, "version": written.match.version})
    return {"settings": written.model_dump(mode="json"), "version": written.match.version}


@app.get("/companies/<company>/settings/history", summary="Who changed the settings, when, why and to what")
def read_settings_history(company: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_SETTINGS, company)
    changes = wiring.store().settings_history(company)
    return {"changes": [each.model_dump(mode="json") for each in changes], "broken_at": settings_broken_at(changes)}


@app.get("/companies/<company>/decisions", summary="The last decision on each invoice, newest first, for a simulation")
def list_decisions(company: str, limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT) -> dict[str, Any]:
    require(person(), Entitlement.READ_AUDIT, company)
    listed: list[dict[str, Any]] = []
    size = 0
    for each in wiring.store().decisions(company, limit=limit):
        size += len(each.model_dump_json())
        if size > REPLY_BYTES_MAX:
            break
        listed.append(each.model_dump(mode="json"))
    return {"decisions": listed}


@app.post("/companies/<company>/simulations", summary="What another policy would have decided, and what it would cost")
def simulate(company: str, body: Trial) -> dict[str, Any]:
    require(person(), Entitlement.READ_SETTINGS, company)
    decisions = [each for each in wiring.store().decisions(company, limit=body.limit) if each.is_whole]
    changes = replay.simulate(decisions, body.policy)
    return {
        "decisions": len(decisions),
        "changes": [each.model_dump(mode="json") for each in changes if each.effect != Effect.SAME],
        "sums": [each.model_dump(mode="json") for each in replay.sums(changes)],
    }


@app.post("/companies/<company>/invoices/<invoice_id>/<action>", summary=f"Act: {', '.join(review.ACTIONS)}")
def act(company: str, invoice_id: str, action: str, body: Annotated[Comment | None, Body()] = None) -> dict[str, Any]:
    who = person()
    given = body or Comment()
    invoice = review.act(
        company,
        invoice_id,
        action,
        who,
        comment=given.comment,
        version=given.version,
        to=given.to,
        store=wiring.store(),
        now=wiring.now,
    )
    logger.info("acted", extra={"company": company, "invoice_id": invoice_id, "action": action})
    return summary(invoice)


@app.post("/companies/<company>/uploads", summary="An address to post one document to")
def upload(company: str, body: Upload) -> dict[str, Any]:
    who = person()
    require(who, Entitlement.UPLOAD, company)
    wiring.store().company(company)
    return wiring.files().upload_address(company, who.id, body.file_name)


@app.post("/companies/<company>/sync", summary="Read the ERP now")
def request_sync(company: str) -> tuple[dict[str, Any], int]:
    who = person()
    require(who, Entitlement.SYNC, company)
    wiring.store().company(company)
    request = SyncRequest(company=company, id=uuid.uuid4().hex, by=who.id)
    wiring.store().request_sync(request, at=wiring.now())
    return {"request_id": request.id}, 202


@app.get("/companies/<company>/sync", summary="How far the ERP has been read")
def sync_progress(company: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_DELIVERIES, company)
    progress = (wiring.store().sync_progress(company, kind) for kind in SYNC_KINDS)
    return {"progress": [one.model_dump(mode="json") for one in progress]}


@app.get("/companies/<company>/deliveries", summary="Deliveries that became no invoice, newest first")
def refused_deliveries(company: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_DELIVERIES, company)
    refused = wiring.store().refused_deliveries(company)
    return {"deliveries": [delivery.model_dump(mode="json") for delivery in refused]}


@app.get("/openapi.json", include_in_schema=False)
def openapi() -> Response[str]:
    schema = app.get_openapi_json_schema(title="Counterfoil", version="1", description="Accounts payable for NetSuite")
    return Response(200, "application/json", schema)


def summary(invoice: Invoice) -> dict[str, Any]:
    """An invoice as a list shows it."""
    captured = invoice.captured
    return {
        "id": invoice.id,
        "version": invoice.version,
        "status": invoice.status.value,
        "means": STATES[invoice.status].means,
        "reasons": [reason.model_dump(mode="json") for reason in invoice.reasons],
        "file_name": invoice.document.file_name,
        "received_at": invoice.model_dump(mode="json")["received_at"],
        "changed_at": invoice.model_dump(mode="json")["changed_at"],
        "vendor_id": invoice.vendor_id,
        "vendor_name": captured.vendor_name if captured else None,
        "invoice_number": captured.invoice_number if captured else None,
        "gross_total": str(captured.gross_total) if captured and captured.gross_total is not None else None,
        "currency": captured.currency if captured else None,
        "bill": invoice.bill.model_dump(mode="json") if invoice.bill else None,
    }


def lines_of(invoice: Invoice) -> list[dict[str, Any]]:
    """What was decided on each line, and what people did with it."""
    taken = invoice.resolution.taken
    return [
        {
            "line": line.line,
            "link": line.link,
            "status": line.status.value,
            "conditions": [condition.value for condition in line.conditions],
            "explain": line.explain,
            "action": taken[line.line].action.value if line.line in taken else None,
        }
        for line in (invoice.match.lines if invoice.match is not None else ())
    ]


@app.exception_handler([Refusal, StaleWrite])
def refused(error: CounterfoilError) -> Response[str]:
    status, body = problems.problem_of(error)
    return Response(status, problems.CONTENT_TYPE, body)


@app.exception_handler(RequestValidationError)
def malformed(error: RequestValidationError) -> Response[str]:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return Response(400, problems.CONTENT_TYPE, problems.body(400, "bad_request", f"{place}: {first['msg']}"))


@app.not_found
def not_found(error: Exception) -> Response[str]:
    return Response(404, problems.CONTENT_TYPE, problems.body(404, "no_such_route", "there is no such route"))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
