"""Who sends the invoice and who receives it.

The vendor is told from the buyer by evidence: labels, the company's own names, the block under a tax id, the sender's
line, legal forms, e-mail and web domains. Each name on the page collects points; the best one far enough from the
buyer wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from counterfoil.capture.layout.blocks import ADDRESS, OWN_DETAILS, POSTCODE, Block, sender_parts, text_of
from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.names import DOMAIN, core_of, has_legal_form, has_letters, is_name, without_address
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.tax_ids import chosen_tax_id, tax_ids, vendor_iban
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Phrase, Word

# A register's number behind the name: `Acme Sdn Bhd (123456-X)`.
REGISTRATION = re.compile(r"\s*\((?:[A-Z]{0,4}[. ]?)?\d[\d-]*(?:-[A-Z])?\)?$")
# What a company calls itself in trade stands behind its name.
TRADING_AS = re.compile(r"\s+(?:doing business as|d/b/a|dba|trading as|t/a)\s+", re.IGNORECASE)
HEIGHT_ALIKE = 0.15
MAIL_HOSTS = frozenset(
    [
        "gmail",
        "googlemail",
        "outlook",
        "hotmail",
        "yahoo",
        "gmx",
        "web",
        "icloud",
        "aol",
        "live",
        "orange",
        "free",
        "wanadoo",
    ]
)
PARAGRAPH_GAP = 1.5
ADDRESS_ROWS_MAX = 8
DOMAINS_MAX = 5
ALIGN_SLACK = 8.0
# What a name gains by standing on the page once more.
REPEATED = 0.4
# What it gains when an e-mail or web address of the document bears it.
DOMAIN_POINTS = 2.5
LEGAL_FORM_POINTS, ADDRESS_POINTS, SENDER_POINTS = 2.0, 1.3, 1.5
# Kinds of evidence that a buyer's name has as well.
OF_ANYBODY = ("form", "address")
# What it gains when the document's one tax id stands under it.
TAX_ID_POINTS = 1.5
# What it gains under a label such as `Seller`.
LABELLED_POINTS = 4.0
# Without an address or a legal form the label may name a person: `Vendedor`, `Säljare` are salespeople as well.
LABELLED_ALONE = 2.5
UPPER, LOWER = 0.4, 0.85
# What stands at the top of later pages is the sender's running head.
RUNNING_HEAD, LATER_PAGE = 0.1, 0.4
COLUMN_LINES_MAX = 8
# The tallest letters of the page, well above the usual ones, at its top: a letterhead.
LETTERHEAD, LETTERHEAD_HEIGHT = 0.9, 1.5
NAME_SURE, NAME_UNSURE = 0.88, 0.85
# Without a known buyer the vendor's name needs so many points of its own; a page needs so many labels of sure meaning.
TELLING_MIN, FIELDS_MIN, NOT_TOLD = 1.0, 3, 0.7
LABEL_WORDS_MAX = 3
TITLE_WORDS_MAX = 5
NEARER = 0.8
UNLABELLED_BUYER = 0.72
ADDRESS_LINES_MAX = 5
ADDRESS_PARTS = re.compile(r"[,;\n]")
ADDRESS_LENGTH_MIN = 6
OWN_ADDRESS_LINES = 5
# Labels of where the money goes: the name there may be the vendor's.
REMITTANCE = frozenset(
    ("remitto", "pleaseremitto", "remitpaymentto", "pleaseremitpaymentto", "remittanceaddress", "sendpaymentto")
)


@dataclass(slots=True)
class Parties:
    vendor: Candidate[str] | None = None
    buyer: Candidate[str] | None = None
    vat_id: Candidate[str] | None = None
    iban: Candidate[str] | None = None
    address: Candidate[str] | None = None
    domains: list[str] = field(default_factory=list)


def read_parties(context: Context) -> Parties:
    """Vendor, buyer and the vendor's identifiers."""
    blocks = context.blocks
    parties = Parties()
    parties.buyer = _buyer(context, blocks)
    ids = tax_ids(context, blocks)
    parties.vendor = _vendor(context, blocks, parties.buyer, ids)
    if parties.buyer is None and parties.vendor is not None:
        parties.buyer = _other_addressee(context, parties.vendor)
        is_labelled = any(block.kind == "vendor" for block in blocks)
        if not is_labelled:
            parties.vendor.score *= NOT_TOLD  # Until the document says who receives, a name may be either's.
    parties.vat_id = chosen_tax_id(ids, _column_of(context, parties.vendor), _column_of(context, parties.buyer))
    parties.iban = vendor_iban(context, blocks)
    parties.address = _address(context, parties.vendor) if parties.vendor else None
    parties.domains = _vendor_domains(context, blocks)
    return parties


