"""The words of each language, loaded from `languages/<code>.json`, squeezed so that spelling variants meet.

A label is compared without case, accents, spaces and punctuation: `Rechnungs-Nr.:`, `Rechnungs Nr` and
`R E C H N U N G S N R` are one label. Which languages a document speaks is decided by its most common words.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES_FOLDER = Path(__file__).parent.parent / "languages"
KEPT_SIGNS = frozenset("#%")
FALLBACK_LANGUAGE = "en"
LANGUAGES_ACTIVE_MAX = 3
# A further language is taken in when it has at least this share of the first one's common words.
SHARE_OF_FIRST = 0.35


@lru_cache(50_000)
def squeeze(text: str) -> str:
    """Letters, digits, # and % only, without case and accents."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if c.isalnum() or c in KEPT_SIGNS)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label stands for. `is_strong` when it can mean nothing else."""

    field: str
    is_strong: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one or more languages together; the first language wins where they disagree."""

    languages: tuple[str, ...]
    labels: dict[str, Meaning]
    columns: dict[str, tuple[str, ...]]
    titles: frozenset[str]
    credit_titles: frozenset[str]
    carried: frozenset[str]
    label_length_max: int
    decimal: str


@lru_cache(1)
def _files() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for path in sorted(LANGUAGES_FOLDER.glob("*.json")):
        found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    return found


@lru_cache(1)
def months() -> dict[str, int]:
    """Month names and their short forms in every language, squeezed."""
    found: dict[str, int] = {}
    for content in _files().values():
        names = content["months"]
        assert isinstance(names, dict)
        for name, number in names.items():
            found.setdefault(squeeze(name), int(number))
    return found


@lru_cache(1)
def _common_words() -> dict[str, frozenset[str]]:
    return {
        code: frozenset(map(squeeze, _texts(content["common"])))
        for code, content in _files().items()
    }


def languages_of(words: Iterable[str]) -> tuple[str, ...]:
    """Languages whose common words occur, the likeliest first; English always has a place."""
    counted = Counter(squeeze(word) for word in words)
    scores = {
        code: sum(min(counted[word], 5) for word in common)
        for code, common in _common_words().items()
    }
    ranked = sorted(scores, key=lambda code: (-scores[code], code != FALLBACK_LANGUAGE, code))
    best = scores[ranked[0]]
    active = [code for code in ranked if best and scores[code] >= SHARE_OF_FIRST * best]
    active = active[:LANGUAGES_ACTIVE_MAX] or [FALLBACK_LANGUAGE]
    return tuple(active if FALLBACK_LANGUAGE in active else [*active, FALLBACK_LANGUAGE])


@lru_cache(64)
def vocabulary(languages: tuple[str, ...]) -> Vocabulary:
    """The joint vocabulary of these languages."""
    contents = [_files()[code] for code in languages]
    labels: dict[str, Meaning] = {}
    columns: dict[str, list[str]] = {}
    for content in contents:
        for meaning, text in _label_texts(content):
            labels.setdefault(squeeze(text), meaning)
        groups = content["columns"]
        assert isinstance(groups, dict)
        for column, texts in groups.items():
            for text in _texts(texts):
                kinds = columns.setdefault(squeeze(text), [])
                if column not in kinds:
                    kinds.append(column)
    return Vocabulary(
        languages=languages,
        labels=labels,
        columns={text: tuple(kinds) for text, kinds in columns.items()},
        titles=_all(contents, "title"),
        credit_titles=_all(contents, "credit_title"),
        carried=_all(contents, "carried"),
        label_length_max=max(map(len, labels)),
        decimal=str(contents[0]["decimal"]),
    )


def _label_texts(content: dict[str, object]) -> Iterable[tuple[Meaning, str]]:
    """Strong labels before weak ones, so that a text which is both is strong."""
    fields = content["fields"]
    assert isinstance(fields, dict)
    for strength in ("strong", "weak"):
        for name, group in fields.items():
            for text in _texts(group[strength]):
                yield Meaning(name, strength == "strong"), text


def _all(contents: list[dict[str, object]], key: str) -> frozenset[str]:
    return frozenset(squeeze(text) for content in contents for text in _texts(content[key]))


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(text) for text in value]
