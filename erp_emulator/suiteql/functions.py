"""Oracle's functions as SQLite functions. All of them answer NULL to NULL where Oracle does."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from erp_emulator.suiteql import dates

TEXT_MAX = 32_767
PATTERN_MAX = 512


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dates.number_text(value)


def strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL if any argument is."""

    def called(*arguments: Any) -> Any:
        if any(each is None for each in arguments):
            return None
        result = function(*arguments)
        return None if result == "" else result

    return called


def _to_number(value: Any, pattern: str = "") -> float | int:
    if isinstance(value, int | float):
        return value
    text = str(value).strip().replace(",", "" if "," in pattern or not pattern else ",")
    number = float(text)
    return int(number) if number.is_integer() and "." not in text else number


def _instr(value: Any, wanted: Any, start: int = 1, nth: int = 1) -> int:
    text, wanted = _text(value), _text(wanted)
    position = int(start) - 1
    for _ in range(int(nth)):
        position = text.find(wanted, position) + 1
        if position == 0:
            return 0
    return position


def _substr(value: Any, start: float, length: float | None = None) -> str:
    text: str = _text(value)
    first = int(start)
    begin = first - 1 if first > 0 else len(text) + first if first < 0 else 0
    if begin < 0:
        return ""
    end = len(text) if length is None else begin + int(length)
    return text[begin : max(end, begin)]


