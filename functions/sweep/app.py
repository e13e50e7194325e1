"""On a schedule: whatever rests too long is set moving again, and counted."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from counterfoil import wiring
from counterfoil.errors import CounterfoilError
from counterfoil.observability import described, logger, metrics, tracer
from counterfoil.steps.sweep import sweep

# What may be wrong with one company and not with the next, such as an item of its own that can't be read.
FAILURES = (CounterfoilError, ClientError, BotoCoreError, ValidationError)
TURN_SECONDS = 300


def in_turn(companies: list[str]) -> list[str]:
    """Another company comes first each time: none is always the one for which no time is left."""
    first = int(wiring.now().timestamp()) // TURN_SECONDS % max(len(companies), 1)
    return companies[first:] + companies[:first]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, dict[str, int]]:
    """What was done, by company: `{"demo": {"requeued": 2}}`. A company that failed is named by an error at the end."""
    done = {}
    failed = []
    for company in in_turn(wiring.store().companies()):
        try:
            done[company] = sweep(company, store=wiring.store(), now=wiring.now)
        except FAILURES as error:
            failed.append(company)
            logger.warning("sweep_failed", extra={"company": company, **described(error)})
            metrics.add_metric(name="sweep_failed", unit="Count", value=1)
            continue
        logger.info("swept", extra={"company": company, **done[company]})
        for what, count in done[company].items():
            metrics.add_metric(name=f"sweep_{what}", unit="Count", value=count)
    if failed:
        raise CounterfoilError(f"not swept: {', '.join(sorted(failed))}")
    return done
