"""Header fields by their labels: numbers, dates, order numbers and terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice, pairwise

from counterfoil.capture.identifiers import looks_like_vat_id
from counterfoil.capture.layout.labels import Label, cut
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.values import SYMBOLS, dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Word

RIGHT, RIGHT_APART, RIGHT_LEAST, BELOW, BELOW_FAR = 0.96, 0.94, 0.8, 0.88, 0.6
WITHOUT_COLON = 0.94
LATER_PAGE = 0.9
TITLE_DATE = 0.93
LONE_DATE = 0.8
ONLY_DATE = 0.78
# The only date, though under the label of another field.
OTHERS_DATE = 0.92
# A weak label at the foot of a page (`Date:` beside the page number) says when it was printed.
FOOTER, WEAK_IN_FOOTER = 0.87, 0.7
# `Wien, am 3. März 2024`: so many words may stand with a date that no label names.
LONE_DATE_WORDS_MAX, LONE_DATE_OTHERS_MAX = 6, 2
AMBIGUOUS_DATE = 0.7
# A value further right than this many letter heights belongs to something else, unless the row has nothing more.
APART_MAX = 30.0

IDENTIFIER = re.compile(r"^[#№]?(?=[^\s]*\d)[A-Z0-9][A-Z0-9./\\_#&+|-]{0,38}[A-Z0-9]$|^#?\d$", re.IGNORECASE)
PREFIX = re.compile(r"^[#№]?[A-Z]{1,6}[-/.]?$", re.IGNORECASE)
TIME = re.compile(r"^\d{1,2}:\d{2}")
# Fields below whose labels a date may stand.
DATED = ("due_date", "other")
PHONE = re.compile(r"^\+\d")
NUMBER_LENGTH_WEAK_MIN = 3
OPEN_ORDER, OWN_PATTERN = 0.99, 0.97
# Figures alone without a label that says what they are: of thousands of orders one may be a customer's number.
BARE_ORDER = 0.69
# A labelled order number beside one that is known to be the company's.
NOT_OWN = 0.7
NUMBER_EDGES = "#.,;:()"
DIGITS_TELLING = 6
# European tax ids have eight digits at least.
TAX_DIGITS_MIN = 8
DATE_WORDS_MAX = 5
# So many groups of digits may follow a number's first part, no further apart than this share of the letter height.
GROUPS_MAX, GROUP_GAP = 4, 0.5
NUMBER_WORDS = frozenset(("nr", "no", "n", "num", "numero", "number", "nummer", "#", "nro", "nummer"))

Parse = Callable[[list[Word], Context], tuple[object, list[Word], float] | None]


def invoice_numbers(context: Context) -> list[Candidate[str]]:
    """Likely invoice numbers, best first."""
    return _identifiers(context, "invoice_number")


def order_numbers(context: Context) -> list[Candidate[str]]:
    """Likely order numbers of the buyer, best first; its open orders' numbers and its own patterns outrank labels."""
    labelled = [one for one in _identifiers(context, "po_number") if not _is_tax_id(one.value)]
    own = _own_orders(context, {squeeze(candidate.value) for candidate in labelled})
    values = {squeeze(candidate.value) for candidate in own}
    is_telling = any(candidate.score > BARE_ORDER for candidate in own)
    for candidate in labelled:
        if is_telling and squeeze(candidate.value) not in values:
            candidate.score *= NOT_OWN
    return sorted([*own, *labelled], key=lambda candidate: -candidate.score)


def _is_tax_id(text: str) -> bool:
    """A tax id of Europe beside an empty order number is not the order number."""
    return looks_like_vat_id(text) and sum(map(str.isdigit, text)) >= TAX_DIGITS_MIN


def _own_orders(context: Context, labelled: set[str]) -> list[Candidate[str]]:
    """Words that are the number of an open order, or look like the company's order numbers.

    A number without letters may be anything: a short one is believed to be an order's only where a label says so too, a
    longer one is no more than a guess without it.
    """
    patterns = [re.compile(rf"(?:{pattern})$") for pattern in context.own.order_patterns]
    open_orders = {key: number for number in context.own.order_numbers if (key := squeeze(number))}
    found: list[Candidate[str]] = []
    for row in context.labelled.tokens if patterns or open_orders else []:
        for place, word in enumerate(row):
            text = word.text.strip(NUMBER_EDGES)
            for words in (row[place : place + 1], row[place : place + 2]):
                key = squeeze("".join(one.text for one in words))
                is_telling = not key.isdigit() or len(key) >= DIGITS_TELLING or key in labelled
                if key in open_orders and is_telling:
                    is_bare = key.isdigit() and key not in labelled
                    found.append(Candidate(open_orders[key], BARE_ORDER if is_bare else OPEN_ORDER, words))
                    break
            else:
                if any(pattern.match(text) for pattern in patterns):
                    found.append(Candidate(text, OWN_PATTERN, [word]))
    return found


