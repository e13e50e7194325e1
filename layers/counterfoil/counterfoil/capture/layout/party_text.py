"""The lines of a party's block: its name, and what stands under a name."""

from __future__ import annotations

from counterfoil.capture.layout.blocks import POSTCODE, Block, text_of
from counterfoil.capture.layout.labels import Label, cut
from counterfoil.capture.layout.names import is_name, without_address, without_details
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import PHRASE_GAP, Phrase, Word

PARAGRAPH_GAP = 1.5
COLUMN_LINES_MAX = 8
NEARER = 0.8
# Labels of where the money goes: the name there may be the vendor's.
REMITTANCE = frozenset(
    ("remitto", "pleaseremitto", "remitpaymentto", "pleaseremitpaymentto", "remittanceaddress", "sendpaymentto")
)


def is_remittance(block: Block) -> bool:
    return block.label is not None and squeeze(block.label.text) in REMITTANCE


def name_in(context: Context, block: Block) -> tuple[str, list[Word]] | None:
    """The name in a block: beside the label `Name:`, else its first lines that can be one."""
    for index in sorted(block.rows):
        for label in context.labelled.labels[index]:
            beside = context.labelled.right_of(label)
            if _heads_a_name(label, beside) and block.contains(beside[0]):
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
    return without_details(without_address(text)), [word for line in lines for word in line]


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


def _heads_a_name(label: Label, beside: list[Word]) -> bool:
    """`Firma:` or `Name` in a column of its own; `Firma Krzak` is a name."""
    if label.meaning.field != "party_name" or not beside:
        return False
    return label.has_colon or beside[0].x0 - label.x1 > PHRASE_GAP * beside[0].height


def _starts_label(context: Context, line: list[Word]) -> bool:
    labelled = context.labelled
    if not labelled.opens_label(line[0]):
        return False
    names = [label for label in labelled.of("party_name") if labelled.tokens[label.row][label.start] is line[0]]
    return not names or any(_heads_a_name(label, labelled.right_of(label)) for label in names)


def opens_with_label(context: Context, phrase: Phrase) -> bool:
    """The phrase is a label or begins with one; a vendor's label is no hindrance to the name after it."""
    first = phrase.words[0]
    for label in context.labelled.labels[phrase.row]:
        opens = abs(context.labelled.tokens[phrase.row][label.start].x0 - first.x0) < 1
        if opens and (label.has_colon or label.x1 >= phrase.x1 - 1 or label.meaning.is_strong):
            return True
    return False


def lines_below(context: Context, first: Word, count: int, phrase: Phrase | None = None) -> list[Phrase]:
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


def column_of(context: Context, name: list[Word]) -> list[Word]:
    """The tokens that stand closely under a party's name."""
    found: list[Word] = []
    for line in lines_below(context, name[0], COLUMN_LINES_MAX) if name else []:
        first, last = line.words[0], line.words[-1]
        found += [word for word in context.labelled.tokens[line.row] if first.x0 <= word.x0 <= last.x1]
    return found
