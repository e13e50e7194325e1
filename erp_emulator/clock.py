"""The account's time: the machine's, moved or frozen by the controls. Instants are aware UTC at second precision."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


class Clock:
    """`shift` is added to the machine's time; a frozen clock stands still until it is moved."""

    def __init__(self) -> None:
        self.shift = timedelta()
        self.frozen_at: datetime | None = None

    def now(self) -> datetime:
        now = self.frozen_at or datetime.now(UTC) + self.shift
        return now.replace(microsecond=0)

    def today(self) -> date:
        return self.now().date()

    def freeze(self, at: datetime | None = None) -> None:
        self.frozen_at = at.astimezone(UTC) if at else self.now()

    def advance(self, by: timedelta) -> None:
        if self.frozen_at:
            self.frozen_at += by
        else:
            self.shift += by

    def reset(self) -> None:
        self.shift = timedelta()
        self.frozen_at = None


def instant_text(instant: datetime) -> str:
    """As stored and as the record service shows it: `2026-02-21T10:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
