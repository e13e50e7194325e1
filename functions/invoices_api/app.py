"""The REST API for people and programs: lists, one invoice, its audit trail, actions, uploads, sync."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import problems, wiring
from counterfoil.domain.audit import broken_at
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.people import Entitlement, Person, person_of
from counterfoil.domain.records import Record
from counterfoil.errors import CounterfoilError, Refusal, StaleWrite
from counterfoil.observability import logger, tracer
from counterfoil.steps import review
from counterfoil.steps.review import require
from counterfoil.store import PAGE_DEFAULT, PAGE_MAX, SyncRequest

SYNC_KINDS = ("vendors", "orders", "receipts", "bills", "deletions")

app = APIGatewayRestResolver(enable_validation=True)


class Comment(Record):
    """Why, and (if given) the version that was looked at: an invoice that has moved on since is not acted on."""

    comment: str = ""
    version: int | None = None


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
    invoice = wiring.store().invoice(company, invoice_id)
    return {**invoice.model_dump(mode="json"), "means": STATES[invoice.status].means}


@app.get("/companies/<company>/invoices/<invoice_id>/audit", summary="Who did what to it, when and why")
def read_audit(company: str, invoice_id: str) -> dict[str, Any]:
    require(person(), Entitlement.READ_AUDIT, company)
    wiring.store().invoice(company, invoice_id)
    entries = wiring.store().audit(company, invoice_id)
    return {"entries": [entry.model_dump(mode="json") for entry in entries], "broken_at": broken_at(entries)}


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
