"""Oracle's date and number formats, and the account's own, over ISO text. Nothing here knows SQL."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

MONTHS = ("JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER").split()
DAYS = "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY".split()
TOKENS = re.compile(
    r'"([^"]*)"|(YYYY|RRRR|YY|RR|MONTH|MON|MM|DDD|DD|DAY|DY|D|HH24|HH12|HH|MI|SSSSS|SS|FF\d?|AM|PM|Q|WW|IW|FM|J|DS|TS|DL|TZH:TZM|TZR|W)|(.)',
    re.IGNORECASE | re.DOTALL,
)
ACCOUNT_FORMATS = {
    "M/D/YYYY": "{m}/{d}/{y:04}",
    "MM/DD/YYYY": "{m:02}/{d:02}/{y:04}",
    "D/M/YYYY": "{d}/{m}/{y:04}",
    "DD/MM/YYYY": "{d:02}/{m:02}/{y:04}",
    "DD.MM.YYYY": "{d:02}.{m:02}.{y:04}",
    "D.M.YYYY": "{d}.{m}.{y:04}",
    "DD-MM-YYYY": "{d:02}-{m:02}-{y:04}",
    "YYYY-MM-DD": "{y:04}-{m:02}-{d:02}",
    "YYYY/MM/DD": "{y:04}/{m:02}/{d:02}",
}


class BadDate(ValueError):
    """A text that is no date in the format asked for."""


def parse_iso(text: str) -> datetime:
    return datetime.fromisoformat(str(text)[:19].replace("T", " "))


def iso(moment: datetime, *, is_date: bool) -> str:
    return moment.strftime("%Y-%m-%d" if is_date else "%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=20_000)
def account_text(value: str, account_format: str) -> str:
    """An ISO date or instant as the account shows dates: no time."""
    pattern = ACCOUNT_FORMATS.get(account_format, ACCOUNT_FORMATS["M/D/YYYY"])
    return pattern.format(y=int(value[:4]), m=int(value[5:7]), d=int(value[8:10]))


def from_account_text(text: str, account_format: str) -> str:
    """ISO text of a date typed in the account's format; BadDate otherwise."""
    order = re.findall(r"[YMD]+", account_format)
    parts = re.findall(r"\d+", text.strip())
    is_shaped = re.fullmatch(r"\d+[/.\-]\d+[/.\-]\d+( \d+:\d+(:\d+)?( [AaPp][Mm])?)?", text.strip())
    if not is_shaped or len(parts) < 3:
        raise BadDate(text)
    values = {name[0]: int(part) for name, part in zip(order, parts, strict=False)}
    year = values["Y"] + (2000 if values["Y"] < 100 else 0)
    separators = re.findall(r"[/.\-]", account_format)
    if separators and separators[0] not in text:
        raise BadDate(text)
    try:
        day = date(year, values["M"], values["D"])
    except ValueError:
        raise BadDate(text) from None
    if len(parts) < 5:
        return day.isoformat()
    hour = int(parts[3]) % 24
    if text.lower().endswith("pm") and hour < 12:
        hour += 12
    second = int(parts[5]) if len(parts) > 5 else 0
    return iso(datetime(day.year, day.month, day.day, hour, int(parts[4]), second), is_date=False)  # noqa: DTZ001 - wall time of the account, which has no zone here


def to_date(text: str, pattern: str) -> str:
    """TO_DATE and TO_TIMESTAMP: ISO text, with a time when the format has one."""
    position = 0
    parts: dict[str, int] = {}
    is_afternoon: bool | None = None
    for literal, token, other in TOKENS.findall(pattern):
        if literal or other:
            width = len(literal or other)
            piece = text[position : position + width]
            if other and other in "-/.:, " and piece and piece in "-/.:, T":
                position += 1
            elif piece == (literal or other):
                position += width
            elif position < len(text):
                raise BadDate(text)
            continue
        name = token.upper()
        if name == "FM":
            continue
        if name in ("AM", "PM"):
            is_afternoon = text[position : position + 2].upper() == "PM"
            position += 2
            continue
        if name in ("MON", "MONTH"):
            match = re.compile(r"[A-Za-z]+").match(text, position)
            names = [m[:3] for m in MONTHS] if name == "MON" else MONTHS
            word = match.group().upper() if match else ""
            if match is None or word not in names:
                raise BadDate(text)
            parts["MM"] = names.index(word) + 1
            position = match.end()
            continue
        width = {"YYYY": 4, "RRRR": 4, "DDD": 3, "SSSSS": 5}.get(name, 9 if name[:2] == "FF" else 2)
        match = re.compile(rf"\d{{1,{width}}}").match(text, position)
        if match is None:
            if position >= len(text) and name not in ("YYYY", "MM", "DD"):
                continue
            raise BadDate(text)
        parts[name] = int(match.group())
        position = match.end()
    if text[position:].strip():
        raise BadDate(text)
    return _compose(text, parts, is_afternoon)


