"""Places where a vendor's values stand, as people taught them: found from texts that the vendor always prints.

A taught place becomes a label at the value itself, so that every reader of fields takes it as it takes printed ones.
It speaks only where the texts around it agree on the place and what stands there has the form that was taught.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.capture.layout.labels import Label, LabelledLayout
from counterfoil.capture.layout.values import amount_of, dates_in
from counterfoil.capture.layout.vocabulary import TAUGHT, TAUGHT_ALONE, Meaning, Vocabulary, squeeze
from counterfoil.capture.layout.words import Phrase, Word
from counterfoil.domain.vendor_memory import Anchor, PlaceLesson

DATES = ("issue_date", "due_date")
AMOUNTS = ("net_total", "tax_total", "gross_total")
DATE_FORM, AMOUNT_FORM = "date", "amount"
ANCHORS_MAX = 3
ANCHOR_LENGTH = (3, 40)
# A label or head is more often the same on the next document than any other text as near.
KNOWN_NEARER = 0.5
# A row apart is further than as many points to the side.
DOWN_WEIGHT = 2.0
# How far a value may stand from where it is looked for, in points, and in parts of its letters' height.
ASIDE, ABOVE = 6.0, 0.6
VALUE_WORDS_MAX = 8
LENGTH_SLACK = 2
TENTH = Decimal("0.1")


def form_of(field: str, text: str) -> str:
    """How a value is written: letters and digits by their kind, each run once, other signs as they are."""
    if field in DATES:
        return DATE_FORM
    if field in AMOUNTS:
        return AMOUNT_FORM
    text = re.sub(r"\d+", "9", text)
    return re.sub(r"[^\W\d_]+", lambda run: "A" if run[0].isupper() else "a", text)


def place_of(
    labelled: LabelledLayout, vocabulary: Vocabulary, field: str, words: Sequence[Word], *, overrules: bool
) -> PlaceLesson | None:
    """Where these words stand, from the texts around them; from the page's corner where nothing is printed around."""
    text = " ".join(word.text for word in words)
    on_page = [one for one in _texts(labelled) if one.page == words[0].page]
    times = Counter(one.key for one in on_page)
    own = squeeze("".join(word.text for word in words))
    once = [one for one in on_page if times[one.key] == 1 and own not in one.key]
    nearest = sorted(once, key=lambda one: _distance(one, words, vocabulary))[:ANCHORS_MAX]
    anchors = tuple(_anchor(one.key, one.x0, one.middle, words) for one in nearest)
    if not anchors and words[0].page == 1:
        anchors = (_anchor(_corner(labelled), 0.0, 0.0, words),)
    if not anchors:
        return None
    return PlaceLesson(field=field, form=form_of(field, text), length=len(text), anchors=anchors, overrules=overrules)


def taught_labels(
    labelled: LabelledLayout, lessons: Iterable[PlaceLesson], *, day_first: bool, decimal: str
) -> Iterator[Label]:
    """A label at each taught place that has a value in its form."""
    texts = _texts(labelled)
    for lesson in lessons:
        found = _value_at(labelled, texts, lesson, day_first=day_first, decimal=decimal)
        if found is None:
            continue
        row, start, end = found
        words = labelled.tokens[row][start:end]
        yield Label(
            meaning=Meaning(lesson.field, TAUGHT if lesson.overrules else TAUGHT_ALONE),
            row=row,
            start=start,
            end=start,
            x0=words[0].x0,
            x1=words[-1].x1,
            y0=min(word.y0 for word in words),
            y1=max(word.y1 for word in words),
            page=words[0].page,
            opens_phrase=False,
            has_colon=False,
            text="",
            value_end=end,
        )


def _value_at(
    labelled: LabelledLayout, texts: Sequence[_Text], lesson: PlaceLesson, *, day_first: bool, decimal: str
) -> tuple[int, int, int] | None:
    """Row, start and end of the words in the lesson's form where most of its anchors say that they stand."""
    places = [place for anchor in lesson.anchors for place in _pointed_at(labelled, texts, anchor)]
    best: tuple[float, int, tuple[int, int, int]] | None = None
    for row in labelled.layout.rows if places else ():
        if not any(page == row.page and row.y0 <= middle <= row.y1 for page, _, _, middle in places):
            continue
        for start, end in _runs(labelled.tokens[row.index]):
            words = labelled.tokens[row.index][start:end]
            off = [distance for place in places if (distance := _off(words, place)) is not None]
            # Texts that disagree about the place are not those that were there when it was taught.
            if len(off) * 2 <= len(places) or not _fits(lesson, words, day_first=day_first, decimal=decimal):
                continue
            rank = (min(off), start - end, (row.index, start, end))
            best = rank if best is None else min(best, rank)
    return best[2] if best else None


