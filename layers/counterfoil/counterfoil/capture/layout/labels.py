"""Where the labels stand, and what stands beside and below each of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from counterfoil.capture.layout.vocabulary import START_LENGTH, WEAK, Meaning, Vocabulary, squeeze
from counterfoil.capture.layout.words import PHRASE_GAP, Layout, Row, Word
from counterfoil.capture.legal_forms import LEGAL_FORMS

# Tokens of one label stand no further apart than this share of the letter height; spaced-out titles need the room.
LABEL_GAP = 1.3
LABEL_TOKENS_MAX = 16
# A value stands at most this many letter heights below its label.
BELOW_HEIGHTS = 3.2
BELOW_ROWS_MAX = 6
# Fields whose label must be complete: a longer label that begins the same means something else.
SINGLE_VALUES = ("invoice_number", "issue_date", "due_date", "po_number", "vendor_vat_id")
TOTALS = ("net_total", "tax_total", "gross_total", "payable", "charge", "discount", "prepaid", "rounding")
# `Receipt # No.:` says it twice.
NUMBER_WORDS = frozenset(("no", "nr", "number", "#", "num"))
# `č.FV504` and `n°2024-17`: the word for number drawn onto the number.
NUMBER_WORD_GLUED = re.compile(r"(?:nr|no|n|č|nro|núm|num)(?:\.º|\.°|\.|°|º)(?=[^\s.]*\d)", re.IGNORECASE)
LONGER_LABEL_WORDS = 5
PARTIES = ("vendor", "buyer", "delivery")
# A rate that stands within or after a label.
RATE = re.compile(r"^[(@]*\d{1,2}(?:[.,]\d{1,3})?\s?%[):,]*$|^%[):]*$")
RATE_NUMBER = re.compile(r"^[(@]*\d{1,2}(?:[.,]\d{1,3})?$")
ALIGN_SLACK = 6.0
# Signs before a label that do not keep it from opening its phrase: `+ 19% VAT`.
SIGNS = frozenset("+-–•·*")
# What stands this many letter heights behind a label and its colon is in another column.
APART = 3.0


@dataclass(slots=True)
class Label:
    """A label found: its meaning, its words `start` to `end` (exclusive) of a row's tokens."""

    meaning: Meaning
    row: int
    start: int
    end: int
    x0: float
    x1: float
    y0: float
    y1: float
    page: int
    opens_phrase: bool
    has_colon: bool
    text: str
    # Where its value ends, for a label that people taught at the value's own place.
    value_end: int | None = None


@dataclass(slots=True)
class LabelledLayout:
    """The layout with its tokens (words cut at colons) by row, and the labels among them by row."""

    layout: Layout
    tokens: list[list[Word]]
    labels: list[list[Label]]
    _by_field: dict[str, list[Label]] = field(default_factory=dict)
    _starts: frozenset[int] | None = None
    _parts: dict[int, list[list[Word]]] = field(default_factory=dict)

    def all(self) -> Iterator[Label]:
        for row in self.labels:
            yield from row

    def of(self, name: str) -> list[Label]:
        if not self._by_field:
            for label in self.all():
                self._by_field.setdefault(label.meaning.field, []).append(label)
        return self._by_field.get(name, [])

    def parts(self, row: int) -> list[list[Word]]:
        """The tokens of a row cut where the gap is wider than a space; remembered, for every label above asks."""
        if row not in self._parts:
            self._parts[row] = cut(self.tokens[row])
        return self._parts[row]

    def opens_label(self, token: Word) -> bool:
        """Whether a label begins with this token."""
        if self._starts is None:
            self._starts = frozenset(id(self.tokens[label.row][label.start]) for label in self.all())
        return id(token) in self._starts

    def teach(self, labels: Iterable[Label]) -> None:
        """Take in more labels."""
        for label in labels:
            self.labels[label.row].append(label)
            self.labels[label.row].sort(key=lambda one: one.start)
            self._by_field, self._starts = {}, None

    def right_of(self, label: Label) -> list[Word]:
        """Tokens of the same row after the label, up to the next label that is no part of the value."""
        if label.value_end is not None:
            return self.tokens[label.row][label.end : label.value_end]
        end = len(self.tokens[label.row])
        for other in self.labels[label.row]:
            if other.start >= label.end:
                end = other.start
                break
        return self.tokens[label.row][label.end : end]

    def below(self, label: Label, heights: float = BELOW_HEIGHTS) -> Iterator[list[Word]]:
        """Phrases under the label within some letter heights, nearest first, until another label is in the way."""
        reach = label.y1 + heights * (label.y1 - label.y0)
        rows = self.layout.rows
        for index in range(label.row + 1, min(label.row + 1 + BELOW_ROWS_MAX, len(rows))):
            row = rows[index]
            if row.page != label.page or row.y0 > reach:
                return
            found = self._under(label, row)
            if found is None:
                continue
            first = found[0]
            if any(
                self.tokens[index][other.start].x0 <= first.x0 + 1 and first.x0 < other.x1
                for other in self.labels[index]
            ):
                return
            yield found

    def _under(self, label: Label, row: Row) -> list[Word] | None:
        for part in self.parts(row.index):
            left, right = part[0].x0, part[-1].x1
            overlaps = left < label.x1 + ALIGN_SLACK and right > label.x0 - ALIGN_SLACK
            aligned = abs(left - label.x0) < ALIGN_SLACK or abs(right - label.x1) < ALIGN_SLACK
            if aligned or overlaps:
                return self._own_words(label, part) or None
        return None

    def _own_words(self, label: Label, part: list[Word]) -> list[Word]:
        """The words of a phrase that stand under this label where they ran together with the value of the next one."""
        row = self.tokens[label.row]
        others = [row[other.start].x0 for other in self.labels[label.row] if other.start != label.start]
        end = min((x0 for x0 in others if x0 > label.x1), default=math.inf)
        begins_before = any(part[0].x0 - ALIGN_SLACK <= x0 < label.x0 for x0 in others)
        start = label.x0 - ALIGN_SLACK if begins_before else -math.inf
        return [word for word in part if start <= word.x0 < end]


