"""Amounts: decimals made from text, and the only place that rounds.

Minor units follow ISO 4217; a currency that is not listed has two.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

MINOR_UNITS_DEFAULT = 2
MINOR_UNITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
SMALLEST_UNITS = {places: Decimal(1).scaleb(-places) for places in {MINOR_UNITS_DEFAULT, *MINOR_UNITS.values()}}
DIGITS_MAX = 30
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def minor_units(currency: str) -> int:
    """Decimal places of a currency's smallest unit, by its ISO 4217 code."""
    return MINOR_UNITS.get(currency, MINOR_UNITS_DEFAULT)


def smallest_unit(currency: str) -> Decimal:
    """The smallest amount that can be paid: 0.01 for EUR, 1 for JPY."""
    return SMALLEST_UNITS[minor_units(currency)]


def round_money(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole minor units, halves away from zero as invoices are rounded."""
    return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


def split_amount(amount: Decimal, weights: Sequence[tuple[Decimal, Decimal]], currency: str) -> list[Decimal]:
    """An amount in shares by the first weights, or by the second ones where the first are all zero.

    Each share is rounded; the last one takes what that leaves, so that they add up to the amount.
    """
    first = [weight for weight, _ in weights]
    used = first if sum(first) else [weight for _, weight in weights]
    total = sum(used, Decimal(0)) or Decimal(1)
    shares = [round_money(EXACT.divide(EXACT.multiply(amount, weight), total), currency) for weight in used[:-1]]
    return [*shares, amount - sum(shares, Decimal(0))]


def decimal_of(text: str) -> Decimal:
    """A finite decimal from plain text such as `"10.00"`; ValueError names what is wrong."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if len(number.as_tuple().digits) > DIGITS_MAX:
        raise ValueError(f"{text[:40]!r} has more than {DIGITS_MAX} digits")
    return number


def price_text(number: Decimal) -> str:
    """A price with the two places people expect, or more where it has more."""
    text = _digits(number)
    if text[-3:-2] == ".":
        return text
    whole, _, places = plain(number).partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def plain(number: Decimal) -> str:
    """The number as people write it: no exponent, no trailing zeros after the point."""
    text = _digits(number)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _digits(number: Decimal) -> str:
    text = str(number)
    return text if "E" not in text else format(number, "f")
