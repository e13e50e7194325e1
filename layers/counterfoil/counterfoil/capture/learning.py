"""What a person's corrections teach about one vendor's layout.

A lesson is data, kept per vendor: this text stands beside or above that field; the field stands at that place in that
form; this head is over that column; the day is written first; this name stands for that one. It is kept only when the
document that it was taught on is read better with it, and no worse anywhere else. Used the next time, it is forgotten
when it stops helping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.taught import place_of, taught_labels
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Word
from counterfoil.capture.learned_columns import columns_of, same_lines
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.vendor_memory import (
    ColumnLesson,
    CurrencyLesson,
    DayOrderLesson,
    LabelLesson,
    NameLesson,
    PlaceLesson,
    VendorMemory,
)

LEARNED = (
    "invoice_number", "issue_date", "due_date", "po_number", "net_total", "tax_total", "gross_total",
)  # fmt: skip
DATES = ("issue_date", "due_date")
MONTHS = 12
# A lesson about one field must not cost any of these.
WATCHED = (*LEARNED, "vendor_name", "buyer_name", "vendor_vat_id", "vendor_iban", "currency", "payment_terms")
# What a printed label may mean in a language file for people to teach that it means another field here.
TEACHABLE = frozenset((*LEARNED, "payable", "charge", "discount", "prepaid", "rounding", "other"))
LESSONS_MAX = 40
LABEL_LENGTH = (2, 40)
VALUE_WORDS_MAX = 8
ABOVE_ROWS = 2
# A value printed more often is taught by its first labels and places.
LABELS_MAX, PLACES_MAX = 6, 4
# A lesson that was wrong this often, and more often wrong than right, is forgotten.
MISSES_MIN = 2

Lesson = TypeVar("Lesson", LabelLesson, PlaceLesson, ColumnLesson, DayOrderLesson, CurrencyLesson)


@dataclass(frozen=True, slots=True)
class TaughtReading:
    """A document as it is read with some memory."""

    context: Context
    captured: CapturedInvoice


Read = Callable[[VendorMemory], TaughtReading]


def learned(
    read: Read, corrected: CapturedInvoice, memory: VendorMemory, is_time_left: Callable[[], bool] = lambda: True
) -> VendorMemory:
    """The memory after a person confirmed or corrected a document; `read` reads that document with any memory.

    Each new lesson is tried by reading the document again: none is tried any more when no time is left.
    """
    before = read(memory)
    memory = _judged(before, corrected, memory)
    memory = memory.model_copy(update={"names": names_learned(before.captured, corrected, memory)})
    for name in LEARNED:
        value = getattr(corrected, name)
        if value is not None and _is_news(name, before.captured, corrected) and is_time_left():
            memory = _with_field(read, corrected, memory, name, value)
    if corrected.currency and _is_news("currency", before.captured, corrected):
        usual = memory.model_copy(update={"currency": CurrencyLesson(currency=corrected.currency)})
        memory = _best(read, corrected, memory, "currency", [usual]) or memory
    if corrected.lines and not same_lines(before.captured, corrected) and is_time_left():
        memory = _with_columns(read, corrected, memory)
    return memory


def _is_news(name: str, captured: CapturedInvoice, corrected: CapturedInvoice) -> bool:
    """The field was read otherwise, or it was in doubt and a person confirmed it."""
    is_settled = name in corrected.confirmed and name in captured.needs_review
    return is_settled or getattr(captured, name) != getattr(corrected, name)


def names_learned(
    captured: CapturedInvoice, corrected: CapturedInvoice, memory: VendorMemory
) -> tuple[NameLesson, ...]:
    """What was read as the vendor's name, or nothing, stands for the right one from now on."""
    names = {lesson.printed: lesson for lesson in memory.names}
    if corrected.vendor_name and captured.vendor_name != corrected.vendor_name:
        printed = squeeze(captured.vendor_name or "")
        names[printed] = NameLesson(printed=printed, name=corrected.vendor_name)
    return tuple(names.values())[-LESSONS_MAX:]


# Lessons that are there: did they help?