def cut(words: list[Word]) -> list[list[Word]]:
    """Words of a row cut where the gap is wider than a space."""
    parts: list[list[Word]] = []
    for word in words:
        if parts and word.x0 - parts[-1][-1].x1 <= PHRASE_GAP * min(word.height, parts[-1][-1].height):
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


def find_labels(layout: Layout, vocabulary: Vocabulary) -> LabelledLayout:
    """Every label of the vocabulary, the longest at each place."""
    tokens = [[part for word in row.words for part in _at_colons(word)] for row in layout.rows]
    labels = [list(_labels_in(index, row, vocabulary)) for index, row in enumerate(tokens)]
    return LabelledLayout(layout, tokens, labels)


def _at_colons(word: Word) -> Iterator[Word]:
    """`Date:2024-01-01` and `No.17` are a label and a value; `10:35` and `https://` are one word."""
    glued = NUMBER_WORD_GLUED.match(word.text)
    place = glued.end() - 1 if glued else word.text.find(":")
    rest = word.text[place + 1 :]
    is_one = place <= 0 or not rest or rest.startswith("/") or (not glued and word.text[place - 1].isdigit())
    if is_one:
        yield word
        return
    middle = word.x0 + (word.x1 - word.x0) * (place + 1) / len(word.text)
    yield Word(word.text[: place + 1], word.page, word.x0, word.y0, middle, word.y1)
    yield Word(rest, word.page, middle, word.y0, word.x1, word.y1)


def _labels_in(index: int, tokens: list[Word], vocabulary: Vocabulary) -> Iterator[Label]:
    place = 0
    follows = follows_rate = opened = False
    while place < len(tokens):
        opens = place == 0 or _gap(tokens, place) > PHRASE_GAP or (follows_rate and opened)
        follows_rate = _is_rate(tokens, place) or tokens[place].text in SIGNS
        opened = opens
        start = "" if _is_country(tokens, place) else squeeze(tokens[place].text)
        may_start = start[:START_LENGTH] in vocabulary.label_starts or start.endswith(vocabulary.title_endings)
        found = _labels_at(index, tokens, place, opens, vocabulary) if start and may_start else []
        believed = [label for label in found if _is_believable(label, tokens, follows)]
        if follows and tokens[place - 1].text.endswith(":") and _gap(tokens, place) < APART:
            believed = [label for label in believed if label.meaning.is_strong]  # `Org.nr: NO 995 ...`: a value.
        if not believed:
            follows = False
            place += 1
            continue
        yield from believed
        follows = True
        place = believed[0].end


def _is_believable(label: Label, tokens: list[Word], follows: bool) -> bool:
    """A lone word inside running text is no label unless a colon makes it one, and `Seller Ltd` is a name."""
    before = tokens[label.start - 1].text if label.start else ""
    if not label.meaning.is_strong and not label.opens_phrase and not any(map(str.isdigit, before)):
        return False  # `Contract No: 17`: the weak label ends a longer one.
    if label.text.startswith("(") and label.meaning.field in TOTALS:
        return False
    if label.has_colon:
        return True
    if label.meaning.field in SINGLE_VALUES and _goes_on(label, tokens):
        return False
    if label.meaning.field in TOTALS and _opens_a_name(label, tokens):
        return False
    if label.meaning.field in PARTIES:
        stands_alone = label.end == len(tokens) or _gap(tokens, label.end) > PHRASE_GAP
        if not stands_alone and tokens[label.end].text[:1].islower():
            return False  # `Invoice to pay by transfer`, `Invoice for services`: running text.
        return label.opens_phrase and (stands_alone or label.end - label.start >= 2)
    if label.opens_phrase:
        return True
    return label.meaning.is_strong and label.end - label.start >= 2 and not follows


