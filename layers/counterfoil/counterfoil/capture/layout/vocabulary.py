"""The words of each language, loaded from `languages/<code>.json`, squeezed so that spelling variants meet.

A label is compared without case, accents, spaces and punctuation: `Rechnungs-Nr.:`, `Rechnungs Nr` and
`R E C H N U N G S N R` are one label. Which languages a document speaks is decided by its most common words.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from counterfoil.domain.records import Record

LANGUAGES_FOLDER = Path(__file__).parent.parent / "languages"
KEPT_SIGNS = frozenset("#%")
# Letters that Unicode does not take apart but that people write plainly.
PLAIN_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d"})
STRONG, WEAK, FAINT = 1.0, 0.8, 0.65
# What people taught goes before a printed label that was wrong once, and after any other that can mean nothing else.
TAUGHT, TAUGHT_ALONE = 1.05, 0.97
# So many first letters tell most words that no label begins with.
START_LENGTH = 4
FALLBACK_LANGUAGE = "en"
LANGUAGES_ACTIVE_MAX = 3
# A further language is taken in when it has at least this share of the first one's common words.
SHARE_OF_FIRST = 0.35
# What a label of a single language counts beside a common word.
TERM_POINTS = 4.0


@lru_cache(50_000)
def squeeze(text: str) -> str:
    """Letters, digits, # and % only, without case and accents."""
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(PLAIN_LETTERS)
    return "".join(c for c in folded if c.isalnum() or c in KEPT_SIGNS)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label stands for, and how surely: 1 when it can mean nothing else."""

    field: str
    strength: float

    @property
    def is_strong(self) -> bool:
        return self.strength >= TAUGHT_ALONE


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one or more languages together; the first language wins where they disagree."""

    languages: tuple[str, ...]
    labels: dict[str, tuple[Meaning, ...]]
    columns: dict[str, tuple[str, ...]]
    titles: frozenset[str]
    credit_titles: frozenset[str]
    carried: frozenset[str]
    title_endings: tuple[str, ...]
    label_length_max: int
    label_starts: frozenset[str]
    decimal: str

    def taught(self, lessons: Iterable[tuple[str, str]], heads: Iterable[tuple[str, str]] = ()) -> Vocabulary:
        """This vocabulary with more labels and heads, squeezed, each sure to mean its field or column."""
        more: dict[str, tuple[Meaning, ...]] = {}
        for label, field in lessons:
            more[label] = (*more.get(label, ()), Meaning(field, STRONG))
        return replace(
            self,
            labels={**self.labels, **more},
            columns={**self.columns, **{head: (column,) for head, column in heads}},
            label_length_max=max(self.label_length_max, *map(len, more), 0),
            label_starts=self.label_starts | _starts(more),
        )


class Labels(Record):
    """How one field is labelled.

    `strong` can mean nothing else, `weak` often means this, `faint` may mean it and is always reviewed.
    """

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    faint: tuple[str, ...] = ()


class Language(Record):
    """One language file. `fields` label single values, `columns` head the line table, `common` words tell the language.

    `title` and `credit_title` are what the document calls itself, `title_endings` end compounds of it (`Mietrechnung`),
    `carried` opens a sum carried to the next page, `tax_exempt` says that no tax is due,
    `decimal` is the sign before decimals where the document does not show it, `months` are names and short forms.
    """

    language: str
    decimal: str
    title: tuple[str, ...]
    credit_title: tuple[str, ...]
    title_endings: tuple[str, ...] = ()
    fields: dict[str, Labels]
    columns: dict[str, tuple[str, ...]]
    tax_exempt: tuple[str, ...]
    carried: tuple[str, ...]
    months: dict[str, int]
    common: tuple[str, ...]


@lru_cache(1)
def _files() -> dict[str, Language]:
    return {
        path.stem: Language.model_validate_json(path.read_bytes()) for path in sorted(LANGUAGES_FOLDER.glob("*.json"))
    }


@lru_cache(1)
def months() -> dict[str, int]:
    """Month names and their short forms in every language, squeezed."""
    found: dict[str, int] = {}
    for language in _files().values():
        for name, number in language.months.items():
            found.setdefault(squeeze(name), number)
    return found


