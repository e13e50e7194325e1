"""Logs, metrics and traces. A log line is a decision: an event name and keys, never a document's text or a secret."""

from __future__ import annotations

import warnings

from aws_lambda_powertools import Logger, Metrics, Tracer
from botocore.exceptions import ClientError

logger = Logger(log_uncaught_exceptions=False)
metrics = Metrics()
tracer = Tracer(patch_modules=("botocore",))

# An event without anything to count is no fault worth a line in each log.
warnings.filterwarnings("ignore", message="No application metrics to publish")


def described(error: Exception) -> dict[str, str]:
    """An error as a log may show it: its type, and AWS's own words. Any other text may quote a document."""
    detail = {"detail": str(error)} if isinstance(error, ClientError) else {}
    return {"error": type(error).__name__, **detail}