def _column_of(context: Context, party: Candidate[str] | None) -> list[Word]:
    """The tokens that stand closely under a party's name."""
    if party is None or not party.words:
        return []
    found: list[Word] = []
    for line in _lines_below(context, party.words[0], COLUMN_LINES_MAX):
        first, last = line.words[0], line.words[-1]
        found += [word for word in context.labelled.tokens[line.row] if first.x0 <= word.x0 <= last.x1]
    return found


def _buyer(context: Context, blocks: list[Block]) -> Candidate[str] | None:
    own = {squeeze(name) for name in context.own.names}
    for phrase in context.layout.phrases:
        if own and squeeze(phrase.text) in own:
            return Candidate(phrase.text, 0.98, phrase.words)
    for block in blocks:
        if block.kind == "buyer" and (name := _name_in(context, block)):
            return Candidate(name[0], 0.85 if block.label else 0.75, name[1])
    return None


def _other_addressee(context: Context, vendor: Candidate[str]) -> Candidate[str] | None:
    """The one other name in the upper part of the first page with an address under it and nothing else of a sender."""
    reach = context.layout.pages[0].height * UPPER
    own_rows = {label.row for label in context.labelled.all() if label.meaning.field in OWN_DETAILS and label.page == 1}
    found: dict[str, Phrase] = {}
    covered: set[int] = set()
    for phrase in context.layout.phrases:
        if phrase.page > 1 or phrase.y0 > reach:
            break
        if id(phrase.words[0]) in covered or sender_parts(phrase) or _opens_with_label(context, phrase):
            continue
        lines = _lines_below(context, phrase.words[0], ADDRESS_LINES_MAX)
        covered.update(id(line.words[0]) for line in lines)
        is_address = any(POSTCODE.search(line.text) and ADDRESS.search(line.text) for line in lines)
        is_sender = any(line.row in own_rows or "@" in line.text for line in lines[:3])
        if not is_address or is_sender or not is_name(phrase.text) or ADDRESS.search(phrase.text):
            continue
        if core_of(phrase.text) and core_of(phrase.text) != core_of(vendor.value):
            found.setdefault(core_of(phrase.text), phrase)
    if len(found) != 1:
        return None
    [phrase] = found.values()
    return Candidate(phrase.text, UNLABELLED_BUYER, phrase.words)


def _name_in(context: Context, block: Block) -> tuple[str, list[Word]] | None:
    """The name in a block: beside the label `Name:`, else its first lines that can be one."""
    for index in sorted(block.rows):
        for label in context.labelled.labels[index]:
            beside = context.labelled.right_of(label)
            if label.meaning.field == "party_name" and beside and block.contains(beside[0]):
                return _joined([*_line_above(context, index, cut(beside)[0]), cut(beside)[0]])
    lines = [
        (place, line)
        for place, line in enumerate(block.lines[:3])
        if is_name(text_of(line).strip(" :,")) and not _starts_label(context, line) and line[-1].text[-1:] != ":"
    ]
    if not lines:
        return None
    # The first line that can be a name, one with a postcode only where there is no other.
    place, line = min(lines, key=lambda one: POSTCODE.search(text_of(one[1])) is not None)
    return _joined(_paragraph(block.lines[place:]) if block.label else [line])


def _joined(lines: list[list[Word]]) -> tuple[str, list[Word]]:
    text = " ".join(text_of(line) for line in lines).strip(" :,")
    return without_address(text), [word for line in lines for word in line]


def _line_above(context: Context, row: int, value: list[Word]) -> list[list[Word]]:
    """The first of two lines in the cell beside a label that stands at half height between them."""
    if row == 0 or context.layout.rows[row - 1].page != value[0].page:
        return []
    label = context.labelled.tokens[row][0]
    above = context.labelled.tokens[row - 1]
    in_cell = abs(above[0].x0 - value[0].x0) < 1 and value[0].y0 - above[-1].y1 < 0.5 * value[0].height
    between = above[0].middle < label.middle < value[0].middle - 1
    return [above] if in_cell and (between or _is_apart(context, row, value)) and len(cut(above)) == 1 else []


def _is_apart(context: Context, row: int, value: list[Word]) -> bool:
    """The line above a value stands nearer to it than to what comes before, and under no label."""
    if row < 2 or context.labelled.labels[row - 1] or context.layout.rows[row - 2].page != value[0].page:
        return False
    above, before = context.layout.rows[row - 1], context.layout.rows[row - 2]
    return value[0].y0 - above.y0 < NEARER * (above.y0 - before.y0)


