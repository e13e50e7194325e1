"""Codes, amounts and times as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from counterfoil.domain import money

ACRONYMS = {word.lower(): word for word in ("ERP", "IBAN", "OCR", "PO", "VAT", "XML")}


def words(code: str) -> str:
    """`needs_review` as a person reads it: `Needs review`."""
    text = " ".join(ACRONYMS.get(word, word) for word in re.split(r"[_-]", code))
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A refusal's detail as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def amount(value: Decimal | None, currency: str | None = None) -> str:
    """Money as people read it, never rounded: `1,234.50 EUR`."""
    if value is None:
        return "–"
    places = max(-int(value.as_tuple().exponent), money.minor_units(currency or ""))
    return f"{value:,.{places}f} {currency or ''}".strip()


def number(value: Decimal | None) -> str:
    return "–" if value is None else money.plain(value)


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest unit: `3 d`, `5 h`, `12 min`."""
    minutes = max(0, int((now - since).total_seconds())) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def shown(value: object, currency: str | None = None) -> str:
    """A header field's value as text."""
    return amount(value, currency) if isinstance(value, Decimal) else str(value)


def needing(buttons: Sequence[str]) -> str:
    """Which of the buttons beside a comment need one; nothing when none does."""
    if not buttons:
        return ""
    *others, last = (f"“{button}”" for button in buttons)
    return f"{', '.join(others)} and {last} need one that says why." if others else f"{last} needs one that says why."


FILTERS: dict[str, Callable[..., str]] = {
    "words": words,
    "sentence": sentence,
    "amount": amount,
    "number": number,
    "age": age,
    "instant": instant,
    "shown": shown,
    "needing": needing,
}