def _pad(value: Any, width: float, fill: Any, *, is_left: bool) -> str:
    text: str = _text(value)
    wide = min(int(width), TEXT_MAX)
    missing = wide - len(text)
    if missing <= 0:
        return text[:wide]
    filling: str = _text(fill)
    padding = (filling * (missing // len(filling) + 1))[:missing]
    return padding + text if is_left else text + padding


def _round(value: float, places: float = 0) -> float:
    exponent = Decimal(1).scaleb(-int(places))
    return float(Decimal(repr(float(value))).quantize(exponent, ROUND_HALF_UP))


def _trunc(value: float, places: float = 0) -> float:
    scale = 10.0 ** int(places)
    return math.trunc(float(Decimal(repr(float(value))) * Decimal(scale))) / scale


def _pattern(pattern: Any, flags: str = "") -> re.Pattern[str]:
    text = _text(pattern)
    if len(text) > PATTERN_MAX:
        raise ValueError("pattern too long")
    for posix, ours in (
        ("[:digit:]", r"\d"),
        ("[:alpha:]", "A-Za-z"),
        ("[:alnum:]", "A-Za-z0-9"),
        ("[:space:]", r"\s"),
        ("[:upper:]", "A-Z"),
        ("[:lower:]", "a-z"),
        ("[:punct:]", r"!-/:-@\[-`{-~"),
    ):
        text = text.replace(posix, ours)
    return re.compile(text, re.IGNORECASE if "i" in flags else 0)


def _regexp_substr(
    value: Any, pattern: Any, start: int = 1, nth: int = 1, flags: str = "", group: int = 0
) -> str | None:
    found = list(_pattern(pattern, flags or "").finditer(_text(value), int(start) - 1))
    return found[int(nth) - 1].group(int(group)) if len(found) >= int(nth) else None


def _regexp_replace(value: Any, pattern: Any, new: Any = "", start: int = 1, nth: int = 0, flags: str = "") -> str:
    del start, nth
    return _pattern(pattern, flags or "").sub(_text(new).replace("\\", "\\"), _text(value))


def _regexp_instr(value: Any, pattern: Any, start: int = 1) -> int:
    found = _pattern(pattern).search(_text(value), int(start) - 1)
    return found.start() + 1 if found else 0


def _regexp_like(value: Any, pattern: Any, flags: str = "") -> int:
    return 1 if _pattern(pattern, flags).search(_text(value)) else 0


def _nvl2(value: Any, present: Any, absent: Any) -> Any:
    return present if value is not None else absent


def _nullif(value: Any, other: Any) -> Any:
    return None if value == other else value


def _greatest(*values: Any) -> Any:
    return None if any(each is None for each in values) else max(values)


def _least(*values: Any) -> Any:
    return None if any(each is None for each in values) else min(values)


def _replace(value: Any, old: Any, new: Any = "") -> Any:
    if value is None:
        return None
    return (_text(value).replace(_text(old), "" if new is None else _text(new)) if old else _text(value)) or None


def _concat(*values: Any) -> str | None:
    return "".join(_text(each) for each in values if each is not None) or None


def _timestamp(value: str) -> str:
    return value if len(value) > 10 else value + " 00:00:00"


class Listed:
    """LISTAGG: values joined in an order, `(value, separator, is_descending, key, ...)` a row."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, str]] = []
        self.separator = ""
        self.is_descending = False

    def step(self, *arguments: Any) -> None:
        value, separator, is_descending, *keys = arguments
        self.separator, self.is_descending = separator or "", bool(is_descending)
        if value is not None:
            shape = [(key is None, isinstance(key, str), key if key is not None else 0) for key in keys]
            self.rows.append((shape, _text(value)))

    def finalize(self) -> str | None:
        if any(shape for shape, _ in self.rows):
            self.rows.sort(key=lambda row: row[0], reverse=self.is_descending)
        return self.separator.join(value for _, value in self.rows) or None


class Median:
    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            self.values.append(float(value))

    def finalize(self) -> float | None:
        ordered = sorted(self.values)
        if not ordered:
            return None
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Deviation(Median):
    def variance(self) -> float | None:
        if len(self.values) < 2:
            return 0.0 if self.values else None
        mean = sum(self.values) / len(self.values)
        return float(sum((each - mean) ** 2 for each in self.values) / (len(self.values) - 1))

    def finalize(self) -> float | None:
        variance = self.variance()
        return None if variance is None else math.sqrt(variance)


class Variance(Deviation):
    def finalize(self) -> float | None:
        return self.variance()


def table(account_format: str) -> dict[str, tuple[int, Callable[..., Any]]]:
    """SQLite name -> (argument count, function)."""

    def to_char(value: Any, pattern: Any = None) -> Any:
        if isinstance(value, str):
            if re.match(r"\d{4}-\d\d-\d\d", value):
                if pattern is None:
                    return dates.account_text(value, account_format)
                return dates.to_char(value, pattern, account_format)
            return value
        return dates.number_text(value) if pattern is None else dates.number_to_char(value, pattern)

    def to_date(value: Any, pattern: Any = None) -> str:
        text = _text(value)
        if re.match(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$", text) and pattern is None:
            return text
        if pattern is None:
            return dates.from_account_text(text, account_format)
        return dates.to_date(text, pattern)

    functions: dict[str, Callable[..., Any]] = {
        "o_to_char": strict(to_char),
        "o_to_date": strict(to_date),
        "o_ts": strict(_timestamp),
        "o_day": strict(lambda value: value[:10]),
        "o_trunc_date": strict(dates.trunc_date),
        "o_add_days": strict(dates.add_days),
        "o_days_between": strict(dates.days_between),
        "o_add_months": strict(dates.add_months),
        "o_months_between": strict(dates.months_between),
        "o_last_day": strict(dates.last_day),
        "o_extract": strict(
            lambda unit, value: float(
                dates.to_char(
                    value,
                    {
                        "YEAR": "YYYY",
                        "MONTH": "MM",
                        "DAY": "DD",
                        "HOUR": "HH24",
                        "MINUTE": "MI",
                        "SECOND": "SS",
                    }[unit],
                    account_format,
                )
            )
        ),
        "o_text": strict(_text),
        "o_to_number": strict(_to_number),
        "o_instr": strict(_instr),
        "o_substr": strict(_substr),
        "o_lpad": strict(lambda v, n, fill=" ": _pad(v, n, fill, is_left=True)),
        "o_rpad": strict(lambda v, n, fill=" ": _pad(v, n, fill, is_left=False)),
        "o_trim": strict(lambda v: _text(v).strip(" ")),
        "o_ltrim": strict(lambda v, chars=" ": _text(v).lstrip(_text(chars))),
        "o_rtrim": strict(lambda v, chars=" ": _text(v).rstrip(_text(chars))),
        "o_upper": strict(lambda v: _text(v).upper()),
        "o_lower": strict(lambda v: _text(v).lower()),
        "o_initcap": strict(lambda v: _text(v).title()),
        "o_length": strict(lambda v: len(_text(v))),
        "o_reverse": strict(lambda v: _text(v)[::-1]),
        "o_ascii": strict(lambda v: ord(_text(v)[0])),
        "o_chr": strict(lambda v: chr(int(v))),
        "o_round": strict(_round),
        "o_trunc": strict(_trunc),
        "o_ceil": strict(math.ceil),
        "o_floor": strict(math.floor),
        "o_mod": strict(lambda a, b: math.fmod(a, b) if b else a),
        "o_power": strict(lambda a, b: float(a) ** float(b)),
        "o_sqrt": strict(math.sqrt),
        "o_exp": strict(math.exp),
        "o_ln": strict(math.log),
        "o_sign": strict(lambda v: (v > 0) - (v < 0)),
        "o_abs": strict(abs),
        "o_nvl2": _nvl2,
        "o_nullif": _nullif,
        "o_greatest": _greatest,
        "o_least": _least,
        "o_replace": _replace,
        "o_translate": strict(
            lambda v, a, b: _text(v).translate({ord(c): b[i] if i < len(b) else None for i, c in enumerate(a)})
        ),
        "o_concat": _concat,
        "o_regexp_substr": strict(_regexp_substr),
        "o_regexp_replace": strict(_regexp_replace),
        "o_regexp_instr": strict(_regexp_instr),
        "o_regexp_like": strict(_regexp_like),
    }
    return {name: (-1, function) for name, function in functions.items()}


def install(connection: sqlite3.Connection, account_format: str) -> None:
    for name, (count, function) in table(account_format).items():
        connection.create_function(name, count, function, deterministic=True)
    for name, aggregate in (
        ("o_median", Median),
        ("o_stddev", Deviation),
        ("o_variance", Variance),
    ):
        connection.create_aggregate(name, 1, cast(Any, aggregate))
    connection.create_aggregate("o_listagg", -1, cast(Any, Listed))


# What the resolver needs to know: SuiteQL's name -> (ours, kind of result). `same` is the first dated argument's kind.
SCALAR: dict[str, tuple[str, str]] = {
    "TO_CHAR": ("o_to_char", "text"),
    "TO_DATE": ("o_to_date", "to_date"),
    "TO_TIMESTAMP": ("o_to_date", "datetime"),
    "TO_NUMBER": ("o_to_number", "num"),
    "ADD_MONTHS": ("o_add_months", "same"),
    "MONTHS_BETWEEN": ("o_months_between", "num"),
    "LAST_DAY": ("o_last_day", "same"),
    "TRUNC": ("o_trunc", "num"),
    "NVL": ("COALESCE", "same"),
    "COALESCE": ("COALESCE", "same"),
    "NVL2": ("o_nvl2", "second"),
    "NULLIF": ("o_nullif", "same"),
    "GREATEST": ("o_greatest", "same"),
    "LEAST": ("o_least", "same"),
    "INSTR": ("o_instr", "num"),
    "SUBSTR": ("o_substr", "text"),
    "LPAD": ("o_lpad", "text"),
    "RPAD": ("o_rpad", "text"),
    "TRIM": ("o_trim", "text"),
    "LTRIM": ("o_ltrim", "text"),
    "RTRIM": ("o_rtrim", "text"),
    "UPPER": ("o_upper", "text"),
    "LOWER": ("o_lower", "text"),
    "INITCAP": ("o_initcap", "text"),
    "LENGTH": ("o_length", "num"),
    "REVERSE": ("o_reverse", "text"),
    "ASCII": ("o_ascii", "num"),
    "CHR": ("o_chr", "text"),
    "REPLACE": ("o_replace", "text"),
    "TRANSLATE": ("o_translate", "text"),
    "CONCAT": ("o_concat", "text"),
    "ROUND": ("o_round", "num"),
    "CEIL": ("o_ceil", "num"),
    "FLOOR": ("o_floor", "num"),
    "MOD": ("o_mod", "num"),
    "POWER": ("o_power", "num"),
    "SQRT": ("o_sqrt", "num"),
    "EXP": ("o_exp", "num"),
    "LN": ("o_ln", "num"),
    "SIGN": ("o_sign", "num"),
    "ABS": ("o_abs", "num"),
    "REGEXP_SUBSTR": ("o_regexp_substr", "text"),
    "REGEXP_REPLACE": ("o_regexp_replace", "text"),
    "REGEXP_INSTR": ("o_regexp_instr", "num"),
    "REGEXP_LIKE": ("o_regexp_like", "num"),
}
AGGREGATE: dict[str, tuple[str, str]] = {
    "COUNT": ("COUNT", "num"),
    "SUM": ("SUM", "num"),
    "AVG": ("AVG", "num"),
    "MIN": ("MIN", "same"),
    "MAX": ("MAX", "same"),
    "MEDIAN": ("o_median", "num"),
    "STDDEV": ("o_stddev", "num"),
    "VARIANCE": ("o_variance", "num"),
    "LISTAGG": ("GROUP_CONCAT", "text"),
    "WM_CONCAT": ("GROUP_CONCAT", "text"),
    "ROW_NUMBER": ("ROW_NUMBER", "num"),
    "RANK": ("RANK", "num"),
    "DENSE_RANK": ("DENSE_RANK", "num"),
    "PERCENT_RANK": ("PERCENT_RANK", "num"),
    "NTILE": ("NTILE", "num"),
    "LAG": ("LAG", "same"),
    "LEAD": ("LEAD", "same"),
    "FIRST_VALUE": ("FIRST_VALUE", "same"),
    "LAST_VALUE": ("LAST_VALUE", "same"),
}