def _identifiers(context: Context, field: str) -> list[Candidate[str]]:
    found: list[Candidate[str]] = []
    for label in context.labelled.of(field):
        start = context.labelled.tokens[label.row][label.start]
        if not label.meaning.is_strong and any(block.contains(start) for block in context.blocks):
            continue  # `Number:` inside a party's block is that party's own number.
        for words, score in _places(context, label):
            read = _after_number_word(words, context) or _identifier(words, context, label.meaning.is_strong)
            if read is not None:
                read = (_without_date(read[0], context), read[1])
                found.append(Candidate(read[0], score * _label_score(label), read[1]))
                break
    return sorted(found, key=lambda candidate: -candidate.score)


def _without_date(text: str, context: Context) -> str:
    """`3200058026/12.01.2026`: number and date of an order in one."""
    number, slash, rest = text.partition("/")
    printed = dates_in(rest, context.day_first) if slash else []
    is_date = len(printed) == 1 and not printed[0].is_compact and printed[0].end - printed[0].start == len(rest)
    return number if is_date and IDENTIFIER.match(number) else text


def dates(context: Context, field: str) -> list[Candidate[date]]:
    """Likely dates of one kind, best first."""
    found: list[Candidate[date]] = []
    is_named = False
    for label in context.labelled.of(field):
        for words, score in _places(context, label):
            read = _date(words, context)
            if read is not None:
                value, used, factor = read
                is_high = label.page == 1 and label.y0 < _height(context, label) / 2
                is_named = is_named or (is_high and label.has_colon and score >= RIGHT_APART)
                score *= factor * _label_score(label)
                in_footer = not label.meaning.is_strong and label.y0 > FOOTER * _height(context, label)
                found.append(Candidate(value, score * (WEAK_IN_FOOTER if in_footer else 1.0), used))
                break
    if field == "issue_date":
        found.extend(_title_dates(context))
        if not is_named and not any(candidate.score > LONE_DATE for candidate in found):
            found.extend(_lone_dates(context))
        if not found:
            found.extend(_only_date(context))
    return sorted(found, key=lambda candidate: -candidate.score)


def _height(context: Context, label: Label) -> float:
    return next((page.height for page in context.layout.pages if page.number == label.page), 1.0)


def _title_dates(context: Context) -> Iterator[Candidate[date]]:
    """`Rechnung Nr. 17 vom 1. März 2024`: the date in the phrase of the invoice number."""
    for label in context.labelled.of("invoice_number"):
        words = context.labelled.tokens[label.row][label.end :]
        is_high = label.page == 1 and label.y0 < _height(context, label) / 2
        if not words or not (label.meaning.is_strong or (is_high and _is_title(label.text, context))):
            continue
        part = cut(words)[0]
        text, starts = joined(part)
        for printed in dates_in(text, context.day_first):
            if printed.is_compact:
                continue
            used = [word for word, start in zip(part, starts, strict=True) if printed.start <= start < printed.end]
            doubtful = printed.is_ambiguous and not context.day_first_is_proven
            score = TITLE_DATE * (AMBIGUOUS_DATE if doubtful else 1.0)
            yield Candidate(printed.value, score * (LATER_PAGE if label.page > 1 else 1.0), used)
            break
        else:
            yield from _date_under_title(context, label, part)


def _is_title(text: str, context: Context) -> bool:
    words, key = context.vocabulary, squeeze(text)
    return key in words.titles or key in words.credit_titles or key.endswith(words.title_endings)


def _date_under_title(context: Context, label: Label, part: list[Word]) -> Iterator[Candidate[date]]:
    """`Rechnung Nr. 17 vom` with the date at the start of the next line."""
    if not any(_is_identifier(word.text, context, is_strong=False) for word in part):
        return
    start = context.labelled.tokens[label.row][label.start]
    for below in islice(context.labelled.below(label), 1):
        read = _date(below[:4], context)
        if read is not None and abs(below[0].x0 - start.x0) < 3 and read[1][0] is below[0]:
            yield Candidate(read[0], TITLE_DATE * read[2] * LATER_PAGE, read[1])


def _lone_dates(context: Context) -> list[Candidate[date]]:
    """The only date in the upper half of the first page that no other label claims, as letters have it."""
    found: list[Candidate[date]] = []
    claimed = _claimed(context, "issue_date", "invoice_number")
    half = context.layout.pages[0].height / 2
    for tokens in context.labelled.tokens:
        for part in cut(tokens) if tokens else []:
            if part[0].page > 1 or part[0].y0 > half or len(part) > LONE_DATE_WORDS_MAX or id(part[-1]) in claimed:
                continue
            text, starts = joined(part)
            printed = dates_in(text, context.day_first)
            if len(printed) == 1 and printed[0].end >= len(text) - 1 and not printed[0].is_compact:
                used = [word for word, start in zip(part, starts, strict=True) if printed[0].start <= start]
                if len(part) - len(used) > LONE_DATE_OTHERS_MAX:
                    continue
                doubtful = printed[0].is_ambiguous and not context.day_first_is_proven
                found.append(Candidate(printed[0].value, LONE_DATE * (AMBIGUOUS_DATE if doubtful else 1.0), used))
    return found if len({candidate.value for candidate in found}) == 1 else []


