"""Who sends the invoice and who receives it.

The vendor is told from the buyer by evidence: labels, the company's own names, the block under a tax id, the sender's
line, legal forms, e-mail and web domains. Each name on the page collects points; the best one far enough from the
buyer wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from counterfoil.capture.identifiers import compact, is_iban, is_vat_id, looks_like_vat_id
from counterfoil.capture.layout.blocks import ADDRESS, POSTCODE, Block, sender_parts, text_of
from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import months, squeeze
from counterfoil.capture.layout.words import Phrase, Word

LEGAL_FORMS = frozenset(
    [
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "ohg",
        "gbr",
        "ug",
        "ev",
        "eg",
        "se",
        "ltd",
        "limited",
        "llc",
        "llp",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "plc",
        "pty",
        "co",
        "company",
        "sarl",
        "sas",
        "sa",
        "sasu",
        "eurl",
        "sci",
        "snc",
        "spa",
        "srl",
        "bv",
        "nv",
        "bvba",
        "sprl",
        "vof",
        "ab",
        "as",
        "asa",
        "aps",
        "oy",
        "oyj",
        "spzoo",
        "sl",
        "slu",
        "lda",
        "ltda",
        "kft",
        "doo",
        "sro",
        "pvt",
        "lp",
        "gmbhcokg",
        "aktiengesellschaft",
        "sdn",
        "bhd",
        "pte",
        "eirl",
        "eurl",
        "ek",
    ]
)
DOMAIN = re.compile(r"(?:@|www\.|https?://(?:www\.)?)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
# Money, times, percentages and page counts are never part of a name.
NOT_IN_NAMES = re.compile(r"[€$£%]|\d[.,]\d\d\b|\d:\d\d|\b\d+\s?(?:of|von|sur|van|/)\s?\d+\b")
# A register's number behind the name: `Acme Sdn Bhd (123456-X)`.
REGISTRATION = re.compile(r"\s*\((?:[A-Z]{0,4}[. ]?)?\d[\d-]*(?:-[A-Z])?\)?$")
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
TAX_NUMBER = re.compile(r"^[A-Z0-9][A-Z0-9./-]{6,19}$", re.IGNORECASE)
NAME_LENGTH_MAX = 80
PARAGRAPH_GAP = 1.5
TAX_ID_GROUPS_MAX = 6
# Norway and Switzerland write the tax behind the number.
TAX_SUFFIXES = ("MVA", "MWST", "TVA", "IVA")
IBAN_GROUPS_MAX = 10
IBAN_LENGTH_MAX = 34
ADDRESS_ROWS_MAX = 8
DOMAINS_MAX = 5
ALIGN_SLACK = 8.0
TAX_DIGITS_MIN = 6
# What a name gains by standing on the page once more.
REPEATED = 0.4
# What it gains when an e-mail or web address of the document bears it.
DOMAIN_POINTS = 2.0
# What it gains under a label such as `Seller`.
LABELLED_POINTS = 4.0
UPPER, LOWER = 0.4, 0.85
# The tallest letters of the page, well above the usual ones, at its top: a letterhead.
LETTERHEAD, LETTERHEAD_HEIGHT = 0.9, 1.5
NAME_SURE, NAME_UNSURE = 0.88, 0.85


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
    parties.vendor = _vendor(context, blocks, parties.buyer)
    parties.vat_id = _vat_id(context, blocks)
    parties.iban = _iban(context, blocks)
    parties.address = _address(context, parties.vendor) if parties.vendor else None
    parties.domains = _vendor_domains(context, blocks)
    return parties


def _is_name(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return (
        letters >= 3
        and len(text) <= NAME_LENGTH_MAX
        and letters > len(text) * 0.5
        and "@" not in text
        and not DOMAIN.search(text)
        and not NOT_IN_NAMES.search(text)
        and squeeze(text) not in months()
        and not (dates_in(text, day_first=True))
    )


def has_legal_form(text: str) -> bool:
    """True when the text ends or nearly ends with a company's legal form."""
    words = [squeeze(word) for word in text.replace("&", " ").split()]
    return any(word in LEGAL_FORMS for word in words[1:]) or squeeze(text).endswith(("gmbh", "spzoo", "gmbhcokg"))


