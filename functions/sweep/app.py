"""On a schedule: whatever rests too long is set moving again, and counted."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from counterfoil import wiring
from counterfoil.observability import logger, metrics, tracer
from counterfoil.steps.sweep import sweep


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, dict[str, int]]:
    """What was done, by company: `{"demo": {"requeued": 2}}`."""
    done = {}
    for company in wiring.store().companies():
        done[company] = sweep(company, store=wiring.store(), now=wiring.now)
        logger.info("swept", extra={"company": company, **done[company]})
        for what, count in done[company].items():
            metrics.add_metric(name=f"sweep_{what}", unit="Count", value=count)
    return done
