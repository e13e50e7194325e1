"""Objects dropped into the inbox, and invoices that the sweep found unread."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import wiring
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import Invoice
from counterfoil.observability import logger, metrics, tracer
from counterfoil.steps import capture

processor = BatchProcessor(event_type=EventType.SQS)


def handle_record(record: SQSRecord) -> None:
    body = record.json_body
    if "invoice_id" in body:
        _log(
            capture.resume(
                body["company"],
                body["invoice_id"],
                store=wiring.store(),
                files=wiring.files(),
                now=wiring.now,
                reader=wiring.reader(),
            )
        )
        return
    # The bucket sends one test message without records when its notification is set up.
    for event in body.get("Records", []):
        delivery = delivery_of(event["s3"])
        _log(
            capture.receive(
                delivery, store=wiring.store(), files=wiring.files(), now=wiring.now, reader=wiring.reader()
            )
        )


def delivery_of(s3: dict[str, Any]) -> Delivery:
    """One object of an S3 notification; its key arrives form-encoded."""
    return Delivery(
        company="",
        bucket=s3["bucket"]["name"],
        key=unquote_plus(s3["object"]["key"]),
        version_id=s3["object"].get("versionId") or None,
        size=s3["object"].get("size", 0),
        at=wiring.now(),
    )


def _log(outcome: Invoice | Delivery | None) -> None:
    if isinstance(outcome, Invoice):
        logger.info(
            "invoice_captured",
            extra={"company": outcome.company, "invoice_id": outcome.id, "outcome": outcome.status.value},
        )
        metrics.add_metric(name=f"captured_{outcome.status.value}", unit="Count", value=1)
    elif outcome is not None and outcome.refused:
        logger.warning("delivery_refused", extra={"company": outcome.company, "outcome": outcome.refused.code})
        metrics.add_metric(name="deliveries_refused", unit="Count", value=1)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, handle_record, processor, context)
