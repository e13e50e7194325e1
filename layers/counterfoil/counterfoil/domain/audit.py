"""The audit trail: one entry for each version of an invoice, each sealed with the hash of the one before.

Taking an entry out, changing one or reordering them breaks the chain at that place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.records import Record

FIRST_HASH = "0" * 64


class AuditEntry(Record):
    """Who did what to an invoice, when and why; `number` counts from 1 and equals the version it made."""

    company: str
    invoice_id: str
    number: int
    at: datetime
    by: str
    action: str
    before: Status | None = None
    after: Status
    why: str = ""
    details: dict[str, str] = {}
    policy_version: int | None = None
    previous_hash: str = FIRST_HASH
    hash: str = ""


def sealed(entry: AuditEntry) -> AuditEntry:
    """The entry with its hash: SHA-256 over its canonical JSON, which holds the hash of the one before."""
    return entry.model_copy(update={"hash": hash_of(entry)})


def hash_of(entry: Record) -> str:
    """SHA-256 of a record's canonical JSON without its own `hash`."""
    content = entry.model_dump(mode="json", exclude={"hash"})
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def broken_at(entries: Sequence[AuditEntry]) -> int | None:
    """The number of the first entry that does not fit the chain; None when it is whole."""
    previous = FIRST_HASH
    for number, entry in enumerate(entries, start=1):
        fits = entry.number == number and entry.previous_hash == previous
        if not fits or entry.hash != hash_of(entry):
            return number
        previous = entry.hash
    return None
