"""Everything that the field readers share about one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from counterfoil.capture.layout.blocks import Block, find_blocks
from counterfoil.capture.layout.labels import LabelledLayout, find_labels
from counterfoil.capture.layout.taught import taught_labels
from counterfoil.capture.layout.values import (
    Amount,
    amount_of,
    day_comes_first,
    decimal_sign,
)
from counterfoil.capture.layout.vocabulary import Vocabulary, languages_of, vocabulary
from counterfoil.capture.layout.words import Layout, Word, box_of
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Evidence
from counterfoil.domain.vendor_memory import VendorMemory

Value = TypeVar("Value")
CONFIDENCE_DIGITS = Decimal("0.01")
MONTH_FIRST_SIGNS = ("$", "USD", "US$")


@dataclass(slots=True)
class Candidate(Generic[Value]):
    """One reading of a field: its value, how likely (0 to 1), and the words it was read from."""

    value: Value
    score: float
    words: list[Word]

    def evidence(self) -> Evidence:
        confidence = Decimal(min(max(self.score, 0.0), 0.99)).quantize(CONFIDENCE_DIGITS)
        if not self.words:
            return Evidence(confidence=confidence)
        return Evidence(confidence=confidence, page=self.words[0].page, box=box_of(self.words))


@dataclass(slots=True)
class Context:
    """One document's layout with its language, number and date customs, and whose books these are."""

    layout: Layout
    labelled: LabelledLayout
    blocks: list[Block]
    vocabulary: Vocabulary
    own: CompanyIdentity
    decimal: str
    day_first: bool
    day_first_is_proven: bool
    names: dict[str, str] = field(default_factory=dict)
    # What the vendor is known to bill in.
    currency: str | None = None
    amounts: dict[int, Amount | None] = field(default_factory=dict)

    @property
    def labelled_fields(self) -> set[str]:
        """The fields whose sure labels were seen."""
        return {label.meaning.field for label in self.labelled.all() if label.meaning.is_strong} - {"other"}

    def amount(self, word: Word) -> Amount | None:
        """The word as an amount; remembered, since every reader asks."""
        key = id(word)
        if key not in self.amounts:
            self.amounts[key] = amount_of(word.text, self.decimal)
        return self.amounts[key]


def context_of(layout: Layout, own: CompanyIdentity, memory: VendorMemory | None = None) -> Context:
    """Languages, labels and customs of a document; `memory` is what is known of its vendor's layouts."""
    texts = [word.text for row in layout.rows for word in row.words]
    words = vocabulary(languages_of(texts, (phrase.text for phrase in layout.phrases)))
    if memory is not None:
        heads = ((lesson.head, lesson.column) for lesson in memory.columns)
        words = words.taught(((lesson.label, lesson.field) for lesson in memory.labels), heads)
    day_first, proven = day_comes_first([row.text for row in layout.rows], default=not _is_month_first(texts, words))
    if memory is not None and memory.day_order is not None and not proven:
        day_first, proven = memory.day_order.day_first, True
    labelled = find_labels(layout, words)
    decimal = decimal_sign(texts, words.decimal)
    if memory is not None and memory.places:
        labelled.teach(list(taught_labels(labelled, memory.places, day_first=day_first, decimal=decimal)))
    return Context(
        layout=layout,
        labelled=labelled,
        blocks=find_blocks(labelled),
        vocabulary=words,
        own=own,
        names={lesson.printed: lesson.name for lesson in memory.names} if memory else {},
        currency=memory.currency.currency if memory and memory.currency else None,
        decimal=decimal,
        day_first=day_first,
        day_first_is_proven=proven,
    )


def _is_month_first(texts: list[str], words: Vocabulary) -> bool:
    """Only the United States write the month first: English with dollars."""
    if words.languages[0] != "en":
        return False
    return any(text.startswith(MONTH_FIRST_SIGNS) or text in MONTH_FIRST_SIGNS for text in texts)
