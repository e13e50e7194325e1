"""The table's stream: what changed decides which queue works next."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import wiring
from counterfoil.observability import logger, metrics, tracer
from counterfoil.steps.route import changes

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


def handle_record(record: Any) -> None:
    event = record.raw_event
    images = event["dynamodb"]
    messages = changes(
        images.get("OldImage"), images.get("NewImage"), store=wiring.store(), event_id=event.get("eventID", "")
    )
    for message in messages:
        wiring.queues().send(message)
        logger.info("routed", extra={"step": message.queue, "invoice_id": message.body.get("invoice_id")})
        metrics.add_metric(name=f"routed_{message.queue}", unit="Count", value=1)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, handle_record, processor, context)