_Place = tuple[int, float, float, float]


def _pointed_at(labelled: LabelledLayout, texts: Sequence[_Text], anchor: Anchor) -> list[_Place]:
    """Page, left, right and middle of the value from this anchor; none where it is missing or there are several."""
    left, right, down = (float(side) for side in (anchor.left, anchor.right, anchor.down))
    if anchor.text == _corner(labelled):
        return [(1, left, right, down)]
    found = [one for one in texts if one.key == anchor.text]
    on_first = [one for one in found if one.page == min(other.page for other in found)]
    if len(on_first) != 1:
        return []
    [text] = on_first
    return [(text.page, text.x0 + left, text.x0 + right, text.middle + down)]


def _off(words: Sequence[Word], place: _Place) -> float | None:
    """How far the words stand from a place, by the nearer of their sides; None when they are not there."""
    page, left, right, middle = place
    height = max(word.height for word in words)
    if words[0].page != page or abs(words[0].middle - middle) > ABOVE * height:
        return None
    aside = min(abs(words[0].x0 - left), abs(words[-1].x1 - right))
    return aside if aside <= ASIDE else None


def _runs(tokens: Sequence[Word]) -> Iterator[tuple[int, int]]:
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + VALUE_WORDS_MAX, len(tokens)) + 1):
            yield start, end


def _fits(lesson: PlaceLesson, words: Sequence[Word], *, day_first: bool, decimal: str) -> bool:
    text = " ".join(word.text for word in words)
    if lesson.form == DATE_FORM:
        printed = dates_in(text, day_first)
        return len(printed) == 1 and printed[0].start == 0 and printed[0].end >= len(text) - 1
    if lesson.form == AMOUNT_FORM:
        amount = amount_of(text, decimal)
        return amount is not None and amount.decimals > 0 and not amount.is_percent
    return form_of(lesson.field, text) == lesson.form and abs(len(text) - lesson.length) <= LENGTH_SLACK


# Anchors


@dataclass(frozen=True, slots=True)
class _Text:
    """A phrase or a label of a page: squeezed, where it begins and ends, and the height of its middle."""

    key: str
    page: int
    x0: float
    x1: float
    middle: float


def _texts(labelled: LabelledLayout) -> list[_Text]:
    """Every text that stands by itself or labels something, as long as a label is, without digits."""
    standing: list[Phrase | Label] = [*labelled.layout.phrases, *labelled.all()]
    found: dict[tuple[str, int, int, int], _Text] = {}
    for one in standing:
        key, middle = squeeze(one.text), (one.y0 + one.y1) / 2
        if ANCHOR_LENGTH[0] <= len(key) <= ANCHOR_LENGTH[1] and not any(map(str.isdigit, key)):
            # A label that is a whole phrase is one text.
            found.setdefault(
                (key, one.page, round(one.x0), round(middle)), _Text(key, one.page, one.x0, one.x1, middle)
            )
    return list(found.values())


def _distance(text: _Text, words: Sequence[Word], vocabulary: Vocabulary) -> float:
    aside = max(0.0, text.x0 - words[-1].x1, words[0].x0 - text.x1)
    apart = aside + DOWN_WEIGHT * abs(text.middle - words[0].middle)
    is_known = text.key in vocabulary.labels or text.key in vocabulary.columns or text.key in vocabulary.titles
    return apart * (KNOWN_NEARER if is_known else 1.0)


def _anchor(text: str, x0: float, middle: float, words: Sequence[Word]) -> Anchor:
    left, right, down = (
        Decimal(str(round(points, 1))).quantize(TENTH)
        for points in (words[0].x0 - x0, words[-1].x1 - x0, words[0].middle - middle)
    )
    return Anchor(text=text, left=left, right=right, down=down)


def _corner(labelled: LabelledLayout) -> str:
    page = labelled.layout.pages[0]
    return f"@{page.width:.0f}x{page.height:.0f}"
