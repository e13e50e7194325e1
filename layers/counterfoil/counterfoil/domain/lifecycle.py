"""The states of an invoice, the moves between them, and which step each state asks for.

One table is the truth: what may follow what, which step moves the work on, and whether a person has to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    RECEIVED = "received"
    CAPTURED = "captured"
    NEEDS_REVIEW = "needs_review"
    DUPLICATE = "duplicate"
    AWAITING_RECEIPT = "awaiting_receipt"
    EXCEPTION = "exception"
    MATCHED = "matched"
    APPROVED = "approved"
    EXPORTING = "exporting"
    EXPORT_FAILED = "export_failed"
    POSTED = "posted"
    REJECTED = "rejected"


class Step(StrEnum):
    """Work that a queue carries to a function."""

    CAPTURE = "capture"
    MATCH = "match"
    EXPORT = "export"
