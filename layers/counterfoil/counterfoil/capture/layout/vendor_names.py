"""Every phrase that may be the vendor's name, with the evidence for each.

Evidence is counted by kind, every kind once: label, place and size, sender's line, tax id, web domain, legal form,
address, signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from counterfoil.capture.layout.blocks import ADDRESS, Block, sender_parts, text_of
from counterfoil.capture.layout.names import DOMAIN, has_legal_form, has_letters, is_name, may_send, without_details
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.party_text import column_of, is_remittance, lines_below, name_in, opens_with_label
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Phrase, Word

# A register's number behind the name: `Acme Sdn Bhd (123456-X)`.
REGISTRATION = re.compile(r"\s*\((?:[A-Z]{0,4}[. ]?)?\d[\d-]*(?:-[A-Z])?\)?$")
# What a company calls itself in trade stands behind its name.
TRADING_AS = re.compile(r"\s+(?:doing business as|d/b/a|dba|trading as|t/a)\s+", re.IGNORECASE)
HEIGHT_ALIKE = 0.15
# Letters so much larger than the usual ones make a headline, and its second half has few words.
LARGE, HALF_WORDS_MAX, HALF_ROWS_MAX = 1.25, 3, 2
MAIL_HOSTS = frozenset("gmail googlemail outlook hotmail yahoo gmx web icloud aol live orange free wanadoo".split())
ALIGN_SLACK = 8.0
# What a name gains by standing on the page once more.
REPEATED = 0.4
# What it gains when an e-mail or web address of the document bears it.
DOMAIN_POINTS = 2.5
LEGAL_FORM_POINTS, ADDRESS_POINTS, SENDER_POINTS = 2.0, 1.3, 1.5
# Kinds of evidence that a buyer's name has as well.
OF_ANYBODY = ("form", "address", "one tax id of several")
# What it gains when the document's one tax id stands under it.
TAX_ID_POINTS = 1.5
# What it gains under a label such as `Seller`.
LABELLED_POINTS = 4.0
# Without an address or a legal form the label may name a person: `Vendedor`, `Säljare` are salespeople as well.
LABELLED_ALONE = 2.5
# What it gains where the money goes to it, and where it signs.
REMITTANCE_POINTS, SIGNATURE_POINTS = 1.2, 1.5
BRACKETS = re.compile(r"\([^()]*\)")
SIGNATORY = re.compile(r"\bauthori[sz]ed\s+sign|\bsignator", re.IGNORECASE)
SIGNED_FOR = re.compile(r"for[,:]?\s+((?:M/s\.?\s+)?[A-Z].*)", re.IGNORECASE)
SIGNED_ROWS_MAX = 6
MAILBOX_LENGTH_MIN = 6
AT_TOP = 0.8
UPPER, LOWER = 0.4, 0.85
# What stands at the top of later pages is the sender's running head.
RUNNING_HEAD, LATER_PAGE = 0.1, 0.4
# The tallest letters of the page, well above the usual ones, at its top: a letterhead.
LETTERHEAD, LETTERHEAD_HEIGHT = 0.9, 1.5
LABEL_WORDS_MAX = 3
TITLE_WORDS_MAX = 5


@dataclass(slots=True)
class Name:
    """A phrase that may be the vendor's name with its points by kind of evidence."""

    text: str
    words: list[Word]
    evidence: dict[str, float]

    @property
    def points(self) -> float:
        return sum(self.evidence.values())


@dataclass(slots=True)
class NamedParty:
    """Every place where one name stands. Each kind of evidence counts once, wherever it was best."""

    places: list[Name] = field(default_factory=list)

    @property
    def name(self) -> Name:
        """The place with the most points; where only signs and case differ, as it is spelled at the top of the page."""
        best = max(self.places, key=lambda name: name.points)
        alike = [name for name in self.places if squeeze(name.text) == squeeze(best.text)]
        return max(alike, key=lambda name: (name.evidence.get("place", 0.0) >= AT_TOP, name.points))

    @property
    def evidence(self) -> dict[str, float]:
        kinds = {kind for name in self.places for kind in name.evidence}
        return {kind: max(name.evidence[kind] for name in self.places if kind in name.evidence) for kind in kinds}

    @property
    def points(self) -> float:
        return sum(self.evidence.values()) + REPEATED * (len(self.places) - 1)

    @property
    def telling(self) -> float:
        """The points that no buyer's name would have."""
        return sum(points for kind, points in self.evidence.items() if kind not in OF_ANYBODY)