def _buyer(context: Context, blocks: list[Block]) -> Candidate[str] | None:
    own = {squeeze(name) for name in context.own.names}
    for phrase in context.layout.phrases:
        if own and squeeze(phrase.text) in own:
            return Candidate(phrase.text, 0.98, phrase.words)
    for block in blocks:
        if block.kind == "buyer" and (name := _name_in(context, block)):
            return Candidate(name[0], 0.85 if block.label else 0.75, name[1])
    return None


def _name_in(context: Context, block: Block) -> tuple[str, list[Word]] | None:
    """The name in a block: beside the label `Name:`, else its first lines that can be one."""
    for index in sorted(block.rows):
        for label in context.labelled.labels[index]:
            beside = context.labelled.right_of(label)
            if label.meaning.field == "party_name" and beside and block.contains(beside[0]):
                return _joined([*_line_above(context, index, cut(beside)[0]), cut(beside)[0]])
    for place, line in enumerate(block.lines[:3]):
        if _is_name(text_of(line).strip(" :,")) and not _starts_label(context, line):
            return _joined(_paragraph(block.lines[place:]) if block.label else [line])
    return None


def _joined(lines: list[list[Word]]) -> tuple[str, list[Word]]:
    return " ".join(text_of(line) for line in lines).strip(" :,"), [word for line in lines for word in line]


def _line_above(context: Context, row: int, value: list[Word]) -> list[list[Word]]:
    """The first of two lines in the cell beside a label that stands at half height between them."""
    if row == 0 or context.layout.rows[row - 1].page != value[0].page:
        return []
    label = context.labelled.tokens[row][0]
    above = context.labelled.tokens[row - 1]
    in_cell = abs(above[0].x0 - value[0].x0) < 1 and value[0].y0 - above[-1].y1 < 0.5 * value[0].height
    between = above[0].middle < label.middle < value[0].middle
    return [above] if in_cell and between and len(cut(above)) == 1 else []


def _paragraph(lines: list[list[Word]]) -> list[list[Word]]:
    """Two lines set apart from the address below them by a wider gap are one name."""
    if len(lines) < 3 or not _is_name(text_of(lines[1])):
        return lines[:1]
    inner, outer = lines[1][0].y0 - lines[0][0].y0, lines[2][0].y0 - lines[1][0].y0
    return lines[:2] if outer > inner * PARAGRAPH_GAP else lines[:1]


def _starts_label(context: Context, line: list[Word]) -> bool:
    return any(
        any(context.labelled.tokens[label.row][label.start] is word for word in line[:1])
        for label in context.labelled.all()
        if label.page == line[0].page and abs(label.y0 - line[0].y0) < line[0].height
    )


def _vendor(context: Context, blocks: list[Block], buyer: Candidate[str] | None) -> Candidate[str] | None:
    scores: dict[str, tuple[float, Candidate[str]]] = {}
    others = {squeeze(name) for name in context.own.names}
    others |= {squeeze(buyer.value)} if buyer else set()
    others |= {
        squeeze(name[0])
        for block in blocks
        if block.kind in ("buyer", "delivery") and (name := _name_in(context, block))
    }
    domains = _domains(context)
    for text, words, points in _names(context, blocks):
        key = squeeze(text)
        if not key or key in others or key in context.vocabulary.titles:
            continue
        if key in context.vocabulary.labels or key in context.vocabulary.columns:
            continue
        if has_legal_form(text):
            points += 2.0
        stem = squeeze(text.split()[0])
        if any(len(stem) >= 3 and (stem in domain or domain in key) for domain in domains):
            points += DOMAIN_POINTS
        before = scores.get(key)
        total = max(points, before[0]) + REPEATED if before else points
        first = before[1] if before else Candidate(text, 0.0, words)
        scores[key] = (total, first)
    if not scores:
        return None
    ranked = sorted(scores.values(), key=lambda pair: -pair[0])
    best, candidate = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    known = context.names.get(squeeze(candidate.value))
    if known is not None:
        return Candidate(known, 0.97, candidate.words)
    raw = min(0.97, 0.3 + 0.12 * best + 0.1 * (best - second))
    # Measured: names with little evidence are right less often than their points say.
    candidate.score = raw if raw >= NAME_SURE else raw * NAME_UNSURE
    return candidate


