"""Reads the ERP: everything that changed on a schedule or on demand, one record when the ERP says it changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from counterfoil import wiring
from counterfoil.errors import CounterfoilError
from counterfoil.observability import described, logger, metrics, tracer
from counterfoil.steps.sync import KINDS, SyncReport, sync, sync_record

# What the last page and its writes may still take.
RESERVE_SECONDS = 45
# What may be wrong with one company and not with the next: its ERP, its secret, one of its items in the table.
FAILURES = (CounterfoilError, ClientError, BotoCoreError, ValidationError)

processor = BatchProcessor(event_type=EventType.SQS)


def seconds_left(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS


def read_company(company: str, seconds: float) -> SyncReport:
    settings = wiring.store().company(company)
    report = sync(
        company,
        store=wiring.store(),
        client=wiring.erp(company),
        clock=wiring.now,
        deadline=wiring.now() + timedelta(seconds=seconds),
        zone=ZoneInfo(settings.erp_time_zone),
        iban_field=settings.vendor_iban_field,
        segments=settings.line_segments,
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
        read_company(company, seconds_left(lambda_context))
        return
    settings = wiring.store().company(company)
    report = sync_record(
        company,
        body["kind"],
        body["record_id"],
        store=wiring.store(),
        clock=wiring.now,
        client=wiring.erp(company),
        zone=ZoneInfo(settings.erp_time_zone),
        iban_field=settings.vendor_iban_field,
        segments=settings.line_segments,
    )
    logger.info("record_synced", extra={"company": company, "kind": body["kind"], "written": report.written})


def read_all(context: LambdaContext) -> dict[str, str]:
    """Every company, the one that waits longest first, each with its share of the time that is left.

    One that can't be read does not keep the others from being read; at the end it is an error that names it.
    """
    outcomes = {}
    failed = []
    companies = sorted(wiring.store().companies(), key=read_last)
    for place, company in enumerate(companies):
        share = seconds_left(context) / (len(companies) - place)
        try:
            outcomes[company] = "finished" if read_company(company, share).is_finished else "to be continued"
        except FAILURES as error:
            failed.append(company)
            logger.warning("sync_failed", extra={"company": company, **described(error)})
            metrics.add_metric(name="sync_failed", unit="Count", value=1)
    if failed:
        raise CounterfoilError(f"not synced: {', '.join(sorted(failed))}")
    return outcomes


def read_last(company: str) -> float:
    """When the kind that waits longest was last read to its end, in seconds since 1970; 0 when never."""
    try:
        finished = [wiring.store().sync_progress(company, kind).finished_at for kind in KINDS]
    except FAILURES:
        return 0.0
    return min(at.timestamp() if at is not None else 0.0 for at in finished)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | dict[str, str]:
    if "Records" not in event:
        return read_all(context)
    return process_partial_response(event, handle_record, processor, context)
