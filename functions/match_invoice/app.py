"""Invoices that were read, and waiting ones whose orders changed: matched one vendor at a time."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import wiring
from counterfoil.observability import logger, metrics, tracer
from counterfoil.steps.match import match

# One vendor's trouble must not hold up another's: only the failed message's own group is skipped.
processor = SqsFifoPartialProcessor(skip_group_on_error=True)


def handle_record(record: SQSRecord) -> None:
    body = record.json_body
    invoice = match(body["company"], body["invoice_id"], store=wiring.store(), now=wiring.now)
    logger.info(
        "invoice_matched",
        extra={"company": invoice.company, "invoice_id": invoice.id, "outcome": invoice.status.value},
    )
    metrics.add_metric(name=f"matched_{invoice.status.value}", unit="Count", value=1)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, handle_record, processor, context)