def _names(context: Context, blocks: list[Block]) -> list[tuple[str, list[Word], float]]:
    """Every phrase that may be the vendor's name with its first points."""
    found: list[tuple[str, list[Word], float]] = []
    taken = [block for block in blocks if block.kind in ("buyer", "delivery")]
    for block in blocks:
        if block.kind == "vendor" and (labelled := _name_in(context, block)):
            found.append((*labelled, LABELLED_POINTS))
    usual = _usual_height(context)
    for phrase in context.layout.phrases:
        if phrase.page > 1:
            break
        if any(block.contains(phrase.words[0]) for block in taken) or _opens_with_label(context, phrase):
            continue
        parts = sender_parts(phrase)
        words = phrase.words
        name = REGISTRATION.sub("", parts[0] if parts else phrase.text)
        if not _is_name(name):
            continue
        above = None if parts else _first_half(context, phrase, name)
        if above is not None:
            name, words = f"{above.text} {name}", [*above.words, *words]
        points = _place_points(context, phrase, usual)
        points += 1.5 if parts and _is_at_edge(context, phrase) else 0.0
        points += 1.3 if not parts and _has_address_below(context, phrase) else 0.0
        if points > 0 or has_legal_form(name):
            found.append((name, words, points))
    return found


def _is_at_edge(context: Context, phrase: Phrase) -> bool:
    """In the upper part of the page or at its foot, where senders put their address."""
    place = phrase.y0 / max(1.0, context.layout.pages[0].height)
    return place < UPPER or place > LOWER


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
    return is_word and plain and not repeats and _is_name(above.text) and not _opens_with_label(context, above)