@lru_cache(1)
def tax_exemptions() -> frozenset[str]:
    """What says in any language that no tax is due, squeezed: the law of the seller's country is named in its own."""
    return _squeezed(language.tax_exempt for language in _files().values())


@lru_cache(1)
def label_words() -> frozenset[str]:
    """The single words of all labels, column heads and titles in every language, squeezed."""
    texts = [text for content in _files().values() for _, text in _label_texts(content)]
    texts += [text for content in _files().values() for kinds in content.columns.values() for text in kinds]
    return frozenset(squeeze(word) for text in texts for word in text.split())


@lru_cache(1)
def _common_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(map(squeeze, language.common)) for code, language in _files().items()}


@lru_cache(1)
def _terms() -> dict[str, tuple[str, ...]]:
    """The languages of each label and column head, squeezed."""
    found: dict[str, list[str]] = {}
    for code, language in _files().items():
        labels = [text for _, text in _label_texts(language)]
        heads = [text for column in language.columns.values() for text in column]
        for text in {squeeze(text) for text in (*labels, *heads)}:
            found.setdefault(text, []).append(code)
    return {text: tuple(codes) for text, codes in found.items()}


def languages_of(words: Iterable[str], phrases: Iterable[str] = ()) -> tuple[str, ...]:
    """Languages whose common words and labels occur, the likeliest first; English always has a place.

    `phrases` are the texts that stand by themselves. One that is a label counts for its languages, the fewer they are
    the more: tables hold few words of running text.
    """
    counted = Counter(squeeze(word) for word in words)
    scores: dict[str, float] = {
        code: sum(min(counted[word], 5) for word in common) for code, common in _common_words().items()
    }
    terms = _terms()
    for text in {squeeze(phrase.partition(":")[0]) for phrase in phrases}:
        codes = terms.get(text, ())
        for code in codes:
            scores[code] += TERM_POINTS / len(codes)
    ranked = sorted(scores, key=lambda code: (-scores[code], code != FALLBACK_LANGUAGE, code))
    best = scores[ranked[0]]
    active = [code for code in ranked if best and scores[code] >= SHARE_OF_FIRST * best]
    active = active[:LANGUAGES_ACTIVE_MAX] or [FALLBACK_LANGUAGE]
    return tuple(active if FALLBACK_LANGUAGE in active else [*active, FALLBACK_LANGUAGE])


@lru_cache(64)
def vocabulary(languages: tuple[str, ...]) -> Vocabulary:
    """The joint vocabulary of these languages."""
    contents = [_files()[code] for code in languages]
    labels: dict[str, list[Meaning]] = {}
    columns: dict[str, list[str]] = {}
    for content in contents:
        for meaning, text in _label_texts(content):
            known = labels.setdefault(squeeze(text), [])
            if meaning.field not in [other.field for other in known]:
                known.append(meaning)
        for column, texts in content.columns.items():
            for text in texts:
                kinds = columns.setdefault(squeeze(text), [])
                if column not in kinds:
                    kinds.append(column)
    return Vocabulary(
        languages=languages,
        labels={text: tuple(meanings) for text, meanings in labels.items()},
        columns={text: tuple(kinds) for text, kinds in columns.items()},
        titles=_squeezed(content.title for content in contents),
        credit_titles=_squeezed(content.credit_title for content in contents),
        carried=_squeezed(content.carried for content in contents),
        title_endings=tuple(_squeezed(content.title_endings for content in contents)),
        label_length_max=max(map(len, labels)),
        label_starts=_starts(labels),
        decimal=contents[0].decimal,
    )


def _starts(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(label[:length] for label in labels for length in range(1, START_LENGTH + 1))


def _label_texts(content: Language) -> Iterable[tuple[Meaning, str]]:
    """Strong labels before weak ones, so that a text which is both is strong."""
    for strength, kind in ((STRONG, "strong"), (WEAK, "weak"), (FAINT, "faint")):
        for name, labels in content.fields.items():
            yield from ((Meaning(name, strength), text) for text in getattr(labels, kind))
    for text in (*content.title, *content.credit_title):
        yield Meaning("invoice_number", WEAK), text


def _squeezed(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(squeeze(text) for group in groups for text in group)
