"""What can be a company's name, and what of a text is the name."""

from __future__ import annotations

import re

from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import months, squeeze
from counterfoil.capture.legal_forms import FORMS_AS_WRITTEN, FORMS_AT_END, LEGAL_FORMS

DOMAIN = re.compile(r"(?:@|www\.|https?://(?:www\.)?)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
# Money, times, percentages and page counts are never part of a name.
NOT_IN_NAMES = re.compile(r"[€$£%]|\d[.,]\d\d\b|\d:\d\d|\b\d+\s?(?:of|von|sur|van|/)\s?\d+\b")
NAME_LETTERS_MIN, NAME_LENGTH_MAX = 3, 80
# What the lines of senders do not open with: forms of address of a person who receives.
HONORIFICS = frozenset("mr mrs ms miss herr herrn frau mme monsieur madame mevrouw mevr dhr signor sra pani".split())
CONNECTORS = frozenset("and of the und der die das et de du des la le di da del y e i van von den og och".split())
IN_BRACKETS = re.compile(r"^\([^()]*\)$")
# Behind a name on the same line: a remark of several words in brackets, e-mail, web, telephone.
REMARK = re.compile(r"\s*\([a-z]\S*\s[^()]*\).*$")
DETAILS = re.compile(r"\s+(?:\S+@\S+|www\.|https?:|(?:tel|phone|fax|e-?mail|mobile)\b[.:]).*$", re.IGNORECASE)
# `Platform Inc. on behalf of Acme Ltd`: a platform writes the invoice, Acme Ltd sends it.
ON_BEHALF = re.compile(r"^.*\s(?:on behalf of|im Auftrag von|im Namen von)\s+", re.IGNORECASE)
# `Müller Service Hauptstraße 12`: a street and its number behind the name.
STREET = re.compile(
    r",?\s+\S*(?:straße|strasse|str\.|gasse|weg|allee|platz|laan|straat|vägen|gatan|vej|veien|gata)\s+\d.*$",
    re.IGNORECASE,
)


def is_person(text: str) -> bool:
    """`Ms. Joanne Fisher`: somebody addressed as a person."""
    words = text.split()
    return len(words) > 1 and squeeze(words[0]) in HONORIFICS and not has_legal_form(text)


def may_send(text: str) -> bool:
    """False for a remark in brackets, a question, a heading with a colon and a person addressed as one."""
    return not (IN_BRACKETS.match(text) or text.endswith(("?", "!", ":")) or is_person(text))


def without_details(text: str) -> str:
    """The name before its e-mail address, its street or a remark in brackets on the same line."""
    text = ON_BEHALF.sub("", text)
    for pattern in (REMARK, DETAILS, STREET):
        before = pattern.sub("", text, count=1)
        text = before if before and _is_capitalised(before) else text
    words = text.split()
    numbered = next((place for place, word in enumerate(words) if place and any(map(str.isdigit, word))), len(words))
    forms = [place for place in range(1, numbered) if squeeze(words[place]) in LEGAL_FORMS]
    return " ".join(words[: forms[-1] + 1]) if forms and numbered < len(words) else text


def _is_capitalised(text: str) -> bool:
    """`Made with Ledgerly by Ledgerly Inc.` is a sentence, no name."""
    return not any(word[0].islower() and word not in CONNECTORS for word in text.split())


def has_letters(text: str) -> bool:
    """A quick look before `is_name`: amounts and dates make up half of a page."""
    return sum(map(str.isalpha, text)) >= NAME_LETTERS_MIN


def is_name(text: str) -> bool:
    """Mostly letters, and neither an address of the web, money, a month nor a date."""
    letters = sum(map(str.isalpha, text))
    return (
        letters >= NAME_LETTERS_MIN
        and len(text) <= NAME_LENGTH_MAX
        and letters > len(text) * 0.5
        and "@" not in text
        and not DOMAIN.search(text)
        and not NOT_IN_NAMES.search(text)
        and squeeze(text) not in months()
        and not (any(map(str.isdigit, text)) and dates_in(text, day_first=True))
    )


def has_legal_form(text: str) -> bool:
    """True when the text ends or nearly ends with a company's legal form."""
    words = [squeeze(word) for word in text.replace("&", " ").split()]
    if any(word in FORMS_AS_WRITTEN for word in text.split()[1:]):
        return True
    return any(word in LEGAL_FORMS for word in words[1:]) or squeeze(text).endswith(FORMS_AT_END)


def without_address(text: str) -> str:
    """`Acme Corp, 123 Main St, Dayton`: what stands before the first part with a number, legal forms kept."""
    parts = text.split(", ")
    numbered = next((place for place, part in enumerate(parts) if any(map(str.isdigit, part))), 0)
    name = ", ".join(parts[:numbered])
    return name if numbered and is_name(name) and len(parts) > 1 else text


def core_of(name: str) -> str:
    """A name squeezed without its legal form, so that `Acme Ltd.` and `ACME` meet."""
    words = [squeeze(word) for word in name.replace("&", " ").split()]
    return "".join(word for place, word in enumerate(words) if place == 0 or word not in LEGAL_FORMS)
