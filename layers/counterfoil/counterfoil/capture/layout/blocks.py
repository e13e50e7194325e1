"""Address blocks: the lines that belong to one party, under its label or under a letter's sender line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from counterfoil.capture.layout.labels import Label, LabelledLayout, cut
from counterfoil.capture.layout.names import has_legal_form, is_person
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Phrase, Word

# `Sender Ltd · Street 1 · 12345 Town`: the parts of a one-line address.
SEPARATOR = re.compile(r"\s+[•·|–—-]\s+|\s*[•·|]\s*|,\s+(?=\D*\d)")
SEPARATORS = frozenset("•·|–—-,")
# Codes of digits, Poland's, the Czech and Swedish ones, Britain's, Canada's.
_CODES = r"\d{4,6}\b|\d{2}-\d{3}\b|\d{3} \d{2}\b|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|[A-Z]\d[A-Z] ?\d[A-Z]\d\b"
POSTCODE = re.compile(rf"\b(?:{_CODES})")
ADDRESS = re.compile(
    rf"\b(?:[A-Z]{{1,2}}-?)?(?:{_CODES})(?=.*[^\W\d_]{{3}})|[^\W\d_]{{3,}}.* (?:{_CODES})$"
    r"|[^\W\d_]{3,}.*\s\d{1,5}(?:[/-]\d{1,5})?\s?[a-zA-Z]?(?:,|$)|^\d{1,5}\s+[^\W\d_]{3,}"
)
ZIP_PLUS_FOUR = re.compile(r"\b\d{5}-\d{4}\b")
LINES_MAX = 9
# No invoice names more parties, however many pages repeat them.
BLOCKS_MAX = 60
ROWS_MAX = 24
LINE_GAP = 2.2
# What stands further right of a party's label than this many letter heights may be another column's.
BESIDE_MAX = 3.0
BELOW_ROWS_MAX = 4
# What is set so much larger than the block above it begins something else.
LARGER = 1.3
ALIGN_SLACK = 8.0
# A sender's line stands in the upper part of a letter, on its left half.
LETTER_REACH = 0.4
OWN_DETAILS = ("vendor_vat_id", "other")
PARTY_FIELDS = ("buyer", "delivery", "vendor")
# `Account name` heads a bank account only beside its bank; elsewhere it is the customer's.
ACCOUNT_NAMES = frozenset(("accountname", "nameofaccount"))
BANK_LABELS = frozenset(
    "bank bankname bankdetails bankaccount iban bic swift swiftcode sortcode routingnumber ifsc ifsccode".split()
)
BANK_ROWS_MAX = 5
NOT_IN_BLOCKS = ("invoice_number", "issue_date", "due_date", "po_number", "payment_terms", "currency", "gross_total")


@dataclass(slots=True)
class Block:
    """One party's lines. `values` are what stands beside labels inside the block."""

    kind: str
    label: Label | None
    lines: list[list[Word]] = field(default_factory=list)
    values: list[list[Word]] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    _ids: frozenset[int] = frozenset()

    def words(self) -> Iterator[Word]:
        for line in (*self.lines, *self.values):
            yield from line

    def contains(self, word: Word) -> bool:
        """Whether the word is one of the block's own; asked only once the block is filled."""
        if not self._ids:
            self._ids = frozenset(map(id, self.words()))
        return id(word) in self._ids


def find_blocks(labelled: LabelledLayout) -> list[Block]:
    """The blocks of all parties, labelled ones first."""
    found = (block for kind in PARTY_FIELDS for label in labelled.of(kind) if (block := _labelled(labelled, label)))
    blocks = [*islice(found, BLOCKS_MAX), *islice(_addressees(labelled), BLOCKS_MAX)]
    return [*blocks, *islice(_persons(labelled, blocks), BLOCKS_MAX)]


