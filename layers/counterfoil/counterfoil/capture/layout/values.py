"""Numbers, dates and currencies in printed text.

`1.234` and `03/04/2024` mean different things in different countries, so the document's own unambiguous values decide
how its ambiguous ones are read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from counterfoil.capture.layout.vocabulary import months, squeeze

YEAR_MIN, YEAR_MAX = 1990, 2099
CENTURY = 2000
DIGITS_MAX = 15

SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "¥": "JPY", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "₺": "TRY",
    "₪": "ILS", "₽": "RUB", "₱": "PHP", "฿": "THB", "₫": "VND", "₩": "KRW", "R$": "BRL", "RM": "MYR",
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "CA$": "CAD", "C$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD",
    "Rs": "INR", "Rs.": "INR", "Fr.": "CHF", "SFr.": "CHF", "lei": "RON", "$": "USD", "Euro": "EUR", "EURO": "EUR",
    "euro": "EUR", "Euros": "EUR", "euros": "EUR", "EUROS": "EUR", "Eur": "EUR", "TL": "TRY", "zl": "PLN", "ZŁ": "PLN",
    "USD$": "USD", "AUD$": "AUD", "CAD$": "CAD", "NZD$": "NZD", "SGD$": "SGD",
    "KČ": "CZK", "Kc": "CZK", "Lei": "RON", "LEI": "RON", "Sfr.": "CHF", "SFr": "CHF",
}  # fmt: skip
# Signs that several countries share: a weaker witness than a code.
SHARED_SYMBOLS = frozenset(("$", "¥"))
CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BHD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HRK",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KES",
        "KRW",
        "KWD",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "OMR",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "UYU",
        "VND",
        "ZAR",
    ]
)
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(SYMBOLS, key=len, reverse=True))
_CODE = "|".join(sorted(CODES))
AMOUNT = re.compile(
    rf"^(?P<open>\()?(?P<sign>[-−–‑+])?\s?(?P<before>{_SYMBOL}|{_CODE}|kr\.?|[^\w\s.,()+-]|[^\W\d_a-zA-Z])?\s?(?P<sign2>[-−–‑])?"
    r"(?P<number>\d{1,3}(?:[.,'’\s\u00a0\u202f]\d{2,3})+(?:[.,]\d{1,6})?|\d+(?:[.,]\d{1,6})?|[.,]\d{1,4})"
    rf"(?P<sign3>[-−–‑])?[\s\ufffd]?(?P<after>{_SYMBOL}|{_CODE}|kr\.?|,-|/[-=]|%|[^\w\s.,()+-])?(?P<close>\))?[*]?$"
)
SEPARATOR = re.compile(r"[.,]")
GROUP_SIGNS = re.compile(r"['’\s\u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class Amount:
    """A printed number: value, currency as printed (code, or None), whether it ends in %."""

    value: Decimal
    currency: str | None = None
    symbol: str | None = None
    is_percent: bool = False
    decimals: int = 0


def decimal_sign(texts: Iterable[str], default: str) -> str:
    """`.` or `,`: what the document's unambiguous numbers use before their last digits."""
    votes: Counter[str] = Counter()
    for text in texts:
        found = AMOUNT.match(text)
        if not found:
            continue
        signs = SEPARATOR.findall(found["number"])
        if not signs:
            continue
        tail = len(found["number"]) - found["number"].rfind(signs[-1]) - 1
        if len(set(signs)) == 2:
            votes[signs[-1]] += 2
        elif len(signs) == 1 and tail == 2:
            votes[signs[0]] += 1
        elif len(signs) > 1 and tail == 3:
            votes["," if signs[0] == "." else "."] += 1
    if votes["."] == votes[","]:
        return default
    return max(votes, key=lambda sign: votes[sign])


def amount_of(text: str, decimal: str) -> Amount | None:
    """The whole text as an amount, None when it is anything else."""
    found = AMOUNT.match(text)
    if not found:
        return None
    plain = GROUP_SIGNS.sub("", found["number"])
    value = _number(plain, decimal)
    if value is None:
        return None
    negative = bool(found["sign2"] or found["sign3"] or (found["sign"] and found["sign"] != "+"))
    if found["open"] and found["close"]:
        negative = True
    printed = found["before"] or found["after"]
    exponent = value.as_tuple().exponent
    return Amount(
        value=-value if negative else value,
        currency=SYMBOLS.get(printed or "") or (printed if printed in CODES else None),
        symbol=printed,
        is_percent="%" in (found["before"], found["after"]),
        decimals=-exponent if isinstance(exponent, int) else 0,
    )


