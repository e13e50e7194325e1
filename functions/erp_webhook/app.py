"""The ERP says that a record changed: believed when signed, fresh and new; then that record is read."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from counterfoil import problems, wiring
from counterfoil.domain.webhooks import check_signature, content_of, notice_of
from counterfoil.errors import BadRequest, CounterfoilError, Refusal, SignatureRefused
from counterfoil.observability import logger, metrics, tracer
from counterfoil.store import COMPANY_NAME, SyncRequest


class SeenBefore(Refusal):
    code = "seen_before"


def accept(body: str, headers: dict[str, str]) -> SyncRequest:
    """The wish to read the record that a message speaks of; a Refusal says what is wrong with it."""
    timestamp = headers.get("x-counterfoil-timestamp", "")
    signature = headers.get("x-counterfoil-signature", "")
    if not timestamp or not signature:
        raise SignatureRefused("X-Counterfoil-Timestamp and X-Counterfoil-Signature are needed")
    company = content_of(body).get("company", wiring.settings().default_company)
    if not isinstance(company, str) or not COMPANY_NAME.fullmatch(company):
        raise BadRequest("company must be the name of a company")
    now = wiring.now()
    check_signature(_secret(company), timestamp, signature, body, now=now)
    notice = notice_of(body)
    if wiring.store().seen_before(company, signature, at=now):
        raise SeenBefore("this very message was here before")
    request = SyncRequest(
        company=company, id=uuid.uuid4().hex, kind=notice.kind, record_id=notice.record_id, by="erp_webhook"
    )
    wiring.store().request_sync(request, at=now)
    return request


def _secret(company: str) -> str:
    try:
        return wiring.secret(company, "webhook")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        # An unknown company is answered like a wrong signature: nobody learns which companies there are.
        raise SignatureRefused("X-Counterfoil-Signature does not fit the timestamp and the body") from error


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = _decoded(body)
        request = accept(body, headers)
    except CounterfoilError as error:
        status, problem = problems.problem_of(error)
        logger.warning("webhook_refused", extra={"status": status})
        metrics.add_metric(name="webhooks_refused", unit="Count", value=1)
        return {"statusCode": status, "headers": {"Content-Type": problems.CONTENT_TYPE}, "body": problem}
    metrics.add_metric(name="webhooks_accepted", unit="Count", value=1)
    logger.info("webhook_accepted", extra={"company": request.company, "kind": request.kind})
    return {"statusCode": 202, "headers": {"Content-Type": "application/json"}, "body": "{}"}


def _decoded(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        raise BadRequest("the body is not UTF-8 text") from None
