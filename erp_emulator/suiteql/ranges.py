"""Ranges of days that move with the calendar, by NetSuite's names for them. A fiscal year is a calendar year here."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from erp_emulator.suiteql import dates

COUNTED = re.compile(r"([DWM])(AGO|FN)(\d{1,3})")
DAY = timedelta(days=1)


def _month(day: date, shift: int = 0) -> tuple[date, date]:
    first = date.fromisoformat(dates.add_months(day.replace(day=1).isoformat(), shift)[:10])
    following = date.fromisoformat(dates.add_months(first.isoformat(), 1)[:10])
    return first, following - DAY


def _quarter(day: date, shift: int = 0) -> tuple[date, date]:
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    start = _month(first, 3 * shift)[0]
    return start, _month(start, 2)[1]


def _year(day: date, shift: int = 0) -> tuple[date, date]:
    return date(day.year + shift, 1, 1), date(day.year + shift, 12, 31)


def _week(day: date, shift: int = 0) -> tuple[date, date]:
    """Sunday to Saturday."""
    start = day - timedelta(days=day.isoweekday() % 7) + timedelta(days=7 * shift)
    return start, start + timedelta(days=6)


def range_of(now: datetime, name: str) -> tuple[str, str] | None:
    """First and last day of a named range; None for a name that is none."""
    found = _named(now.date(), name)
    return None if found is None else (found[0].isoformat(), found[1].isoformat())


def _named(today: date, name: str) -> tuple[date, date] | None:
    if name in ("TODAY", "YESTERDAY", "TOMORROW"):
        day = today + {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}[name] * DAY
        return day, day
    counted = COUNTED.fullmatch(name)
    if counted is not None:
        return _counted(today, counted[1], -1 if counted[2] == "AGO" else 1, int(counted[3]))
    units = {"W": _week, "M": _month, "FQ": _quarter, "Q": _quarter, "FY": _year, "Y": _year}
    shifts = {"T": 0, "L": -1, "N": 1}
    is_to_date = name.endswith("TD")
    bare = name.removesuffix("TD")
    if bare[:1] not in shifts or bare[1:] not in units:
        return None
    shift = shifts[bare[:1]]
    unit = units[bare[1:]]
    start, end = unit(today, shift)
    if is_to_date:
        # As far into the range as today is into its own.
        end = min(end, start + (today - unit(today, 0)[0]))
    return start, end


def _counted(today: date, unit: str, sign: int, count: int) -> tuple[date, date]:
    """From so many days, weeks or months ago until today, or from today on."""
    if unit == "M":
        other = date.fromisoformat(dates.add_months(today.isoformat(), sign * count)[:10])
    else:
        other = today + sign * count * (7 if unit == "W" else 1) * DAY
    return (other, today) if sign < 0 else (today, other)
