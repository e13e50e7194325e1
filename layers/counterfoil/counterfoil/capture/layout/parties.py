"""Who sends the invoice and who receives it.

The vendor is told from the buyer by evidence: labels, the company's own names, the block under a tax id, the sender's
line, legal forms, e-mail and web domains. Each name on the page collects points; the best one far enough from the
buyer wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from counterfoil.capture.layout.blocks import ADDRESS, OWN_DETAILS, POSTCODE, Block, sender_parts, text_of
from counterfoil.capture.layout.names import DOMAIN, core_of, is_name
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.party_text import column_of, is_remittance, lines_below, name_in, opens_with_label
from counterfoil.capture.layout.tax_ids import chosen_tax_id, tax_ids, vendor_iban
from counterfoil.capture.layout.vendor_names import MAIL_HOSTS, UPPER, NamedParty, vendor_names
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Phrase, Word

ADDRESS_ROWS_MAX = 8
DOMAINS_MAX = 5
ALIGN_SLACK = 8.0
NAME_SURE, NAME_UNSURE = 0.88, 0.85
# Without a known buyer the vendor's name needs so many points of its own; a page needs so many labels of sure meaning.
TELLING_MIN, FIELDS_MIN, NOT_TOLD = 1.0, 3, 0.7
UNLABELLED_BUYER = 0.72
ADDRESS_LINES_MAX = 5
ADDRESS_PARTS = re.compile(r"[,;\n]")
ADDRESS_LENGTH_MIN = 6
OWN_ADDRESS_LINES = 5


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
    parties.vat_id = chosen_tax_id(
        ids, column_of(context, _words(parties.vendor)), column_of(context, _words(parties.buyer))
    )
    parties.iban = vendor_iban(context, blocks)
    parties.address = _address(context, parties.vendor) if parties.vendor else None
    parties.domains = _vendor_domains(context, blocks)
    return parties


def _words(party: Candidate[str] | None) -> list[Word]:
    return party.words if party else []


def _buyer(context: Context, blocks: list[Block]) -> Candidate[str] | None:
    own = {squeeze(name) for name in context.own.names}
    for phrase in context.layout.phrases:
        if own and squeeze(phrase.text) in own:
            return Candidate(phrase.text, 0.98, phrase.words)
    for block in blocks:
        if block.kind == "buyer" and (name := name_in(context, block)):
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
        if id(phrase.words[0]) in covered or sender_parts(phrase) or opens_with_label(context, phrase):
            continue
        lines = lines_below(context, phrase.words[0], ADDRESS_LINES_MAX)
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


def _vendor(
    context: Context, blocks: list[Block], buyer: Candidate[str] | None, ids: list[Candidate[str]]
) -> Candidate[str] | None:
    """The name with the most evidence; names that differ only in their legal form count as one party."""
    others = _others(context, blocks, buyer)
    parties: dict[str, NamedParty] = {}
    for name in vendor_names(context, blocks, ids):
        core, key = core_of(name.text), squeeze(name.text)
        if not core or core in others or key in others or _is_vocabulary(context, key):
            continue
        if _is_own_address_below(context, name.words):
            continue
        parties.setdefault(core, NamedParty()).places.append(name)
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
        if block.kind in ("buyer", "delivery") and not is_remittance(block) and (name := name_in(context, block))
    ]
    return {squeeze(name) for name in names} | {core for name in names if (core := core_of(name))}


def _is_vocabulary(context: Context, key: str) -> bool:
    words = context.vocabulary
    return key in words.titles or key in words.credit_titles or key in words.labels or key in words.columns


def _is_own_address_below(context: Context, words: list[Word]) -> bool:
    """A line of the company's own address, with its numbers, stands closely under the name."""
    parts = [squeeze(part) for address in context.own.addresses for part in ADDRESS_PARTS.split(address)]
    own = [part for part in parts if len(part) >= ADDRESS_LENGTH_MIN and any(map(str.isdigit, part))]
    if not own or not words:
        return False
    below = [squeeze(line.text) for line in lines_below(context, words[0], OWN_ADDRESS_LINES)]
    return any(part in line for part in own for line in below)


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
