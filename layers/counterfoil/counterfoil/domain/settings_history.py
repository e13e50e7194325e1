"""Each change of a company's settings: who, when, why, and the settings as they then were, chained by hashes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from counterfoil.domain.audit import FIRST_HASH, hash_of
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.records import Record


class SettingsChange(Record):
    """The settings at one version; `version` is that of their match policy, which every decision names."""

    version: int
    at: datetime
    by: str
    why: str = ""
    settings: CompanySettings
    previous_hash: str = FIRST_HASH
    hash: str = ""


def sealed(change: SettingsChange) -> SettingsChange:
    return change.model_copy(update={"hash": hash_of(change)})


def broken_at(changes: Sequence[SettingsChange]) -> int | None:
    """The version of the first change that does not fit the chain; None when it is whole."""
    previous = FIRST_HASH
    for change in changes:
        if change.previous_hash != previous or change.hash != hash_of(change):
            return change.version
        previous = change.hash
    return None
