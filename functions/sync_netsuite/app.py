"""Reads the ERP: everything that changed on a schedule or on demand, one record when the ERP says it changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import wiring
from counterfoil.errors import CounterfoilError
from counterfoil.observability import logger, metrics, tracer
from counterfoil.steps.sync import SyncReport, sync, sync_record

# What the last page and its writes may still take.
RESERVE_SECONDS = 45

processor = BatchProcessor(event_type=EventType.SQS)


def read_company(company: str, context: LambdaContext) -> SyncReport:
    settings = wiring.store().company(company)
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    report = sync(
        company,
        store=wiring.store(),
        client=wiring.erp(company),
        clock=wiring.now,
        deadline=wiring.now() + timedelta(seconds=seconds),
        zone=ZoneInfo(settings.erp_time_zone),
        iban_field=settings.vendor_iban_field,
    )
    for kind, done in report.kinds.items():
        logger.info(
            "synced",
            extra={
                "company": company,
                "kind": kind,
                "read": done.read,
                "written": done.written,
                "unreadable": len(done.unreadable),
                "finished": done.is_finished,
            },
        )
        metrics.add_metric(name=f"synced_{kind}", unit="Count", value=done.written)
    return report


def handle_record(record: SQSRecord, lambda_context: LambdaContext) -> None:
    body = record.json_body
    company = body["company"]
    if body.get("record_id") is None:
        read_company(company, lambda_context)
        return
    settings = wiring.store().company(company)
    report = sync_record(
        company,
        body["kind"],
        body["record_id"],
        store=wiring.store(),
        client=wiring.erp(company),
        zone=ZoneInfo(settings.erp_time_zone),
        iban_field=settings.vendor_iban_field,
    )
    logger.info("record_synced", extra={"company": company, "kind": body["kind"], "written": report.written})


def read_all(context: LambdaContext) -> dict[str, str]:
    """Every company in turn; one whose ERP can't be read does not keep the others from being read."""
    outcomes = {}
    for company in wiring.store().companies():
        try:
            outcomes[company] = "finished" if read_company(company, context).is_finished else "to be continued"
        except CounterfoilError as error:
            outcomes[company] = type(error).__name__
            logger.warning("sync_failed", extra={"company": company, "error": type(error).__name__})
            metrics.add_metric(name="sync_failed", unit="Count", value=1)
    return outcomes


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | dict[str, str]:
    if "Records" not in event:
        return read_all(context)
    return process_partial_response(event, handle_record, processor, context)