def vendor_names(context: Context, blocks: list[Block], ids: list[Candidate[str]]) -> list[Name]:
    """Every phrase of the first page that may be the vendor's name, with its points."""
    found = [*_labelled_names(context, blocks), *_signed_names(context)]
    taken = {
        id(word)
        for block in blocks
        if block.kind in ("buyer", "delivery") and not is_remittance(block)
        for word in block.words()
    }
    signed = {id(name.words[0]) for name in found if "signature" in name.evidence}
    stems = _web_stems(context, taken)
    heights = sorted(word.height for word in context.layout.pages[0].words) or [1.0]
    usual, tallest = heights[len(heights) // 2], heights[-1]
    halves: set[int] = set()
    for phrase in context.layout.phrases:
        if phrase.page > 1 and not (has_legal_form(phrase.text) and _may_name_later(context, phrase, stems)):
            continue
        if id(phrase.words[0]) in taken or id(phrase.words[0]) in signed or not has_letters(phrase.text):
            continue
        if opens_with_label(context, phrase) and not _is_half_of_headline(context, phrase, usual):
            continue
        parts = sender_parts(phrase)
        words = phrase.words
        name = _bare_name(context, REGISTRATION.sub("", parts[0] if parts else phrase.text))
        if not is_name(name) or not may_send(name) or _is_title(context, name):
            continue
        above = None if parts else _first_half(context, phrase, name, usual)
        if above is not None:
            name, words = f"{above.text} {name}", [*above.words, *words]
            halves.add(id(above.words[-1]))
        evidence = {"place": _place_points(context, phrase, usual, tallest)}
        if above is not None:
            evidence["place"] = max(evidence["place"], _place_points(context, above, usual, tallest))
        if parts:
            evidence["sender"] = SENDER_POINTS if _is_at_edge(context, phrase) else 0.0
        elif _has_address_below(context, phrase):
            evidence["address"] = ADDRESS_POINTS
        if sum(evidence.values()) > 0 or has_legal_form(name):
            found.append(Name(name, words, evidence))
    found = [name for name in found if id(name.words[-1]) not in halves]
    _add_evidence(context, ids, found, stems)
    return found


def _labelled_names(context: Context, blocks: list[Block]) -> list[Name]:
    """Names under a vendor's label, and where the money goes."""
    found: list[Name] = []
    for block in blocks:
        if block.kind != "vendor" and not is_remittance(block):
            continue
        labelled = name_in(context, block)
        if labelled is None:
            continue
        if is_remittance(block):
            found.append(Name(*labelled, {"remittance": REMITTANCE_POINTS}))
            continue
        has_address = any(ADDRESS.search(text_of(line)) for line in block.lines[1:])
        is_firm = has_address or has_legal_form(labelled[0])
        found.append(Name(*labelled, {"label": LABELLED_POINTS if is_firm else LABELLED_ALONE}))
    return found


def _signed_names(context: Context) -> list[Name]:
    """`For Acme Ltd` over the place where its authorised person signs."""
    rows = context.layout.rows
    signed = [row.index for row in rows if SIGNATORY.search(row.text)]
    found: list[Name] = []
    for index in signed:
        for row in rows[max(0, index - SIGNED_ROWS_MAX) : index + 1]:
            for phrase in row.phrases:
                match = SIGNED_FOR.match(phrase.text)
                if match and row.page == rows[index].page and is_name(match[1]) and may_send(match[1]):
                    found.append(Name(match[1].strip(" :,"), phrase.words, {"signature": SIGNATURE_POINTS}))
    return found


def _may_name_later(context: Context, phrase: Phrase, stems: _Stems) -> bool:
    """A firm's name on a later page: in its running head or foot, or one that the web address bears."""
    return _is_at_edge(context, phrase) or stems.name(phrase.text)


def _add_evidence(context: Context, ids: list[Candidate[str]], names: list[Name], stems: _Stems) -> None:
    """What a legal form, the web addresses and the tax ids of the document say for each name."""
    is_one = len({candidate.value for candidate in ids}) == 1
    kind = "tax id" if is_one else "one tax id of several"
    tax_words = [candidate.words[0] for candidate in (ids[:1] if is_one else ids)]
    columns: list[tuple[Name, set[int]]] = []
    for name in names:
        if has_legal_form(name.text):
            name.evidence["form"] = LEGAL_FORM_POINTS
        if stems.name(name.text):
            name.evidence["domain"] = DOMAIN_POINTS
        below = [word for word in tax_words if _may_be_under(word, name.words[0])]
        if below and (is_one or not any(map(str.isdigit, name.text))):
            column = column_of(context, name.words)
            if any(word is one for word in column for one in below):
                name.evidence[kind] = TAX_ID_POINTS
                columns.append((name, {id(word) for word in column}))
    for name, _ in columns:
        is_under = any(id(name.words[0]) in column for _, column in columns)
        if is_under and not {"form", "domain", "label"} & name.evidence.keys():
            del name.evidence[kind]  # A line of the address between the name and the tax id.


@dataclass(slots=True)
class _Stems:
    """Names as they are spelled in web domains, and in mailboxes at hosts that everybody uses."""

    domains: set[str] = field(default_factory=set)
    mailboxes: set[str] = field(default_factory=set)

    def name(self, text: str) -> bool:
        """Whether one of them bears this name."""
        key, first = squeeze(text), squeeze(text.split()[0])
        if any((len(first) >= 3 and first in stem) or (len(stem) >= 4 and stem in key) for stem in self.domains):
            return True
        return len(key) >= MAILBOX_LENGTH_MIN and any(key in box or box in key for box in self.mailboxes)


def _web_stems(context: Context, taken: set[int]) -> _Stems:
    stems = _Stems()
    for tokens in context.labelled.tokens:
        text = " ".join(word.text for word in tokens if id(word) not in taken)
        for match in DOMAIN.finditer(text):
            labels = match[1].lower().split(".")
            stem = squeeze(labels[-2] if len(labels) > 1 else labels[0])
            if len(stem) >= 3 and stem not in MAIL_HOSTS:
                stems.domains.add(stem)
            elif stem in MAIL_HOSTS:
                mailbox = squeeze(text[: match.start()].split()[-1] if text[: match.start()].split() else "")
                if len(mailbox) >= MAILBOX_LENGTH_MIN:
                    stems.mailboxes.add(mailbox)
    return stems


def _may_be_under(word: Word, name: Word) -> bool:
    return word.page == name.page and word.y0 > name.y0 and word.x0 >= name.x0 - ALIGN_SLACK


def _bare_name(context: Context, text: str) -> str:
    """`Sender: Acme Ltd` and `Acme Ltd Invoice` are Acme Ltd: a label unknown to us or the title beside the name."""
    before, colon, after = text.partition(": ")
    if colon and len(before.split()) <= LABEL_WORDS_MAX and has_legal_form(after):
        text = after
    text = without_details(TRADING_AS.split(text)[0].strip(" ,;"))
    words = text.split()
    titles = context.vocabulary.titles
    if len(words) > 2 and squeeze(words[-1]) in titles and has_legal_form(" ".join(words[:-1])):
        return " ".join(words[:-1])
    if len(words) > 2 and squeeze(words[0]) in titles and has_legal_form(" ".join(words[1:])):
        return " ".join(words[1:])
    return text


def _is_title(context: Context, text: str) -> bool:
    """`Invoice Sample`, `Tax Invoice/Cash Memo`: a few words of which the first is what the document calls itself."""
    words = BRACKETS.sub(" ", text).replace("/", " ").replace("-", " ").split()
    if len(words) > TITLE_WORDS_MAX or has_legal_form(text):
        return False
    titles = context.vocabulary.titles | context.vocabulary.credit_titles
    return any(squeeze(" ".join(words[:count])) in titles for count in (1, 2))


def _is_at_edge(context: Context, phrase: Phrase) -> bool:
    """In the upper part of the page or at its foot, where senders put their address."""
    place = phrase.y0 / max(1.0, context.layout.pages[0].height)
    return place < (UPPER if phrase.page == 1 else RUNNING_HEAD) or place > LOWER


def _first_half(context: Context, phrase: Phrase, name: str, usual: float) -> Phrase | None:
    """The line above a name when both are one: same letters, same place.

    Only the second ends in a legal form, or both are set in the large letters of a letterhead.
    """
    is_large = phrase.height > LARGE * usual and len(phrase.words) <= HALF_WORDS_MAX
    if phrase.row == 0 or not (has_legal_form(name) or is_large):
        return None
    middle = (phrase.x0 + phrase.x1) / 2
    # Another column may have a row of its own between the two.
    for row in reversed(context.layout.rows[max(0, phrase.row - HALF_ROWS_MAX) : phrase.row]):
        for above in row.phrases:
            aligned = abs(above.x0 - phrase.x0) < 2 or abs((above.x0 + above.x1) / 2 - middle) < 4
            alike = abs(above.height - phrase.height) < HEIGHT_ALIKE * phrase.height
            near = row.page == phrase.page and phrase.y0 - above.y1 < 0.6 * phrase.height
            if aligned and alike and near and _may_begin_name(context, above, phrase):
                return above
    return None


def _is_half_of_headline(context: Context, phrase: Phrase, usual: float) -> bool:
    """`Company` in large letters under the first half of a name is no label."""
    labels = [label for label in context.labelled.labels[phrase.row] if phrase.x0 - 1 < label.x0 < phrase.x1]
    fields = {label.meaning.field for label in labels if not label.has_colon}
    return fields == {"party_name"} and _first_half(context, phrase, phrase.text, usual) is not None


def _may_begin_name(context: Context, above: Phrase, phrase: Phrase) -> bool:
    key = squeeze(above.text)
    is_word = key not in context.vocabulary.titles and key not in context.vocabulary.labels
    repeats = squeeze(above.words[0].text) in squeeze(phrase.text)
    plain = not any(map(str.isdigit, above.text)) and not has_legal_form(above.text)
    plain = plain and all(not word.text[0].islower() for word in above.words if len(word.text) > 3)
    plain = plain and not above.text.endswith((":", ",", "."))
    return is_word and plain and not repeats and is_name(above.text) and not opens_with_label(context, above)


def _place_points(context: Context, phrase: Phrase, usual: float, tallest: float) -> float:
    """Senders stand at the top in large letters, or at the very bottom."""
    place = phrase.y0 / max(1.0, context.layout.pages[0].height)
    points = 0.0
    if phrase.page > 1:
        points += LATER_PAGE
    elif place < 0.3:
        points += 0.8 + (0.6 if phrase.row == 0 else 0.0)
        points += min(1.2, max(0.0, (phrase.height / usual - 1.1) * 1.5))
        points += LETTERHEAD if phrase.height >= 0.98 * tallest > LETTERHEAD_HEIGHT * usual else 0.0
    elif place > 0.85:
        points += 0.4
    points -= 0.8 if any(map(str.isdigit, phrase.text)) else 0.0
    return points - (1.0 if len(phrase.words) > 7 else 0.0)


def _has_address_below(context: Context, phrase: Phrase) -> bool:
    """One of the next three lines of the same column has a postcode or a house number."""
    return any(
        ADDRESS.search(part.text) and not context.amount(part.words[-1])
        for part in lines_below(context, phrase.words[0], 3, phrase)
    )