def text_of(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


def sender_parts(phrase: Phrase) -> list[str]:
    """The parts of a sender's one-line address; empty for any other phrase."""
    if not SEPARATORS.intersection(phrase.text):
        return []
    parts = [part.strip() for part in SEPARATOR.split(phrase.text)]
    opens_with_name = not any(map(str.isdigit, parts[0]))
    if len(parts) < 2 or not opens_with_name or not POSTCODE.search(phrase.text):
        return []
    # `Dallas, TX 75373-3128` and `Balanagar, Hyderabad - 500055` have no street: the last line of an address.
    has_street = any(map(str.isdigit, POSTCODE.sub("", ZIP_PLUS_FOUR.sub("", phrase.text))))
    return parts if has_street or has_legal_form(parts[0]) else []


def _labelled(labelled: LabelledLayout, label: Label) -> Block | None:
    is_customers = squeeze(label.text) in ACCOUNT_NAMES and not _is_near_bank(labelled, label)
    block = Block("buyer" if is_customers else label.meaning.field, label)
    beside = labelled.right_of(label)
    if beside and _heads_a_column(labelled, label, beside[0]):
        beside = []
    if beside:
        block.lines.append(cut(beside)[0])
    _fill(labelled, block, label.row, beside[0].x0 if beside else label.x0, label.y1)
    return block if block.lines else None


def _is_near_bank(labelled: LabelledLayout, label: Label) -> bool:
    rows = labelled.labels[max(0, label.row - BANK_ROWS_MAX) : label.row + BANK_ROWS_MAX + 1]
    return any(squeeze(other.text) in BANK_LABELS for row in rows for other in row if other.page == label.page)


def _heads_a_column(labelled: LabelledLayout, label: Label, beside: Word) -> bool:
    """What stands far to the right belongs to another column when a line without a label stands under this one."""
    height = max(1.0, label.y1 - label.y0)
    if beside.x0 - label.x1 < BESIDE_MAX * height:
        return False
    rows = labelled.layout.rows
    for index in range(label.row + 1, min(label.row + 1 + BELOW_ROWS_MAX, len(rows))):
        if rows[index].page != label.page or rows[index].y0 - label.y1 > LINE_GAP * height:
            return False
        part = next((one for one in labelled.parts(index) if abs(one[0].x0 - label.x0) < ALIGN_SLACK), None)
        if part is not None:
            # A block opens with a name: an address there belongs to the name beside the label.
            is_name = not ADDRESS.search(text_of(part)) and not POSTCODE.search(text_of(part))
            return is_name and not any(
                labelled.tokens[index][other.start] is part[0] for other in labelled.labels[index]
            )
    return False


def _addressees(labelled: LabelledLayout) -> Iterator[Block]:
    """Who a letter goes to: what stands under the sender's one-line address in a window envelope."""
    page = labelled.layout.pages[0]
    for phrase in labelled.layout.phrases:
        if phrase.page > 1 or phrase.y0 > page.height * LETTER_REACH:
            break
        if phrase.x0 > page.width / 2 or not sender_parts(phrase):
            continue
        block = Block("buyer", None)
        _fill(labelled, block, phrase.row, phrase.x0, phrase.y1)
        if _is_addressee(labelled, block):
            yield block


def _persons(labelled: LabelledLayout, known: list[Block]) -> Iterator[Block]:
    """Who a person is addressed as one for: `Ms. Joanne Fisher` with an address under it, and a firm above it."""
    reach = labelled.layout.pages[0].height * LETTER_REACH
    for index, tokens in enumerate(labelled.tokens):
        if labelled.layout.rows[index].page > 1 or labelled.layout.rows[index].y0 > reach:
            return
        for part in cut(tokens):
            if not is_person(text_of(part)) or any(block.contains(part[0]) for block in known):
                continue
            block = Block("buyer", None, [part], rows={index})
            _fill(labelled, block, index, part[0].x0, part[0].y1)
            if any(ADDRESS.search(text_of(line)) for line in block.lines[1:]):
                above = _line_over(labelled, index, part[0])
                block.lines[:0] = [above] if above else []
                yield block


def _line_over(labelled: LabelledLayout, row: int, word: Word) -> list[Word] | None:
    """The line closely above a word in its column, unless it is a label."""
    rows = labelled.layout.rows
    if row == 0 or rows[row - 1].page != word.page or labelled.labels[row - 1]:
        return None
    part = next((one for one in cut(labelled.tokens[row - 1]) if abs(one[0].x0 - word.x0) < ALIGN_SLACK), None)
    near = part is not None and word.y0 - part[0].y1 < word.height and part[0].height < word.height * 1.2
    return part if near else None


def _is_addressee(labelled: LabelledLayout, block: Block) -> bool:
    """A name and an address stand there, and no telephone before them: that is a sender's own address."""
    own = {
        id(labelled.tokens[row][label.start])
        for row in block.rows
        for label in labelled.labels[row]
        if label.meaning.field in OWN_DETAILS
    }
    lines = [text_of(line) for line in block.lines]
    before = next((place for place, line in enumerate(block.lines) if id(line[0]) in own), len(lines))
    if before < len(lines):
        # A receiver's tax id stands under the whole address.
        return before >= 3 and any(ADDRESS.search(line) for line in lines[1:before])
    return len(lines) >= 2 and any(ADDRESS.search(line) for line in lines)


def _fill(labelled: LabelledLayout, block: Block, row_above: int, left: float, bottom: float) -> None:
    """Lines that follow closely under each other in one column, with what stands beside their labels."""
    rows = labelled.layout.rows
    page = rows[row_above].page
    for index in range(row_above + 1, min(row_above + ROWS_MAX, len(rows))):
        if rows[index].page != page or len(block.lines) > LINES_MAX:
            break
        part = next((one for one in labelled.parts(index) if abs(one[0].x0 - left) < ALIGN_SLACK), None)
        if part is None:
            continue
        if part[0].y0 - bottom > LINE_GAP * part[0].height or _opens_something_else(labelled, index, part, block):
            break
        if block.label is None and block.lines and part[0].height > LARGER * block.lines[0][0].height:
            break  # A title.
        bottom = part[0].y1
        block.lines.append(part)
        block.rows.add(index)
        for label in labelled.labels[index]:
            if labelled.tokens[index][label.start] is part[0]:
                block.values.append(labelled.right_of(label))


def _opens_something_else(labelled: LabelledLayout, row: int, part: list[Word], block: Block) -> bool:
    """The line begins with the label of another party, or of what no address holds."""
    return any(
        (label.meaning.field in PARTY_FIELDS and label.meaning.field != block.kind)
        or (label.meaning.field in NOT_IN_BLOCKS and label.meaning.is_strong)
        for label in labelled.labels[row]
        if labelled.tokens[row][label.start] is part[0]
    )