def _paragraph(lines: list[list[Word]]) -> list[list[Word]]:
    """Two lines set apart from the address below them by a wider gap are one name."""
    if len(lines) < 3 or not is_name(text_of(lines[1])):
        return lines[:1]
    inner, outer = lines[1][0].y0 - lines[0][0].y0, lines[2][0].y0 - lines[1][0].y0
    return lines[:2] if outer > inner * PARAGRAPH_GAP else lines[:1]


def _starts_label(context: Context, line: list[Word]) -> bool:
    return context.labelled.opens_label(line[0])


def _vendor(
    context: Context, blocks: list[Block], buyer: Candidate[str] | None, ids: list[Candidate[str]]
) -> Candidate[str] | None:
    """The name with the most evidence; names that differ only in their legal form count as one party."""
    others = _others(context, blocks, buyer)
    parties: dict[str, _Party] = {}
    for name in _names(context, blocks, ids):
        core, key = core_of(name.text), squeeze(name.text)
        if not core or core in others or key in others or _is_vocabulary(context, key):
            continue
        if _is_own_address_below(context, name.words):
            continue
        parties.setdefault(core, _Party()).places.append(name)
    if not parties:
        return None
    ranked = sorted(parties.values(), key=lambda party: -party.points)
    best = ranked[0]
    second = ranked[1].points if len(ranked) > 1 else 0.0
    candidate = Candidate(best.name.text, 0.0, best.name.words)
    known = context.names.get(squeeze(candidate.value))
    if known is not None:
        return Candidate(known, 0.97, candidate.words)
    raw = min(0.97, 0.3 + 0.12 * best.points + 0.1 * (best.points - second))
    # Measured: names with little evidence are right less often than their points say.
    candidate.score = raw if raw >= NAME_SURE else raw * NAME_UNSURE
    if buyer is None and best.telling < TELLING_MIN:
        candidate.score *= NOT_TOLD  # Legal form and address would fit the buyer as well.
    if len(context.labelled_fields) < FIELDS_MIN or not context.layout.pages[0].words:
        candidate.score *= NOT_TOLD  # A language or a layout of which little is understood.
    return candidate


def _others(context: Context, blocks: list[Block], buyer: Candidate[str] | None) -> set[str]:
    """Names that are not the vendor's: the company's own, the buyer's, a receiver's; also without legal form."""
    names = [*context.own.names, *([buyer.value] if buyer else [])]
    names += [
        name[0]
        for block in blocks
        if block.kind in ("buyer", "delivery") and not _is_remittance(block) and (name := _name_in(context, block))
    ]
    return {squeeze(name) for name in names} | {core for name in names if (core := core_of(name))}


def _is_remittance(block: Block) -> bool:
    return block.label is not None and squeeze(block.label.text) in REMITTANCE


def _is_vocabulary(context: Context, key: str) -> bool:
    words = context.vocabulary
    return key in words.titles or key in words.credit_titles or key in words.labels or key in words.columns


@dataclass(slots=True)
class _Name:
    """A phrase that may be the vendor's name with its points by kind of evidence."""

    text: str
    words: list[Word]
    evidence: dict[str, float]

    @property
    def points(self) -> float:
        return sum(self.evidence.values())


@dataclass(slots=True)
class _Party:
    """Every place where one name stands. Each kind of evidence counts once, wherever it was best."""

    places: list[_Name] = field(default_factory=list)

    @property
    def name(self) -> _Name:
        return max(self.places, key=lambda name: name.points)

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