def _judged(read: TaughtReading, corrected: CapturedInvoice, memory: VendorMemory) -> VendorMemory:
    """One more hit or miss for each lesson that had a say in this reading; without those that are spent."""
    rows = [squeeze(row.text) for row in read.context.layout.rows]

    def is_right(name: str) -> bool | None:
        truth = getattr(corrected, name)
        return None if truth is None else getattr(read.captured, name) == truth

    def labels() -> Iterator[tuple[LabelLesson, bool | None]]:
        for lesson in memory.labels:
            yield lesson, is_right(lesson.field) if any(lesson.label in row for row in rows) else None

    def places() -> Iterator[tuple[PlaceLesson, bool | None]]:
        for lesson in memory.places:
            yield lesson, is_right(lesson.field) if _speaks(read.context, lesson) else None

    def columns() -> Iterator[tuple[ColumnLesson, bool | None]]:
        lines_right = same_lines(read.captured, corrected) if corrected.lines else None
        for lesson in memory.columns:
            yield lesson, lines_right if any(lesson.head in row for row in rows) else None

    def day_order() -> Iterator[tuple[DayOrderLesson, bool | None]]:
        if memory.day_order is not None:
            said = [_had_order(getattr(read.captured, name), getattr(corrected, name)) for name in DATES]
            yield memory.day_order, next((one for one in said if one is not None), None)

    def currency() -> Iterator[tuple[CurrencyLesson, bool | None]]:
        if memory.currency is not None:
            is_used = read.captured.currency == memory.currency.currency
            yield memory.currency, is_right("currency") if is_used else None

    return memory.model_copy(
        update={
            "currency": next(iter(_counted(currency())), None),
            "labels": _counted(labels()),
            "places": _counted(places()),
            "columns": _counted(columns()),
            "day_order": next(iter(_counted(day_order())), None),
        }
    )


def _had_order(read: date | None, truth: date | None) -> bool | None:
    """Whether a date that may be read both ways was read the right one; None where that is not the question."""
    if read is None or truth is None or max(read.day, truth.day) > MONTHS or read.day == read.month:
        return None
    if read == truth:
        return True
    return False if read == truth.replace(month=truth.day, day=truth.month) else None


def _speaks(context: Context, lesson: PlaceLesson) -> bool:
    found = taught_labels(context.labelled, [lesson], day_first=context.day_first, decimal=context.decimal)
    return next(found, None) is not None


def _counted(judged: Iterable[tuple[Lesson, bool | None]]) -> tuple[Lesson, ...]:
    """The lessons with this judgement counted; None is none. Spent ones are left out."""
    kept: list[Lesson] = []
    for lesson, is_right in judged:
        update = {} if is_right is None else {"hits": lesson.hits + is_right, "misses": lesson.misses + (not is_right)}
        counted = lesson.model_copy(update=update)
        if counted.misses < MISSES_MIN or counted.misses <= counted.hits:
            kept.append(counted)
    return tuple(kept)


# New lessons


def _with_field(
    read: Read, corrected: CapturedInvoice, memory: VendorMemory, name: str, value: str | date | Decimal
) -> VendorMemory:
    """The memory with the one lesson that reads the field best.

    Of a date first the order of day and month; then a label if any helps, else the value's place.
    """
    before = read(memory)
    if isinstance(value, date) and not before.context.day_first_is_proven:
        orders = [DayOrderLesson(day_first=day_first) for day_first in (True, False)]
        tries = [memory.model_copy(update={"day_order": one}) for one in orders]
        best = _best(read, corrected, memory, name, tries)
        if best is not None and name not in read(best).captured.needs_review:
            return best
    labels = [
        LabelLesson(field=name, label=label)
        for label in _labels_of(before.context, value)[:LABELS_MAX]
        if {meaning.field for meaning in before.context.vocabulary.labels.get(label, ())} <= TEACHABLE
    ]
    tries = [
        memory.model_copy(update={"labels": (*memory.labels, one)[-LESSONS_MAX:]})
        for one in labels
        if (one.field, one.label) not in {(known.field, known.label) for known in memory.labels}
    ]
    best = _best(read, corrected, memory, name, tries)
    if best is not None:
        return best
    overrules = getattr(before.captured, name) is not None
    tries = [
        memory.model_copy(update={"places": (*memory.places, place)[-LESSONS_MAX:]})
        for words in _printed(before.context, value)[:PLACES_MAX]
        if (place := _place(before.context, name, words, overrules=overrules)) is not None
    ]
    return _best(read, corrected, memory, name, tries) or memory