def _opens_a_name(label: Label, tokens: list[Word]) -> bool:
    """`Total Energies SA` and `Netto Markt GmbH & Co. KG` are companies, not sums."""
    for place in range(label.end, min(label.end + LONGER_LABEL_WORDS, len(tokens))):
        text = tokens[place].text
        if _gap(tokens, place) > PHRASE_GAP or any(map(str.isdigit, text)):
            return False
        if place > label.end and text[:1].isupper() and squeeze(text) in LEGAL_FORMS:
            return True
    return False


def _is_rate(tokens: list[Word], place: int) -> bool:
    """`19%`, or a number before or the sign of `19 %`."""
    if RATE.match(tokens[place].text):
        return True
    follows = place + 1 < len(tokens) and tokens[place + 1].text.startswith("%")
    return follows and RATE_NUMBER.match(tokens[place].text) is not None


def _goes_on(label: Label, tokens: list[Word]) -> bool:
    """More words and then a colon: `N° de facture associée :` is another label than `N° de facture`."""
    for place in range(label.end, min(label.end + LONGER_LABEL_WORDS, len(tokens))):
        text = tokens[place].text
        if _gap(tokens, place) > PHRASE_GAP or any(map(str.isdigit, text)):
            return False
        if text.endswith(":"):
            return bool(squeeze(text)) or place > label.end
    return False


def _labels_at(index: int, tokens: list[Word], place: int, opens: bool, vocabulary: Vocabulary) -> list[Label]:
    """The longest label that starts here, once for each of its meanings."""
    squeezed = ""
    best: tuple[int, tuple[Meaning, ...]] | None = None
    for end in range(place, min(place + LABEL_TOKENS_MAX, len(tokens))):
        if end > place and (
            _gap(tokens, end) > LABEL_GAP or (_gap(tokens, end) > PHRASE_GAP and len(tokens[end].text) > 1)
        ):
            break
        if end > place and _is_rate(tokens, end):
            continue  # `zzgl. 19 % MwSt.` and `CGST (9%)` are labels with a rate inside.
        part = squeeze(tokens[end].text)
        squeezed += part
        if len(squeezed) > vocabulary.label_length_max:
            break
        meanings = vocabulary.labels.get(squeezed)
        if meanings and part:
            best = (end + 1, meanings)
        if tokens[end].text.endswith(":"):
            break
    if best is None and opens and squeeze(tokens[place].text).endswith(vocabulary.title_endings):
        best = (place + 1, (Meaning("invoice_number", WEAK),))
    if best is None:
        return []
    end, meanings = best
    words = tokens[place:end]
    # Signs alone, such as the colon in `Total :`, still belong to the label.
    while end < len(tokens) and (RATE.match(tokens[end].text) or squeeze(tokens[end].text) in NUMBER_WORDS):
        if _gap(tokens, end) > PHRASE_GAP or tokens[end - 1].text.endswith(":") or _is_country(tokens, end):
            break
        end += 1
    while end < len(tokens) and not squeeze(tokens[end].text) and tokens[end].text in (":", ".", "-", "–", "#"):
        end += 1
    return [
        Label(
            meaning=meaning,
            row=index,
            start=place,
            end=end,
            x0=words[0].x0,
            x1=words[-1].x1,
            y0=min(word.y0 for word in words),
            y1=max(word.y1 for word in words),
            page=words[0].page,
            opens_phrase=opens,
            has_colon=tokens[end - 1].text.endswith(":"),
            text=" ".join(word.text for word in words),
        )
        for meaning in meanings
    ]


def _is_country(tokens: list[Word], place: int) -> bool:
    """`NO 995 525 828 MVA`: Norway before its number, not the word for number."""
    if tokens[place].text != "NO" or (place and tokens[place - 1].text.isupper() and _gap(tokens, place) < PHRASE_GAP):
        return False
    return [len(word.text) for word in tokens[place + 1 : place + 3] if word.text.isdigit()] == [3, 3]


def _gap(tokens: list[Word], place: int) -> float:
    """The gap before a token in letter heights."""
    before, after = tokens[place - 1], tokens[place]
    return (after.x0 - before.x1) / max(1.0, min(before.height, after.height))