def _names(context: Context, blocks: list[Block], ids: list[Candidate[str]]) -> list[_Name]:
    """Every phrase of the first page that may be the vendor's name, with its points."""
    found: list[_Name] = []
    for block in blocks:
        if block.kind == "vendor" and (labelled := _name_in(context, block)):
            has_address = any(ADDRESS.search(text_of(line)) for line in block.lines[1:])
            is_firm = has_address or has_legal_form(labelled[0])
            found.append(_Name(*labelled, {"label": LABELLED_POINTS if is_firm else LABELLED_ALONE}))
    taken = {id(word) for block in blocks if block.kind in ("buyer", "delivery") for word in block.words()}
    heights = sorted(word.height for word in context.layout.pages[0].words) or [1.0]
    usual, tallest = heights[len(heights) // 2], heights[-1]
    for phrase in context.layout.phrases:
        if phrase.page > 1 and not (_is_at_edge(context, phrase) and has_legal_form(phrase.text)):
            continue
        if id(phrase.words[0]) in taken or not has_letters(phrase.text) or _opens_with_label(context, phrase):
            continue
        parts = sender_parts(phrase)
        words = phrase.words
        name = _bare_name(context, REGISTRATION.sub("", parts[0] if parts else phrase.text))
        if not is_name(name) or _is_title(context, name):
            continue
        above = None if parts else _first_half(context, phrase, name)
        if above is not None:
            name, words = f"{above.text} {name}", [*above.words, *words]
        evidence = {"place": _place_points(context, phrase, usual, tallest)}
        if parts:
            evidence["sender"] = SENDER_POINTS if _is_at_edge(context, phrase) else 0.0
        elif _has_address_below(context, phrase):
            evidence["address"] = ADDRESS_POINTS
        if sum(evidence.values()) > 0 or has_legal_form(name):
            found.append(_Name(name, words, evidence))
    _add_evidence(context, ids, found)
    return found


def _add_evidence(context: Context, ids: list[Candidate[str]], names: list[_Name]) -> None:
    """What a legal form, the web addresses and the one tax id of the document say for each name."""
    domains = _domains(context)
    tax_word = ids[0].words[0] if len({candidate.value for candidate in ids}) == 1 else None
    for name in names:
        key, stem = squeeze(name.text), squeeze(name.text.split()[0])
        if has_legal_form(name.text):
            name.evidence["form"] = LEGAL_FORM_POINTS
        if any(len(stem) >= 3 and (stem in domain or domain in key) for domain in domains):
            name.evidence["domain"] = DOMAIN_POINTS
        if tax_word is not None and _may_be_under(tax_word, name.words[0]):
            column = _column_of(context, Candidate(name.text, 0.0, name.words))
            if any(word is tax_word for word in column):
                name.evidence["tax id"] = TAX_ID_POINTS


def _may_be_under(word: Word, name: Word) -> bool:
    return word.page == name.page and word.y0 > name.y0 and word.x0 >= name.x0 - ALIGN_SLACK


def _bare_name(context: Context, text: str) -> str:
    """`Sender: Acme Ltd` and `Acme Ltd Invoice` are Acme Ltd: a label unknown to us or the title beside the name."""
    before, colon, after = text.partition(": ")
    if colon and len(before.split()) <= LABEL_WORDS_MAX and has_legal_form(after):
        text = after
    text = TRADING_AS.split(text)[0].strip(" ,;")
    words = text.split()
    titles = context.vocabulary.titles
    if len(words) > 2 and squeeze(words[-1]) in titles and has_legal_form(" ".join(words[:-1])):
        return " ".join(words[:-1])
    if len(words) > 2 and squeeze(words[0]) in titles and has_legal_form(" ".join(words[1:])):
        return " ".join(words[1:])
    return text


def _is_title(context: Context, text: str) -> bool:
    """`Invoice Sample`, `Tax Invoice/Cash Memo`: a few words of which the first is what the document calls itself."""
    words = text.replace("/", " ").replace("-", " ").split()
    if len(words) > TITLE_WORDS_MAX or has_legal_form(text):
        return False
    titles = context.vocabulary.titles | context.vocabulary.credit_titles
    return any(squeeze(" ".join(words[:count])) in titles for count in (1, 2))


def _is_own_address_below(context: Context, words: list[Word]) -> bool:
    """A line of the company's own address, with its numbers, stands closely under the name."""
    parts = [squeeze(part) for address in context.own.addresses for part in ADDRESS_PARTS.split(address)]
    own = [part for part in parts if len(part) >= ADDRESS_LENGTH_MIN and any(map(str.isdigit, part))]
    if not own or not words:
        return False
    below = [squeeze(line.text) for line in _lines_below(context, words[0], OWN_ADDRESS_LINES)]
    return any(part in line for part in own for line in below)


def _is_at_edge(context: Context, phrase: Phrase) -> bool:
    """In the upper part of the page or at its foot, where senders put their address."""
    place = phrase.y0 / max(1.0, context.layout.pages[0].height)
    return place < (UPPER if phrase.page == 1 else RUNNING_HEAD) or place > LOWER


def _first_half(context: Context, phrase: Phrase, name: str) -> Phrase | None:
    """The line above a name when both are one: same letters, same place, and only the second ends in a legal form."""
    if phrase.row == 0 or not has_legal_form(name):
        return None
    row = context.layout.rows[phrase.row - 1]
    middle = (phrase.x0 + phrase.x1) / 2
    for above in row.phrases:
        aligned = abs(above.x0 - phrase.x0) < 2 or abs((above.x0 + above.x1) / 2 - middle) < 4
        alike = abs(above.height - phrase.height) < HEIGHT_ALIKE * phrase.height
        near = row.page == phrase.page and phrase.y0 - above.y1 < 0.6 * phrase.height
        if aligned and alike and near and _may_begin_name(context, above, phrase):
            return above
    return None


def _may_begin_name(context: Context, above: Phrase, phrase: Phrase) -> bool:
    key = squeeze(above.text)
    is_word = key not in context.vocabulary.titles and key not in context.vocabulary.labels
    repeats = squeeze(above.words[0].text) in squeeze(phrase.text)
    plain = not any(map(str.isdigit, above.text)) and not has_legal_form(above.text)
    plain = plain and all(not word.text[0].islower() for word in above.words if len(word.text) > 3)
    return is_word and plain and not repeats and is_name(above.text) and not _opens_with_label(context, above)


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


def _opens_with_label(context: Context, phrase: Phrase) -> bool:
    """The phrase is a label or begins with one; a vendor's label is no hindrance to the name after it."""
    first = phrase.words[0]
    for label in context.labelled.labels[phrase.row]:
        opens = abs(context.labelled.tokens[phrase.row][label.start].x0 - first.x0) < 1
        if opens and (label.has_colon or label.x1 >= phrase.x1 - 1 or label.meaning.is_strong):
            return True
    return False


def _has_address_below(context: Context, phrase: Phrase) -> bool:
    """One of the next three lines of the same column has a postcode or a house number."""
    return any(
        ADDRESS.search(part.text) and not context.amount(part.words[-1])
        for part in _lines_below(context, phrase.words[0], 3, phrase)
    )


def _lines_below(context: Context, first: Word, count: int, phrase: Phrase | None = None) -> list[Phrase]:
    """The lines that follow closely under a word in its column (of a phrase, aligned at either side), nearest first."""
    row_of = phrase.row if phrase else context.layout.row_of(first)
    if row_of is None:
        return []
    found: list[Phrase] = []
    bottom = phrase.y1 if phrase else first.y1
    for row in context.layout.rows[row_of + 1 : row_of + 8]:
        if row.page != first.page or len(found) == count:
            break
        part = next(
            (p for p in row.phrases if abs(p.x0 - first.x0) < 8 or (phrase and abs(p.x1 - phrase.x1) < 3)), None
        )
        if part is None:
            continue
        if part.y0 - bottom > 1.8 * part.height:
            break
        bottom = part.y1
        found.append(part)
    return found


def _domains(context: Context) -> set[str]:
    found: set[str] = set()
    for row in context.layout.rows:
        for match in DOMAIN.finditer(row.text):
            labels = match[1].lower().split(".")
            stem = squeeze(labels[-2] if len(labels) > 1 else labels[0])
            if stem not in MAIL_HOSTS and len(stem) >= 3:
                found.add(stem)
    return found


def _vendor_domains(context: Context, blocks: list[Block]) -> list[str]:
    """E-mail and web domains outside the buyer's block."""
    taken = [block for block in blocks if block.kind in ("buyer", "delivery")]
    found: list[str] = []
    for tokens in context.labelled.tokens:
        for word in tokens:
            for match in DOMAIN.finditer(word.text):
                domain = match[1].lower().rstrip(".")
                stem = squeeze(domain.split(".")[-2])
                inside = any(block.contains(word) for block in taken)
                if not inside and stem not in MAIL_HOSTS and domain not in found:
                    found.append(domain)
    return found[:DOMAINS_MAX]


def _address(context: Context, name: Candidate[str]) -> Candidate[str] | None:
    """The lines under the vendor's name up to the one with the postcode, or what follows it on a sender's line."""
    if not name.words:
        return None
    first = name.words[0]
    row = next((row for row in context.layout.rows if any(word is first for word in row.words)), None)
    phrase = next((p for p in row.phrases if any(word is first for word in p.words)), None) if row else None
    if row is None or phrase is None:
        return None
    parts = sender_parts(phrase)
    if parts:
        return Candidate(", ".join(parts[1:]), 0.8, phrase.words)
    lines: list[list[Word]] = []
    bottom = phrase.y1
    for below in context.layout.rows[row.index + 1 : row.index + 1 + ADDRESS_ROWS_MAX]:
        part = next((p for p in below.phrases if abs(p.x0 - phrase.x0) < ALIGN_SLACK), None)
        if below.page != phrase.page or (part is not None and part.y0 - bottom > 1.8 * part.height):
            break
        if part is None:
            continue
        bottom = part.y1
        lines.append(part.words)
        if POSTCODE.search(part.text):
            words = [word for line in lines for word in line]
            return Candidate(", ".join(map(text_of, lines)), 0.75, words)
    return None