def _number(text: str, decimal: str) -> Decimal | None:
    """Separators sorted out: the last one of two kinds is the decimal sign, three digits after one may be a group."""
    if sum(map(str.isdigit, text)) > DIGITS_MAX:
        return None
    signs = SEPARATOR.findall(text)
    if not signs:
        return Decimal(text)
    groups = SEPARATOR.split(text)
    if len(set(signs)) == 2:
        if signs.count(signs[-1]) > 1 or not _are_groups(groups[:-1]):
            return None
        point: str | None = signs[-1]
    elif len(signs) > 1:
        if not _are_groups(groups):
            return None
        point = None
    elif len(groups[1]) == 3 and signs[0] != decimal and not text.startswith(("0", ".", ",")):
        point = None
    else:
        point = signs[0]
    plain = "".join("." if c == point else c for c in text if c.isdigit() or c == point)
    return Decimal(plain) if plain.strip(".") else None


def _are_groups(groups: list[str]) -> bool:
    """Digits grouped by thousands (or as in India by hundreds before the last group): `15.06.2018` is none."""
    return len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups[1:-1])


# --- dates ---

YMD = re.compile(r"(?<!\d)((?:19|20)\d{2})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
# A time may follow without a space, as recognised receipts have it.
NUMERIC = re.compile(
    r"(?<![\d.,/-])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?((?:19|20)\d{2}|\d{2})(?=\d{2}:\d{2}|(?![\d/-]|[.,]\d))"
)
DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.|er|º)?[\s.\-/]{0,3}(?:de\s|of\s)?\s?([^\W\d_]{3,12})\.?,?[\s.\-/]{0,3}"
    r"(?:de\s|del\s)?\s?((?:19|20)\d{2}|\d{2})(?!\d)"
)
MONTH_FIRST = re.compile(
    r"([^\W\d_]{3,12})\.?[\s.\-/]{0,3}(\d{1,2})(?:st|nd|rd|th)?,?[\s.\-/]{1,3}((?:19|20)\d{2})(?!\d)"
)
COMPACT = re.compile(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date as printed.

    `is_ambiguous` when day and month could be swapped and only custom decides; `is_compact` for eight digits in a row,
    which are a date only where a label says so.
    """

    value: date
    start: int
    end: int
    is_ambiguous: bool = False
    is_compact: bool = False


def day_comes_first(texts: Iterable[str], default: bool) -> tuple[bool, bool]:
    """Whether 03/04 is 3 April, and whether the document itself proves it."""
    votes = 0
    for text in texts:
        for found in NUMERIC.finditer(text):
            first, sign, second = int(found[1]), found[2], int(found[3])
            if sign == "." and 1 <= second <= 12:
                votes += 1  # Points between day and month are written day first everywhere.
            elif first > 12 >= second:
                votes += 2
            elif second > 12 >= first:
                votes -= 2
    return (votes > 0 if votes else default), votes != 0


def dates_in(text: str, day_first: bool) -> list[PrintedDate]:
    """Every date in a text, in order of appearance."""
    found = list(_dates(text, day_first))
    found.sort(key=lambda printed: printed.start)
    return found


def _dates(text: str, day_first: bool) -> Iterator[PrintedDate]:
    taken: list[tuple[int, int]] = []
    for pattern, parts in (
        (YMD, _year_first),
        (DAY_FIRST, _named_day_first),
        (MONTH_FIRST, _named_month_first),
        (NUMERIC, _numeric),
        (COMPACT, _year_first),
    ):
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            read = parts(match, day_first)
            if read is None:
                continue
            taken.append(match.span())
            yield PrintedDate(read[0], match.start(), match.end(), read[1], pattern is COMPACT)


def _date(year: int, month: int, day: int) -> date | None:
    if year < 100:
        year += CENTURY
    if not YEAR_MIN <= year <= YEAR_MAX:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year_first(match: re.Match[str], _day_first: bool) -> tuple[date, bool] | None:
    found = _date(int(match[1]), int(match[2]), int(match[3]))
    return (found, False) if found else None


def _named_day_first(match: re.Match[str], _day_first: bool) -> tuple[date, bool] | None:
    month = months().get(squeeze(match[2]))
    found = _date(int(match[3]), month, int(match[1])) if month else None
    return (found, False) if found else None


def _named_month_first(match: re.Match[str], _day_first: bool) -> tuple[date, bool] | None:
    month = months().get(squeeze(match[1]))
    found = _date(int(match[3]), month, int(match[2])) if month else None
    return (found, False) if found else None


def _numeric(match: re.Match[str], day_first: bool) -> tuple[date, bool] | None:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day, month = (first, second) if day_first else (second, first)
    found = _date(year, month, day) or _date(year, day, month)
    return (found, first <= 12 and second <= 12 and first != second) if found else None