def _claimed(context: Context, *fields_left_out: str) -> set[int]:
    """The words that stand beside or right below labels of other fields, by identity."""
    found: set[int] = set()
    for label in context.labelled.all():
        if label.meaning.field in fields_left_out:
            continue
        beside = context.labelled.right_of(label)
        below = next(context.labelled.below(label), []) if label.meaning.field in DATED and not beside else []
        found.update(id(word) for word in (*beside, *below))
    return found


def _only_date(context: Context) -> list[Candidate[date]]:
    """The one date of a document that has no other, as receipts print it beside the time."""
    found: list[Candidate[date]] = []
    due = _claimed(context, "issue_date", "invoice_number", "other")
    claimed = _claimed(context, "issue_date", "invoice_number")
    for words in context.labelled.tokens:
        text, starts = joined(words)
        for printed in dates_in(text, context.day_first):
            used = [word for word, start in zip(words, starts, strict=True) if printed.start <= start < printed.end]
            if printed.is_compact or any(id(word) in due for word in used):
                continue
            doubtful = printed.is_ambiguous and not context.day_first_is_proven
            score = ONLY_DATE * (OTHERS_DATE if any(id(word) in claimed for word in used) else 1.0)
            found.append(Candidate(printed.value, score * (AMBIGUOUS_DATE if doubtful else 1.0), used))
    return found[:1] if len({candidate.value for candidate in found}) == 1 else []


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
    score = label.meaning.strength
    if not label.meaning.is_strong and not label.has_colon:
        score *= WITHOUT_COLON
    return score * (LATER_PAGE if label.page > 1 else 1.0)


def _places(context: Context, label: Label) -> Iterator[tuple[list[Word], float]]:
    """Where the value of a label may stand, the likeliest first: beside it, then below it."""
    words = context.labelled.right_of(label)
    if words:
        parts = cut(words)
        if len(parts) > 1 and parts[0][0].text.startswith("(") and parts[0][-1].text.endswith((")", "):")):
            parts = parts[1:]  # `Due date (15 days net)   2020-12-16`
        height = max(1.0, label.y1 - label.y0)
        gap = (parts[0][0].x0 - label.x1) / height
        is_alone = len(cut(words)) == 1 and label.start == 0 and label.opens_phrase
        if gap <= APART_MAX or is_alone:
            yield parts[0], RIGHT if gap < 2 else max(RIGHT_LEAST, RIGHT_APART - gap * 0.004)
    if not label.opens_phrase and not label.has_colon:
        return  # A label inside running text (`30 days from invoice date`) heads no column.
    for depth, part in enumerate(context.labelled.below(label)):
        yield part, BELOW if depth == 0 else BELOW_FAR


def _identifier(words: list[Word], context: Context, is_strong: bool) -> tuple[str, list[Word]] | None:
    """The first identifier among the words; a letter prefix before digits belongs to it, a date is none."""
    if _opens_with_date(words, context):
        return None
    for place, word in enumerate(words[:3]):
        text = word.text.strip(".,;:[]*<>")
        if text.startswith("("):
            return None
        text = text.strip("()")
        if place and words[0].text.strip("#:.-– "):
            # Running text between label and identifier: only a short prefix may stand there.
            before = words[place - 1].text
            if not (PREFIX.match(before) and place == 1 and before.isupper()):
                return None
            if not IDENTIFIER.match(text) or TIME.match(text):
                return None
            used = _with_groups(words, context)[place:] or [word]
            return " ".join([before, text, *(one.text.strip(".,;:") for one in used[1:])]), [*words[:place], *used]
        if _is_identifier(text, context, is_strong):
            used = _with_groups(words[place:], context)
            return " ".join([text.lstrip("#№"), *(one.text.strip(".,;:") for one in used[1:])]), used
    return None


def _with_groups(words: list[Word], context: Context) -> list[Word]:
    """`RE 2024 0012`: groups of digits that follow an identifier at a space's width.

    To the end of the phrase; behind a letter prefix also before running text (`RE 2024 0012 of 3 May`), unless the
    digits begin a date.
    """
    count = 1
    for before, word in pairwise(words[: 1 + GROUPS_MAX]):
        if not word.text.strip(".,;:").isdigit() or word.x0 - before.x1 > GROUP_GAP * word.height:
            break
        count += 1
    if count < len(words) and (words[0].text[:1].isdigit() or _opens_with_date(words[1:], context)):
        return words[:1]
    return words[:count]


def _opens_with_date(words: list[Word], context: Context) -> bool:
    """`2 February 2026`: its first word alone would pass for a number."""
    text, _ = joined(words[:DATE_WORDS_MAX])
    return any(printed.start == 0 and " " in text[: printed.end] for printed in dates_in(text, context.day_first))


def _after_number_word(words: list[Word], context: Context) -> tuple[str, list[Word]] | None:
    """`Rechnung des Versicherers (575) Nr. 17`: the identifier after the word for number."""
    for before, word in pairwise(words):
        text = word.text.strip(".,;:()[]*<>")
        if squeeze(before.text) in NUMBER_WORDS and _is_identifier(text, context, is_strong=True):
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
