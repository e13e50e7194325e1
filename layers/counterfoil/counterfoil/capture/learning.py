"""What a person's corrections teach about one vendor's layout: the labels it uses and the names it goes by.

A lesson is data, kept per vendor: this text stands beside or above that field. It is used as a sure label the next
time, and forgotten when it stops helping.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Word
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.vendor_memory import LabelLesson, NameLesson, VendorMemory

LEARNED = (
    "invoice_number", "issue_date", "due_date", "po_number", "net_total", "tax_total", "gross_total",
)  # fmt: skip
LESSONS_MAX = 40
LABEL_LENGTH = (2, 40)
VALUE_WORDS_MAX = 8
ABOVE_ROWS = 2
# A lesson that was wrong this often, and more often wrong than right, is forgotten.
MISSES_MIN = 2


def learned(
    context: Context, captured: CapturedInvoice, corrected: CapturedInvoice, memory: VendorMemory
) -> VendorMemory:
    """The memory after a person confirmed or corrected what was captured with it."""
    labels = {(lesson.field, lesson.label): lesson for lesson in memory.labels}
    for lesson in memory.labels:
        labels[lesson.field, lesson.label] = _judged(lesson, captured, corrected)
    for name in LEARNED:
        value = getattr(corrected, name)
        if value is None or value == getattr(captured, name):
            continue
        for label in _labels_of(context, value):
            labels.setdefault((name, label), LabelLesson(field=name, label=label))
    kept = [lesson for lesson in labels.values() if not _is_spent(lesson)]
    return memory.model_copy(
        update={"labels": tuple(kept[-LESSONS_MAX:]), "names": names_learned(captured, corrected, memory)}
    )


def _judged(lesson: LabelLesson, captured: CapturedInvoice, corrected: CapturedInvoice) -> LabelLesson:
    """One more hit or miss; neither when the document does not have the field."""
    truth = getattr(corrected, lesson.field)
    if truth is None:
        return lesson
    if getattr(captured, lesson.field) == truth:
        return lesson.model_copy(update={"hits": lesson.hits + 1})
    return lesson.model_copy(update={"misses": lesson.misses + 1})


def _is_spent(lesson: LabelLesson) -> bool:
    return lesson.misses >= MISSES_MIN and lesson.misses > lesson.hits


def names_learned(
    captured: CapturedInvoice, corrected: CapturedInvoice, memory: VendorMemory
) -> tuple[NameLesson, ...]:
    """What was read as the vendor's name stands for the right one from now on."""
    names = {lesson.printed: lesson for lesson in memory.names}
    if captured.vendor_name and corrected.vendor_name and captured.vendor_name != corrected.vendor_name:
        printed = squeeze(captured.vendor_name)
        names[printed] = NameLesson(printed=printed, name=corrected.vendor_name)
    return tuple(names.values())[-LESSONS_MAX:]


def _labels_of(context: Context, value: str | date | Decimal) -> list[str]:
    """Squeezed texts that stand left of the value, or above it, wherever it is printed."""
    found: list[str] = []
    for index, tokens in enumerate(context.labelled.tokens):
        for words in _occurrences(context, tokens, value):
            label = _left_of(tokens, words) or _above(context, index, words)
            if label and label not in found:
                found.append(label)
    return found


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
