"""Item codes and descriptions as they are compared: how alike they are, and what they say at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz

# Descriptions whose figures differ are never more alike than this, in percent.
SIMILAR_WITH_DIFFERENT_FIGURES = 40
# A description that is part of the other must be at least this much of both, and words this alike are one word.
SIMILAR_AS_A_PART = 40
SAME_WORD = 85
# Words whose kind is remembered: an invoice's vocabulary is small.
WORDS_KEPT_MAX = 20_000
# A code among other words must be this long, with letters or of figures only.
CODE_LETTERS_MIN = 5
CODE_FIGURES_MIN = 6
# A word this short is a size or a type (S, XL, A), not a name.
SIZE_LETTERS_MAX = 2
# `afh.` for `afhankelijk`: the beginning of a word stands for it from so many letters on.
ABBREVIATION_MIN = 3
# Without a word in common, letters must agree at least this much to look closer.
UNLIKE = 50

NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")
_WORD = re.compile(r"\w+")
# Words that stand for a figure: of two articles that differ in one of these each is another one.
_TELLING = frozenset(
    """black white red blue green yellow orange purple violet pink brown grey gray silver gold clear transparent cyan
    magenta beige turquoise schwarz weiß weiss rot blau grün gelb lila rosa braun grau silber noir blanc rouge bleu vert
    jaune small medium large mini maxi short long left right upper lower front rear top bottom inner outer male female
    links rechts oben unten innen außen klein groß mittel steel stainless brass copper aluminium aluminum plastic wood
    wooden glass rubber nylon leather cotton paper january february march april may june july august september october
    november december januar februar märz mai juni juli oktober dezember monday tuesday wednesday thursday friday
    first second third new used spare single double triple""".split()
)
# Descriptions of such words only do not say what a line is for.
_EMPTY_WORDS = frozenset(
    """item items goods article articles product products material materials service services position pos line as per
    ordered order purchase po your our ref reference according to delivered delivery no nr number the of and 1 2 3 4 5 6
    7 8 9 10 ware artikel lieferung laut gemäß ihre ihrer bestellung commande selon votre""".split()
)


def composed(text: str) -> str:
    """One way to write each letter: an accent apart from its letter and full-width letters are the same to people."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def code_of(text: str | None) -> str:
    """An item code as it is compared: letters and digits only."""
    return NOT_ALPHANUMERIC.sub("", composed(text or "")).casefold()


def words_of(text: str) -> tuple[str, ...]:
    """A description's words, sorted."""
    return tuple(sorted(_WORD.findall(composed(text).casefold())))


def says_nothing(words: Sequence[str]) -> bool:
    """Whether a description would do for anything."""
    return _EMPTY_WORDS.issuperset(words)


def is_telling_code(code: str) -> bool:
    """Whether a code can be nothing else: letters and figures, or a long number."""
    if code.isdigit():
        return len(code) >= CODE_FIGURES_MIN
    return len(code) >= CODE_LETTERS_MIN and any(map(str.isdigit, code))


def similarity(one: Sequence[str], other: Sequence[str]) -> int:
    """How alike two descriptions are, 0 to 100, whatever the order of their words.

    The share of letters in words that both have. A description that only says more than the other is half way to
    being equal; figures that differ (M8x40 and M8x50, Part 07 and Part 08) are different articles, however alike the
    words.
    """
    if not one or not other:
        return 0
    if one == other:
        return 100
    if set(one).isdisjoint(other) and fuzz.ratio(" ".join(one), " ".join(other), score_cutoff=UNLIKE) == 0:
        return 0
    mine, theirs = words_apart(one, other)
    shared = 2 - _letters(mine) / _letters(one) - _letters(theirs) / _letters(other)
    alike = round(50 * shared)
    if any(map(_is_figure, mine)) and any(map(_is_figure, theirs)):
        return min(alike, SIMILAR_WITH_DIFFERENT_FIGURES)
    if (not mine or not theirs) and alike >= SIMILAR_AS_A_PART:
        return min((alike + 100) // 2, 99)
    return min(alike, 99)


def words_apart(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that each description has for itself; a plural or a slip of the pen is the same word."""
    mine, theirs = list(one), list(other)
    for word in one:
        if word in theirs:
            mine.remove(word)
            theirs.remove(word)
    names = [word for word in theirs if not _is_figure(word)]
    if not names:
        return mine, theirs
    for word in [word for word in mine if not _is_figure(word)]:
        twin = next((each for each in names if _is_slip(word, each)), None)
        if twin is not None:
            mine.remove(word)
            theirs.remove(twin)
            names.remove(twin)
    return mine, theirs


def _letters(words: Sequence[str]) -> int:
    return sum(map(len, words))


def differs_in_words(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether each of two descriptions has a word of its own, other than a longer or shorter form of the other's."""
    mine, theirs = words_apart(one, other)
    own = [word for word in mine if not any(_is_short_for(word, each) for each in theirs)]
    its = [word for word in theirs if not any(_is_short_for(word, each) for each in mine)]
    return bool(own) and bool(its)


def _is_short_for(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= ABBREVIATION_MIN and longer.startswith(shorter)


@lru_cache(maxsize=WORDS_KEPT_MAX)
def _is_slip(one: str, other: str) -> bool:
    """Whether two words are one: a plural, or a slip of the pen."""
    longer, shorter = sorted((one, other), key=len, reverse=True)
    if longer != shorter and longer.endswith(shorter):
        return False  # coated and uncoated
    return fuzz.ratio(one, other, score_cutoff=SAME_WORD) > 0


@lru_cache(maxsize=WORDS_KEPT_MAX)
def _is_figure(word: str) -> bool:
    """Whether a word tells one article from another of its kind: a figure, size, colour or month."""
    return (
        len(word) <= SIZE_LETTERS_MAX
        or word in _TELLING
        or _ROMAN.fullmatch(word) is not None
        or any(letter.isdigit() for letter in word)
    )