def _compose(text: str, parts: dict[str, int], is_afternoon: bool | None) -> str:
    year = parts.get("YYYY", parts.get("RRRR"))
    if year is None:
        short = parts.get("YY", parts.get("RR"))
        if short is None:
            raise BadDate(text)
        year = 2000 + short if short < 50 or "YY" in parts else 1900 + short
    hour = parts.get("HH24", parts.get("HH12", parts.get("HH", 0)))
    if is_afternoon is not None:
        hour = hour % 12 + (12 if is_afternoon else 0)
    try:
        moment = datetime(  # noqa: DTZ001 - wall time of the account, which has no zone here
            year,
            parts.get("MM", 1),
            parts.get("DD", 1),
            hour,
            parts.get("MI", 0),
            parts.get("SS", 0),
        )
    except ValueError:
        raise BadDate(text) from None
    has_time = any(name in parts for name in ("HH24", "HH12", "HH", "MI", "SS"))
    return iso(moment, is_date=not has_time)


def format_has_time(pattern: str) -> bool:
    tokens = {token.upper() for _, token, _ in TOKENS.findall(pattern)}
    return bool(tokens & {"HH24", "HH12", "HH", "MI", "SS", "SSSSS"})


def to_char(value: str, pattern: str, account_format: str) -> str:
    """TO_CHAR of a date."""
    moment = parse_iso(value)
    out: list[str] = []
    is_filled = True
    for literal, token, other in TOKENS.findall(pattern):
        if literal or other:
            out.append(literal or other)
            continue
        name = token.upper()
        if name == "FM":
            is_filled = not is_filled
            continue
        piece = _piece(name, moment, account_format)
        if not is_filled:
            piece = piece.lstrip("0").rstrip() or "0"
        if name in ("MON", "MONTH", "DAY", "DY"):
            piece = piece.capitalize() if token[1:].islower() and token[0].isupper() else piece
            piece = piece.lower() if token.islower() else piece
        out.append(piece)
    return "".join(out)


