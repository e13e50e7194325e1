"""Header fields by their labels: numbers, dates, order numbers and terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from counterfoil.capture.layout.labels import Label, cut
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.values import SYMBOLS, dates_in
from counterfoil.capture.layout.words import Word

RIGHT, RIGHT_APART, BELOW, BELOW_FAR = 0.96, 0.94, 0.88, 0.6
WEAK = 0.8
NO_COLON_WEAK = 0.75
LATER_PAGE = 0.9
AMBIGUOUS_DATE = 0.75
# A value further right than this many letter heights belongs to something else.
APART_MAX = 30.0

IDENTIFIER = re.compile(r"^[#№]?(?=[^\s]*\d)[A-Z0-9][A-Z0-9./\\_#&+|-]{0,38}[A-Z0-9]$|^#?\d$", re.IGNORECASE)
PREFIX = re.compile(r"^[#№]?[A-Z]{1,6}[-/.]?$", re.IGNORECASE)
TIME = re.compile(r"^\d{1,2}:\d{2}")
PHONE = re.compile(r"^\+\d")
NUMBER_LENGTH_WEAK_MIN = 3

Parse = Callable[[list[Word], Context], tuple[object, list[Word], float] | None]


def invoice_numbers(context: Context) -> list[Candidate[str]]:
    """Likely invoice numbers, best first."""
    return _identifiers(context, "invoice_number")


def order_numbers(context: Context) -> list[Candidate[str]]:
    """Likely order numbers of the buyer, best first; its own patterns outrank labels."""
    found = _identifiers(context, "po_number")
    for pattern in context.own.order_patterns:
        compiled = re.compile(rf"(?:{pattern})$")
        for row in context.labelled.tokens:
            for word in row:
                if compiled.match(word.text.strip("#.,;:()")):
                    found.append(Candidate(word.text.strip("#.,;:()"), 0.97, [word]))
    return sorted(found, key=lambda candidate: -candidate.score)


def _identifiers(context: Context, field: str) -> list[Candidate[str]]:
    found: list[Candidate[str]] = []
    for label in context.labelled.of(field):
        for words, score in _places(context, label):
            read = _identifier(words, context, label.meaning.is_strong)
            if read is not None:
                found.append(Candidate(read[0], score * _label_score(label), read[1]))
                break
    return sorted(found, key=lambda candidate: -candidate.score)


def dates(context: Context, field: str) -> list[Candidate[date]]:
    """Likely dates of one kind, best first."""
    found: list[Candidate[date]] = []
    for label in context.labelled.of(field):
        for words, score in _places(context, label):
            read = _date(words, context)
            if read is not None:
                value, used, factor = read
                found.append(Candidate(value, score * factor * _label_score(label), used))
                break
    return sorted(found, key=lambda candidate: -candidate.score)


def texts(context: Context, field: str) -> list[Candidate[str]]:
    """What stands beside or below a label, as it is."""
    found: list[Candidate[str]] = []
    for label in context.labelled.of(field):
        for words, score in _places(context, label):
            text = " ".join(word.text for word in words).strip(" :")
            if text:
                found.append(Candidate(text, score * _label_score(label), words))
                break
    return sorted(found, key=lambda candidate: -candidate.score)


def _label_score(label: Label) -> float:
    score = 1.0 if label.meaning.is_strong else WEAK
    if not label.meaning.is_strong and not label.has_colon:
        score *= NO_COLON_WEAK / WEAK
    return score * (LATER_PAGE if label.page > 1 else 1.0)


def _places(context: Context, label: Label) -> Iterator[tuple[list[Word], float]]:
    """Where the value of a label may stand, the likeliest first: beside it, then below it."""
    words = context.labelled.right_of(label)
    if words:
        parts = cut(words)
        height = max(1.0, label.y1 - label.y0)
        gap = (parts[0][0].x0 - label.x1) / height
        if gap <= APART_MAX:
            yield parts[0], RIGHT if gap < 2 else RIGHT_APART - gap * 0.004
    for depth, part in enumerate(context.labelled.below(label)):
        yield part, BELOW if depth == 0 else BELOW_FAR


def _identifier(words: list[Word], context: Context, is_strong: bool) -> tuple[str, list[Word]] | None:
    """The first identifier among the words; a letter prefix before digits belongs to it."""
    for place, word in enumerate(words[:3]):
        text = word.text.strip(".,;:()[]*<>")
        if place and words[0].text.strip("#:.-– "):
            # Running text between label and identifier: only a short prefix may stand there.
            before = words[place - 1].text
            if not (PREFIX.match(before) and place == 1):
                return None
            joined = f"{before} {text}"
            return (joined, words[: place + 1]) if _is_identifier(text, context, True) else None
        if _is_identifier(text, context, is_strong):
            return text.lstrip("#№"), [word]
    return None


def _is_identifier(text: str, context: Context, is_strong: bool) -> bool:
    if not IDENTIFIER.match(text) or TIME.match(text) or PHONE.match(text):
        return False
    if any(text.startswith(symbol) for symbol in SYMBOLS if not symbol.isalpha()):
        return False
    printed = dates_in(text, context.day_first)
    if printed and printed[0].end - printed[0].start == len(text) and not text.isdigit():
        return False
    return is_strong or len(text) >= NUMBER_LENGTH_WEAK_MIN


def _date(words: list[Word], context: Context) -> tuple[date, list[Word], float] | None:
    """The first date that opens the words (a short weekday or place name may stand before it)."""
    text, starts = joined(words)
    for printed in dates_in(text, context.day_first):
        if printed.start > 25:
            return None
        used = [
            word
            for word, start in zip(words, starts, strict=True)
            if start < printed.end and start + len(word.text) > printed.start
        ]
        doubtful = printed.is_ambiguous and not context.day_first_is_proven
        return printed.value, used, AMBIGUOUS_DATE if doubtful else 1.0
    return None


def joined(words: list[Word]) -> tuple[str, list[int]]:
    """The words' text with single spaces, and where each word starts in it."""
    starts: list[int] = []
    text = ""
    for word in words:
        if text:
            text += " "
        starts.append(len(text))
        text += word.text
    return text, starts