def _place(context: Context, name: str, words: list[Word], *, overrules: bool) -> PlaceLesson | None:
    return place_of(context.labelled, context.vocabulary, name, words, overrules=overrules)


def _best(
    read: Read, corrected: CapturedInvoice, memory: VendorMemory, name: str, tries: list[VendorMemory]
) -> VendorMemory | None:
    """The first memory with which the field is right and not in doubt, else one with which it is right.

    None where none is, where each would cost a field that is right without it, and where the field is right as it is
    and each leaves it in doubt.
    """
    before = _right(read(memory).captured, corrected)
    doubtful: VendorMemory | None = None
    for one in tries:
        captured = read(one).captured
        right = _right(captured, corrected)
        if name not in right or not before <= right:
            continue
        if name not in captured.needs_review:
            return one
        doubtful = doubtful or (None if name in before else one)
    return doubtful


def _right(captured: CapturedInvoice, corrected: CapturedInvoice) -> set[str]:
    return {
        name
        for name in WATCHED
        if getattr(corrected, name) is not None and getattr(captured, name) == getattr(corrected, name)
    }


def _with_columns(read: Read, corrected: CapturedInvoice, memory: VendorMemory) -> VendorMemory:
    """The memory with what the heads mean, where the lines are read right with it."""
    before = read(memory)
    lessons = columns_of(before.context, corrected)
    if not lessons:
        return memory
    heads = {lesson.head for lesson in lessons}
    known = tuple(lesson for lesson in memory.columns if lesson.head not in heads)
    taught = memory.model_copy(update={"columns": (*known, *lessons)[-LESSONS_MAX:]})
    after = read(taught).captured
    is_no_worse = _right(before.captured, corrected) <= _right(after, corrected)
    return taught if same_lines(after, corrected) and is_no_worse else memory


# Where a value is printed


def _labels_of(context: Context, value: str | date | Decimal) -> list[str]:
    """Squeezed texts that stand left of the value, or above it, wherever it is printed."""
    found: list[str] = []
    for index, tokens in enumerate(context.labelled.tokens):
        for words in _occurrences(context, tokens, value):
            label = _left_of(tokens, words) or _above(context, index, words)
            if label and label not in found:
                found.append(label)
    return found


def _printed(context: Context, value: str | date | Decimal) -> list[list[Word]]:
    return [words for tokens in context.labelled.tokens for words in _occurrences(context, tokens, value)]


def _occurrences(context: Context, tokens: list[Word], value: str | date | Decimal) -> list[list[Word]]:
    if isinstance(value, Decimal):
        return [words for amount, words in amounts_of(context, tokens) if amount.value == value]
    wanted = squeeze(value) if isinstance(value, str) else ""
    found: list[list[Word]] = []
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + VALUE_WORDS_MAX, len(tokens)) + 1):
            text = " ".join(word.text for word in tokens[start:end])
            if isinstance(value, date):
                printed = dates_in(text, context.day_first)
                is_value = len(printed) == 1 and printed[0].value == value and printed[0].start == 0
            else:
                is_value = squeeze(text) == wanted
            if is_value:
                found.append(tokens[start:end])
                break
    return found


def _left_of(tokens: list[Word], words: list[Word]) -> str | None:
    """The nearest phrase before the value in its row."""
    before = tokens[: next(place for place, word in enumerate(tokens) if word is words[0])]
    return _label(cut(before)[-1]) if before else None


def _above(context: Context, row: int, words: list[Word]) -> str | None:
    """The phrase over the value in one of the rows right above it."""
    for index in range(row - 1, max(-1, row - 1 - ABOVE_ROWS), -1):
        tokens = context.labelled.tokens[index]
        if tokens[0].page != words[0].page:
            return None
        for part in cut(tokens):
            if part[0].x0 < words[-1].x1 and part[-1].x1 > words[0].x0:
                return _label(part)
    return None


def _label(words: list[Word]) -> str | None:
    """A text that can serve as a label: letters, no digits, neither too short nor a sentence."""
    text = squeeze("".join(word.text for word in words))
    is_label = LABEL_LENGTH[0] <= len(text) <= LABEL_LENGTH[1] and not any(map(str.isdigit, text))
    return text if is_label else None