def _piece(name: str, moment: datetime, account_format: str) -> str:
    hour12 = moment.hour % 12 or 12
    pieces = {
        "YYYY": f"{moment.year:04}",
        "RRRR": f"{moment.year:04}",
        "YY": f"{moment.year % 100:02}",
        "RR": f"{moment.year % 100:02}",
        "MM": f"{moment.month:02}",
        "MON": MONTHS[moment.month - 1][:3],
        "MONTH": MONTHS[moment.month - 1].ljust(9),
        "DD": f"{moment.day:02}",
        "DDD": f"{moment.timetuple().tm_yday:03}",
        "D": str(moment.isoweekday() % 7 + 1),
        "DY": DAYS[moment.weekday()][:3],
        "DAY": DAYS[moment.weekday()].ljust(9),
        "HH24": f"{moment.hour:02}",
        "HH12": f"{hour12:02}",
        "HH": f"{hour12:02}",
        "MI": f"{moment.minute:02}",
        "SS": f"{moment.second:02}",
        "SSSSS": f"{moment.hour * 3600 + moment.minute * 60 + moment.second:05}",
        "AM": "AM" if moment.hour < 12 else "PM",
        "PM": "AM" if moment.hour < 12 else "PM",
        "Q": str((moment.month + 2) // 3),
        "WW": f"{(moment.timetuple().tm_yday + 6) // 7:02}",
        "IW": f"{moment.isocalendar().week:02}",
        "W": str((moment.day + 6) // 7),
        "J": str(moment.toordinal() + 1721425),
        "DS": account_text(iso(moment, is_date=True), account_format),
        "TS": f"{hour12}:{moment.minute:02}:{moment.second:02} {'am' if moment.hour < 12 else 'pm'}",
        "DL": f"{DAYS[moment.weekday()].title()}, {MONTHS[moment.month - 1].title()} {moment.day:02}, {moment.year}",
        "TZH:TZM": "+00:00",
        "TZR": "UTC",
    }
    return pieces.get(name, "000000"[: int(name[2:] or 6)] if name.startswith("FF") else name)


def trunc_date(value: str, unit: str = "DD") -> str:
    moment = parse_iso(value)
    unit = unit.upper()
    if unit in ("YEAR", "YYYY", "YY", "Y", "YYY"):
        moment = moment.replace(month=1, day=1)
    elif unit in ("Q", "QUARTER"):
        moment = moment.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1)
    elif unit in ("MONTH", "MON", "MM", "RM"):
        moment = moment.replace(day=1)
    elif unit in ("IW", "WW"):
        moment -= timedelta(days=moment.weekday())
    elif unit in ("DAY", "DY", "D"):
        moment -= timedelta(days=moment.isoweekday() % 7)
    elif unit in ("HH", "HH24", "HH12"):
        return iso(moment.replace(minute=0, second=0), is_date=False)
    elif unit == "MI":
        return iso(moment.replace(second=0), is_date=False)
    return iso(moment, is_date=True)


def add_days(value: str, days: float) -> str:
    moment = parse_iso(value) + timedelta(days=days)
    is_date = len(value) <= 10 and float(days).is_integer()
    return iso(moment, is_date=is_date)


def days_between(later: str, earlier: str) -> float:
    seconds = (parse_iso(later) - parse_iso(earlier)).total_seconds()
    days = seconds / 86400
    return float(days)


def add_months(value: str, months: float) -> str:
    moment = parse_iso(value)
    index = moment.year * 12 + moment.month - 1 + int(months)
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    was_last = moment.day == calendar.monthrange(moment.year, moment.month)[1]
    day = last if was_last else min(moment.day, last)
    return iso(moment.replace(year=year, month=month + 1, day=day), is_date=len(value) <= 10)


def last_day(value: str) -> str:
    moment = parse_iso(value)
    day = calendar.monthrange(moment.year, moment.month)[1]
    return iso(moment.replace(day=day), is_date=len(value) <= 10)


def months_between(later: str, earlier: str) -> float:
    a, b = parse_iso(later), parse_iso(earlier)
    months = (a.year - b.year) * 12 + a.month - b.month
    last = [calendar.monthrange(m.year, m.month)[1] == m.day for m in (a, b)]
    if a.day == b.day or all(last):
        return float(months)
    return months + (a.day - b.day) / 31


def number_text(value: float | int | str) -> str:
    """A number as SuiteQL prints it: plain, no trailing zeros, `.5` as 0.5."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    return float_text(value)


@lru_cache(maxsize=50_000)
def float_text(value: float) -> str:
    """Prices and quantities come again and again."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(repr(round(value, 10))).normalize(), "f")


def number_to_char(value: float, pattern: str) -> str:
    """TO_CHAR of a number with a mask such as `999,990.00` or `FM9990.0`."""
    is_filled = not pattern.upper().startswith("FM")
    mask = re.sub(r"(?i)^FM", "", pattern)
    whole_mask, _, decimals = mask.partition(".")
    places = len(re.findall(r"[09]", decimals))
    number = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = format(abs(number), "f").partition(".")
    digits = re.findall(r"[09]", whole_mask)
    if len(whole) > len(digits):
        return "#" * (len(mask) + 1)
    zeros = len(digits) - digits.index("0") if "0" in digits else 0
    whole = "" if whole == "0" and zeros == 0 and places else whole.rjust(zeros, "0")
    if "," in whole_mask:
        whole = format(int(whole or 0), ",") if whole else ""
    text = whole + ("." + fraction if places else "")
    if not is_filled and places and "0" not in decimals:
        text = text.rstrip("0").rstrip(".") + ("." if not fraction.strip("0") else "")
    sign = "-" if number < 0 else " " if is_filled else ""
    body = f"{sign}{text}"
    return body.rjust(len(mask) + 1) if is_filled else body
