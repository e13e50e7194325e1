"""The document's currency: a code beside a total, a labelled code, a symbol on the amounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from counterfoil.capture.identifiers import is_vat_id, looks_like_vat_id
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.tax_ids import ibans_in
from counterfoil.capture.layout.values import CODES, SHARED_SYMBOLS, SYMBOLS
from counterfoil.capture.layout.words import Word

# What tells apart countries that share a sign: marks that only their invoices carry.
COUNTRY_MARKS = {
    "INR": ("gstin", "ifsc", "cgst", "sgst", "igst"),
    "AUD": ("abn",),
    "CAD": ("hst", "pst", "qst"),
    "GBP": ("sortcode",),
}
# What is paid in where a language is spoken in one country only, and by the country of tax ids and accounts.
OF_LANGUAGES = {
    "sv": "SEK", "no": "NOK", "da": "DKK", "pl": "PLN", "cs": "CZK", "hu": "HUF", "ro": "RON", "tr": "TRY",
}  # fmt: skip
OF_COUNTRIES = {
    "SE": "SEK", "NO": "NOK", "DK": "DKK", "PL": "PLN", "CZ": "CZK", "HU": "HUF", "RO": "RON", "TR": "TRY",
    "GB": "GBP", "CH": "CHF", "BG": "BGN",
    **dict.fromkeys(("AT", "BE", "CY", "DE", "EE", "EL", "ES", "FI", "FR", "GR", "HR", "IE", "IT"), "EUR"),
    **dict.fromkeys(("LT", "LU", "LV", "MT", "NL", "PT", "SI", "SK"), "EUR"),
}  # fmt: skip
# Signs that are words or abbreviations elsewhere (`12 Ft` of hose): money only in their language.
SIGNS_OF_LANGUAGE = {
    "Ft": "hu", "lei": "ro", "Lei": "ro", "LEI": "ro", "TL": "tr", "zl": "pl", "Kc": "cs",
}  # fmt: skip
# Currencies that are written with one sign.
SHARERS = {
    "$": frozenset(("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "TWD")),
    "¥": frozenset(("JPY", "CNY")),
}
USUAL = 0.85
LABELLED_FIELDS_MIN = 3
CROWNS = frozenset(("kr", "kr.", "Kr", "Kr.", "KR"))
CROWNS_OF_LANGUAGE, OF_LANGUAGE, OF_COUNTRY, OF_BOTH = 0.9, 0.72, 0.72, 0.8
# So many different marks of one country leave little doubt.
MARKS_SURE = 3
NOT_IN_SIGNS = ".,()[]:;*/"


def read_currency(context: Context, totals: list[Word]) -> Candidate[str] | None:
    """The currency; words of the totals weigh most. The vendor's usual one where neither code nor clear sign says."""
    found = _printed(context, totals)
    usual = context.currency
    if usual is None or (found is not None and found.words and not _may_be(usual, found.words[0])):
        return found
    return Candidate(usual, USUAL, found.words if found else [])


def _may_be(currency: str, word: Word) -> bool:
    """The word has a sign of this currency that others have as well, and no code."""
    text = word.text.strip(NOT_IN_SIGNS)
    return any(currency in SHARERS[sign] for sign in SHARERS if sign in text) and not any(map(str.isalpha, text))


def _printed(context: Context, totals: list[Word]) -> Candidate[str] | None:
    near = {id(word) for word in totals}
    rows = {(word.page, round(word.middle)) for word in totals}
    votes: Counter[str] = Counter()
    first: dict[str, Word] = {}
    for word in _labelled(context):
        code = word.text.strip(NOT_IN_SIGNS)
        votes[code] += 20
        first.setdefault(code, word)
    for row in context.labelled.tokens:
        for word in row:
            printed = _currency(context, word)
            if printed is None:
                continue
            is_near = id(word) in near or (word.page, round(word.middle)) in rows
            votes[printed] += 5 if is_near else 1
            first.setdefault(printed, word)
    if not votes:
        return _by_marks(context) or _by_country(context)
    ranked = votes.most_common(2)
    code, count = ranked[0]
    rival = ranked[1][1] if len(ranked) > 1 else 0
    score = 0.97 if not rival else 0.6 + 0.35 * (count - rival) / count
    if first[code].text.strip(NOT_IN_SIGNS) not in CODES and _is_shared(context, first[code]):
        marked = _by_marks(context)
        if marked and marked.value in ("AUD", "CAD"):
            return Candidate(marked.value, 0.7, [first[code]])
        score = min(score, 0.93)
    return Candidate(code, score, [first[code]])


def labelled_currency(context: Context) -> str | None:
    """The code that stands under or beside a label of the currency, where all such labels agree."""
    codes = {word.text.strip(NOT_IN_SIGNS) for word in _labelled(context)}
    return codes.pop() if len(codes) == 1 else None


def _labelled(context: Context) -> Iterator[Word]:
    for label in context.labelled.of("currency"):
        below = chain.from_iterable(context.labelled.below(label))
        near = islice(chain(context.labelled.right_of(label), below), 3)
        yield from islice((word for word in near if word.text.strip(NOT_IN_SIGNS) in CODES), 1)


def _is_shared(context: Context, word: Word) -> bool:
    amount = context.amount(word)
    printed = amount.symbol if amount else word.text
    return printed in SHARED_SYMBOLS


def _currency(context: Context, word: Word) -> str | None:
    text = word.text.strip(NOT_IN_SIGNS)
    if text in CODES:
        return text
    if SIGNS_OF_LANGUAGE.get(text, context.vocabulary.languages[0]) not in context.vocabulary.languages:
        return None
    if text in SYMBOLS and not text.isalpha():
        return SYMBOLS[text]
    if word.text in SYMBOLS:
        return SYMBOLS[word.text]
    amount = context.amount(word)
    if amount is None or SIGNS_OF_LANGUAGE.get(amount.symbol or "", "en") not in context.vocabulary.languages:
        return None
    return amount.currency


def _by_country(context: Context) -> Candidate[str] | None:
    """No sign at all, or crowns of any kingdom: the money of the language's country, or that of ids and accounts."""
    if len(context.labelled_fields) < LABELLED_FIELDS_MIN:
        return None  # Text that nobody understands tells no language either.
    language = OF_LANGUAGES.get(context.vocabulary.languages[0])
    words = [word.text.strip(",;:()") for row in context.labelled.tokens for word in row]
    if language and language.endswith("K") and any(word in CROWNS for word in words):
        return Candidate(language, CROWNS_OF_LANGUAGE, [])
    ids = {text[:2] for text in words if looks_like_vat_id(text) and is_vat_id(text)}
    countries = ids | {iban[:2] for iban in ibans_in(context)}
    moneys = {OF_COUNTRIES.get(country, "") for country in countries}
    if len(moneys) > 1 or (language and moneys and moneys != {language}):
        return None
    if language:
        return Candidate(language, OF_BOTH if moneys else OF_LANGUAGE, [])
    [money] = moneys or {""}
    return Candidate(money, OF_COUNTRY, []) if money else None


def _by_marks(context: Context) -> Candidate[str] | None:
    """No sign at all: marks of one country only."""
    from counterfoil.capture.layout.vocabulary import squeeze

    seen = {squeeze(word.text) for row in context.labelled.tokens for word in row}
    found = {code: len(seen.intersection(marks)) for code, marks in COUNTRY_MARKS.items() if seen.intersection(marks)}
    if len(found) != 1:
        return None
    [(code, count)] = found.items()
    return Candidate(code, 0.8 if count >= MARKS_SURE else 0.6, [])