def _usual_height(context: Context) -> float:
    heights = sorted(word.height for word in context.layout.pages[0].words)
    return heights[len(heights) // 2] if heights else 1.0


def _place_points(context: Context, phrase: Phrase, usual: float) -> float:
    """Senders stand at the top in large letters, or at the very bottom."""
    place = phrase.y0 / max(1.0, context.layout.pages[0].height)
    points = 0.0
    if place < 0.3:
        points += 0.8 + (0.6 if phrase.row == 0 else 0.0)
        points += min(1.2, max(0.0, (phrase.height / usual - 1.1) * 1.5))
        tallest = max(word.height for word in context.layout.pages[0].words)
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
    rows = context.layout.rows
    bottom, seen = phrase.y1, 0
    for row in rows[phrase.row + 1 : phrase.row + 8]:
        if row.page != phrase.page or seen == 3:
            break
        part = next((p for p in row.phrases if abs(p.x0 - phrase.x0) < 8 or abs(p.x1 - phrase.x1) < 3), None)
        if part is None:
            continue
        if part.y0 - bottom > 1.8 * part.height:
            break
        bottom = part.y1
        seen += 1
        if ADDRESS.search(part.text) and not context.amount(part.words[-1]):
            return True
    return False


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


def _vat_id(context: Context, blocks: list[Block]) -> Candidate[str] | None:
    """Labelled tax ids outside the buyer's block; a European one with right check digits is believed most."""
    taken = [block for block in blocks if block.kind in ("buyer", "delivery")]
    own = {compact(tax_id) for tax_id in context.own.tax_ids} | _tax_ids_of(taken)
    found: list[Candidate[str]] = []
    for label in context.labelled.of("vendor_vat_id"):
        words = context.labelled.right_of(label)
        parts = [*([cut(words)[0]] if words else []), *islice(context.labelled.below(label), 1)]
        for part in parts:
            read = _tax_id(part)
            if read is None:
                continue
            text, used = read
            if compact(text) in own:
                continue
            score = 0.8
            if looks_like_vat_id(text):
                score = 0.93 if is_vat_id(text) else 0.82
            if any(block.contains(used[0]) for block in taken):
                continue
            found.append(Candidate(compact(text) if looks_like_vat_id(text) else text, score, used))
            break
    if not found:
        found.extend(_bare_vat_ids(context, own, taken))
    found.sort(key=lambda candidate: -candidate.score)
    return found[0] if found else None


def _tax_ids_of(blocks: list[Block]) -> set[str]:
    """European tax ids inside blocks: they are these parties' wherever else they stand."""
    texts = {compact(word.text.strip(".,;:()")) for block in blocks for line in block.lines for word in line}
    return {text for text in texts if looks_like_vat_id(text) and sum(map(str.isdigit, text)) >= TAX_DIGITS_MIN}


def _tax_id(words: list[Word]) -> tuple[str, list[Word]] | None:
    """The tax id that opens the words, its groups joined: right check digits decide how many belong to it."""
    texts = [word.text.strip(".,;:()|") for word in words[:TAX_ID_GROUPS_MAX]]
    longest: tuple[str, list[Word]] | None = None
    for count in range(1, len(texts) + 1):
        if count > 1 and not texts[count - 1].isalnum():
            break
        text = "".join(texts[:count])
        if sum(map(str.isdigit, text)) < TAX_DIGITS_MIN:
            continue
        if looks_like_vat_id(text):
            longest = (" ".join(texts[:count]), words[:count])
            if is_vat_id(text):
                return longest
        elif longest is None and TAX_NUMBER.match(text) and not dates_in(text, day_first=True):
            longest = (" ".join(texts[:count]), words[:count])
        after = texts[count] if count < len(texts) else ""
        if count > 1 and after and not after[:1].isdigit() and after not in TAX_SUFFIXES:
            break
    return longest


def _bare_vat_ids(context: Context, own: set[str], taken: list[Block]) -> list[Candidate[str]]:
    found = []
    for row in context.labelled.tokens:
        for word in row:
            text = word.text.strip(".,;:()")
            inside = any(block.contains(word) for block in taken)
            if not inside and looks_like_vat_id(text) and is_vat_id(text) and compact(text) not in own:
                found.append(Candidate(text, 0.7, [word]))
    return found


def ibans_in(context: Context) -> dict[str, list[Word]]:
    """Every account number on the pages whose check digits hold, with its words."""
    found: dict[str, list[Word]] = {}
    for row in context.labelled.tokens:
        for place, word in enumerate(row):
            start = compact(word.text)
            if not (start[:2].isalpha() and (start[2:4].isdigit() or len(start) == 2)):
                continue
            text = ""
            for end in range(place, min(place + IBAN_GROUPS_MAX, len(row))):
                text += compact(row[end].text.strip(".,;:"))
                if len(text) > IBAN_LENGTH_MAX:
                    break
                if is_iban(text):
                    found.setdefault(text, row[place : end + 1])
                    break
    return found


def _iban(context: Context, blocks: list[Block]) -> Candidate[str] | None:
    """The vendor's account: the first one outside the buyer's block; in doubt when there are several."""
    taken = [block for block in blocks if block.kind in ("buyer", "delivery")]
    own = [
        (iban, words)
        for iban, words in ibans_in(context).items()
        if not any(block.contains(words[0]) for block in taken)
    ]
    if not own:
        return None
    return Candidate(own[0][0], 0.97 if len(own) == 1 else 0.75, own[0][1])


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
