"""Misread words put right, where the letters that the network doubted leave one known word.

A word is known when labels and titles of some language hold it, or names of businesses do. Letters read surely are
never changed, but for those that are one another at a glance (`l` and `i`, `0` and `O`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from counterfoil.capture.layout.trade import trade_words
from counterfoil.capture.layout.vocabulary import label_words
from counterfoil.capture.recognition.letters import Letter

# The network is right about letters it is surer of than this.
SURE = 0.88
LENGTH_MIN = 3
# At most this share of a word's letters may have been doubted.
DOUBTED_MAX = 0.4
# Letters and digits that are one another at a glance.
LOOKS_LIKE = str.maketrans("1|0589", "IIOSBG")
ALIKE_LENGTH_MIN = 5


def repaired(word: Sequence[Letter]) -> list[Letter]:
    """The word's letters, or those of the one known word that they are when doubted letters are left open."""
    start, end = _core(word)
    core = word[start:end]
    text = "".join(letter.sign for letter in core).upper()
    wordlike = text.isalnum() and sum(map(str.isdigit, text)) * 2 < len(text)
    if len(core) < LENGTH_MIN or not wordlike or text in _known()[len(text)]:
        return list(word)
    found = _one_of(core, text)
    if found is None:
        return list(word)
    is_upper = sum(letter.sign.isupper() for letter in core) * 2 >= sum(letter.sign.isalpha() for letter in core)
    is_title = core[0].sign.isupper() and not is_upper
    spelled = found if is_upper else found.capitalize() if is_title else found.lower()
    mended = [
        letter if letter.sign.upper() == sign.upper() else Letter(sign, letter.confidence, letter.place)
        for letter, sign in zip(core, spelled, strict=True)
    ]
    return [*word[:start], *mended, *word[end:]]


def _core(word: Sequence[Letter]) -> tuple[int, int]:
    """Where the word is without signs before and after it."""
    start, end = 0, len(word)
    while start < end and not word[start].sign.isalnum():
        start += 1
    while end > start and not word[end - 1].sign.isalnum():
        end -= 1
    return start, end


def _one_of(core: Sequence[Letter], text: str) -> str | None:
    doubted = {place for place, letter in enumerate(core) if letter.confidence < SURE or not letter.sign.isalpha()}
    if doubted and len(doubted) <= max(1.0, DOUBTED_MAX * len(core)):
        fitting = [
            known
            for known in _known()[len(text)]
            if all(known[place] == sign for place, sign in enumerate(text) if place not in doubted)
        ]
        if len(fitting) == 1:
            return fitting[0]
    if len(core) < ALIKE_LENGTH_MIN:
        return None
    alike = [known for known in _known()[len(text)] if _glance(known) == _glance(text)]
    return alike[0] if len(alike) == 1 else None


def _glance(text: str) -> str:
    return text.translate(LOOKS_LIKE).replace("L", "I")


@lru_cache(1)
def _known() -> defaultdict[int, frozenset[str]]:
    """Known words by length, in capitals without accents."""
    by_length: defaultdict[int, set[str]] = defaultdict(set)
    for word in (*trade_words(), *(word.upper() for word in label_words())):
        if len(word) >= LENGTH_MIN and word.isascii() and word.isalpha():
            by_length[len(word)].add(word)
    return defaultdict(frozenset, {length: frozenset(words) for length, words in by_length.items()})
