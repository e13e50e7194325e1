"""Approved invoices: one bill in the ERP for each, one company's at a time."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import wiring
from counterfoil.observability import logger, metrics, tracer
from counterfoil.steps.export import export

processor = SqsFifoPartialProcessor(skip_group_on_error=True)


def handle_record(record: SQSRecord) -> None:
    company, invoice_id = record.json_body["company"], record.json_body["invoice_id"]
    invoice = export(company, invoice_id, store=wiring.store(), client=wiring.erp(company), now=wiring.now)
    logger.info("bill_exported", extra={"company": company, "invoice_id": invoice_id, "outcome": invoice.status.value})
    metrics.add_metric(name=f"exported_{invoice.status.value}", unit="Count", value=1)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, handle_record, processor, context)
