"""Invoices with line tables in many styles, drawn from a seed, with the truth about their lines.

Each style question is asked by itself (columns and their order, alignment, rules, wrapping, notes, page breaks, number
formats), so that hundreds of seeds meet in combinations that no sample has.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from tests.capture.line_table_words import WORDS, TableWords

CENT = Decimal("0.01")
LEFT, RIGHT, TOP, BOTTOM = 45.0, 550.0, 790.0, 70.0
FONTS = (("Helvetica", "Helvetica-Bold"), ("Times-Roman", "Times-Bold"), ("Courier", "Courier-Bold"))
WIDTHS = {
    "position": 26, "item_code": 66, "quantity": 42, "unit": 32, "unit_price": 58, "price_base": 30, "discount": 44,
    "tax_rate": 40, "tax_amount": 52, "amount": 64, "gross_amount": 64, "order": 52,
}  # fmt: skip
NUMERIC = frozenset(
    ("quantity", "unit_price", "price_base", "discount", "tax_rate", "tax_amount", "amount", "gross_amount")
)
DESCRIPTION_MIN = 120.0
DATE_WIDTH = 58.0
FOOTER = (
    ("Nordkai Trading GmbH", "Kaistr. 12, 20457 Hamburg", "Tel. 040 123456"),
    ("Hafenbank", "IBAN DE89 3704 0044 0532 0130 00", "BIC COBADEFFXXX"),
    ("HRB 12345 Hamburg", "Geschäftsführerin Eva Beispiel", "USt-IdNr. DE136695976"),
)
REFERENCES = (("Kd.-Nr.", "10442"), ("Ref.", "77-2024"), ("Contact", "E. Beispiel"), ("Tel.", "040 123456"))
# What pdfmetrics' built-in fonts cannot draw is transliterated, as many Polish programs do.
POLISH = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")


@dataclass
class Line:
    """What one line of the table says."""

    description: str
    amount: Decimal
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    item_code: str | None = None
    tax_rate: Decimal | None = None
    discount: Decimal | None = None
    price_base: int = 1
    order: str | None = None
    date: str | None = None
    notes: list[str] = field(default_factory=list)
    code_note: str | None = None


@dataclass
class Style:
    """The answers to all questions of style for one document."""

    words: TableWords
    language: str
    font: str
    bold: str
    size: float
    columns: list[str]
    heads: dict[str, str]
    widths: dict[str, float]
    number_align: str
    head_align: str
    symbol: str
    group: str
    point: str
    price_decimals: int
    quantity_decimals: int
    unit_place: str
    vertical: str
    line_gap: float
    note_indent: float
    note_size: float
    rules: str
    has_head: bool
    repeats_head: bool
    carries: bool
    has_groups: bool
    percent_sign: bool
    intro: bool
    rate: int
    is_gross: bool
    position_format: str = "{}"
    is_stacked: bool = False
    has_letterhead: bool = False
    has_tax_table: bool = False
    has_reference_row: bool = False
    has_date_column: bool = False
    document_discount: bool = False
    whole_amounts: bool = False

    @property
    def leading(self) -> float:
        return self.size * 1.22


@dataclass
class TableDocument:
    """The PDF, its true lines, and the style for a failing test to show."""

    content: bytes
    lines: list[Line]
    style: Style


def a_table_document(seed: int, language: str | None = None) -> TableDocument:
    """The document of this seed."""
    draw = random.Random(seed)
    style = _style(draw, language or draw.choice(sorted(WORDS)))
    more = random.Random(f"{seed} more")
    _vary(more, style)
    lines = _lines(draw, style)
    _vary_lines(more, style, lines)
    return TableDocument(_Sheet(style, draw).drawn(lines), lines, style)


# --- style ---


def _style(draw: random.Random, language: str) -> Style:
    words = WORDS[language]
    size = draw.choice((7.5, 8.0, 8.5, 9.0, 9.5))
    font, bold = draw.choices(FONTS, (7, 2, 1))[0]
    if font == "Courier":
        size = min(size, 8.0)
    unit_place = draw.choices(("none", "column", "spaced", "glued"), (35, 35, 22, 8))[0]
    columns = _columns(draw, unit_place == "column", room=RIGHT - LEFT - (40 if font == "Courier" else 0))
    heads = {name: draw.choice(words.heads[name]) for name in columns}
    if "item_code" in heads and heads["item_code"] == heads["description"]:
        heads["item_code"] = words.heads["item_code"][0]
    if draw.random() < 0.2:
        heads = {name: text.upper() for name, text in heads.items()}
    symbol = draw.choices(("", "{}|€", "€|{}", "€{}", "{}€", "{}|EUR"), (55, 15, 8, 8, 8, 6))[0]
    price_decimals = draw.choices((2, 3, 4), (80, 8, 12))[0]
    widths = {name: _width(name, heads[name], bold, size) for name in columns if name != "description"}
    for name in widths.keys() & {"unit_price", "amount", "gross_amount", "tax_amount"}:
        widths[name] += (4 + 4 * len(symbol) if symbol else 0) + 5 * (price_decimals - 2)
    while sum(widths.values()) > RIGHT - LEFT - DESCRIPTION_MIN:
        extra = [
            name for name in columns if name in widths and name not in ("amount", "quantity", "unit_price", "unit")
        ]
        dropped = draw.choice(extra or ["unit"])
        columns.remove(dropped)
        del widths[dropped]
    widths["description"] = RIGHT - LEFT - sum(widths.values())
    vertical = draw.choices(("top", "middle", "bottom"), (78, 15, 7))[0]
    line_gap = draw.choices((0.0, 0.25, 0.6, 1.0, 1.8), (12, 18, 30, 25, 15))[0]
    note_indent, note_size = draw.choice(((0.0, -1.0), (6.0, 0.0), (12.0, -1.0), (12.0, 0.0), (0.0, 0.0)))
    has_head = draw.random() > 0.04
    return Style(
        words=words,
        language=language,
        font=font,
        bold=bold,
        size=size,
        columns=columns,
        heads=heads,
        widths=widths,
        number_align=draw.choices(("right", "centre", "left"), (84, 9, 7))[0],
        head_align=draw.choices(("same", "left", "centre"), (65, 20, 15))[0],
        symbol=symbol,
        group=draw.choice(("", "." if words.decimal == "," else ",", " " if words.decimal == "," else ",")),
        point=words.decimal,
        price_decimals=price_decimals,
        quantity_decimals=draw.choices((0, 2, 3), (65, 27, 8))[0],
        unit_place=unit_place,
        vertical=vertical,
        # Without space between lines nobody could tell whose row it is when numbers stand in the middle.
        line_gap=line_gap if vertical == "top" else max(line_gap, 0.25),
        note_indent=note_indent,
        note_size=note_size,
        rules=draw.choice(("none", "head", "rows", "grid")),
        has_head=has_head,
        repeats_head=draw.random() < 0.7,
        carries=draw.random() < 0.25,
        has_groups=draw.random() < 0.1,
        percent_sign=draw.random() < 0.6,
        intro=draw.random() < 0.1,
        rate=draw.choice((19, 20, 21, 7, 25)),
        is_gross=draw.random() < 0.04,
    )


def _vary(draw: random.Random, style: Style) -> None:
    """Further questions of style, each answered unusually now and then."""
    style.position_format = draw.choice(("{}", "{}", "{}.", "{:03}", "{}0"))
    style.has_letterhead = draw.random() < 0.5
    style.has_tax_table = draw.random() < 0.25
    style.has_reference_row = draw.random() < 0.2
    style.document_discount = draw.random() < 0.06 and not style.is_gross
    style.whole_amounts = draw.random() < 0.03
    if style.language in ("de", "fr", "it") and draw.random() < 0.1:
        style.group, style.point = "'", "."
    code, name = (style.columns.index(kind) if kind in style.columns else -9 for kind in ("item_code", "description"))
    if code == name - 1 and style.has_head and style.vertical == "top" and draw.random() < 0.25:
        style.is_stacked = True
        style.columns.remove("item_code")
        style.widths["description"] += style.widths.pop("item_code")
    if style.widths["description"] > DATE_WIDTH + DESCRIPTION_MIN and draw.random() < 0.08:
        style.columns.insert(style.columns.index("description") + draw.choice((0, 1)), "date")
        style.heads["date"] = style.words.date
        style.widths["date"] = DATE_WIDTH
        style.widths["description"] -= DATE_WIDTH


def _vary_lines(draw: random.Random, style: Style, lines: list[Line]) -> None:
    """Returned goods, free goods, lines billed as a whole, and amounts without cents."""
    kind = draw.choices(("", "returned", "free", "lump"), (80, 7, 7, 6))[0]
    goods = [line for line in lines if line.quantity is not None and line.unit_price is not None]
    for line in draw.sample(goods, min(len(goods) - 1, draw.choice((1, 2)))) if len(goods) > 1 else ():
        if kind == "returned":
            line.quantity, line.amount = -(line.quantity or Decimal(0)), -line.amount
        elif kind == "free":
            line.unit_price, line.amount = (
                Decimal(0).quantize(Decimal(1).scaleb(-style.price_decimals)),
                Decimal("0.00"),
            )
        elif kind == "lump":
            line.quantity = line.unit = line.unit_price = line.discount = None
    if sum(line.amount for line in lines) <= 0:
        for line in lines:
            line.amount = abs(line.amount)
            line.quantity = abs(line.quantity) if line.quantity is not None else None
    for line in lines:
        line.date = _date(draw)


def _width(name: str, head: str, font: str, size: float) -> float:
    """Room for the values, and for the longest word of the head."""
    longest = max(stringWidth(word, font, size) for word in head.split())
    return max(WIDTHS[name] * (size / 8.5) ** 0.5, longest + 7)


def _columns(draw: random.Random, unit_column: bool, room: float) -> list[str]:
    """A choice of columns in an order that somebody uses, with room left for the description."""
    names = ["description", "amount"]
    for name, share in (
        ("quantity", 0.93), ("unit_price", 0.88), ("position", 0.5), ("item_code", 0.35), ("tax_rate", 0.35),
        ("discount", 0.12), ("gross_amount", 0.08), ("tax_amount", 0.05), ("order", 0.05), ("price_base", 0.05),
    ):  # fmt: skip
        if draw.random() < share:
            names.append(name)
    if unit_column and "quantity" in names:
        names.append("unit")
    if "unit_price" not in names or "quantity" not in names:
        names = [name for name in names if name not in ("price_base", "discount")]
    if "tax_rate" not in names:
        names = [name for name in names if name != "tax_amount"]
    while room - sum(WIDTHS[name] for name in names if name != "description") < DESCRIPTION_MIN:
        extras = [n for n in names if n not in ("description", "amount", "quantity", "unit_price")]
        names.remove(draw.choice(extras))
    text = [name for name in ("item_code", "description") if name in names]
    if draw.random() < 0.2:
        text.reverse()
    numbers = draw.choice((
        ("quantity", "unit", "unit_price", "price_base", "discount", "tax_rate", "tax_amount", "amount", "gross_amount"),
        ("quantity", "unit", "unit_price", "price_base", "discount", "amount", "tax_rate", "tax_amount", "gross_amount"),
        ("unit_price", "price_base", "quantity", "unit", "discount", "tax_rate", "tax_amount", "amount", "gross_amount"),
        ("tax_rate", "quantity", "unit", "unit_price", "price_base", "discount", "amount", "tax_amount", "gross_amount"),
        ("unit", "quantity", "unit_price", "price_base", "discount", "tax_rate", "tax_amount", "amount", "gross_amount"),
    ))  # fmt: skip
    after = [name for name in numbers if name in names]
    before: list[str] = []
    if draw.random() < 0.2:
        before = [name for name in after if name in ("quantity", "unit")]
        after = [name for name in after if name not in before]
    return [
        *(["position"] if "position" in names else []),
        *before,
        *text,
        *(["order"] if "order" in names else []),
        *after,
    ]


# --- lines ---


def _lines(draw: random.Random, style: Style) -> list[Line]:
    count = draw.choices((1, 2, 3, 4, 5, 8, 12, 18, 30, 60), (8, 12, 18, 14, 12, 12, 9, 6, 5, 4))[0]
    lines = [_goods(draw, style) for _ in range(count)]
    words = style.words
    notes = draw.random() < 0.3
    coded = "item_code" not in style.columns and not style.is_stacked and draw.random() < 0.15
    for line in lines:
        if notes and draw.random() < 0.6:
            # What looks just like the name is only told from it by a label.
            known = [note for note in words.notes if style.note_indent or style.note_size or ":" in note]
            line.notes = [
                note.format(n=draw.randint(1000, 99999), d=_date(draw))
                for note in draw.sample(known, draw.choice((1, 1, 2)))
            ]
        if coded:
            line.item_code = _code(draw)
            line.code_note = draw.choice(words.code_labels).format(c=line.item_code)
    rate = Decimal(style.rate) if "tax_rate" in style.columns else None
    if draw.random() < 0.12 and count > 1:
        lines.append(Line(words.freight, _money(draw, 5, 60), tax_rate=rate))
    if draw.random() < 0.08 and count > 1:
        lines.append(Line(words.discount, -_money(draw, 1, 4), tax_rate=rate))
    return lines


def _goods(draw: random.Random, style: Style) -> Line:
    words = style.words
    description = draw.choice(words.goods)
    for more in draw.sample(words.more, draw.choice((0, 0, 0, 1, 1, 2, 3))):
        description += ("," if draw.random() < 0.5 else "") + " " + more
    step = Decimal(1).scaleb(-style.price_decimals)
    price = Decimal(str(round(draw.choice((draw.uniform(0.5, 9), draw.uniform(5, 200), draw.uniform(100, 4000))), 4)))
    price = max(price.quantize(step), step)
    if draw.random() < 0.3:
        price = max(price.quantize(Decimal(1)), Decimal(1)).quantize(step)
    quantity = Decimal(draw.choice((1, 1, 2, 3, 4, 5, 10, 12, 25, 100, 250)))
    if style.quantity_decimals and draw.random() < 0.4:
        quantity += Decimal(draw.choice(("0.5", "0.25", "0.75")))
    base = 100 if "price_base" in style.columns and draw.random() < 0.6 else 1
    discount = None
    if "discount" in style.columns and draw.random() < 0.6:
        discount = Decimal(draw.choice((5, 10, 15, 20, 50)))
    amount = quantity * price / base * (1 - (discount or Decimal(0)) / 100)
    amount = amount.quantize(CENT, ROUND_HALF_UP)
    unit = draw.choice(words.units) if style.unit_place != "none" else None
    return Line(
        description,
        amount,
        quantity=quantity if "quantity" in style.columns else None,
        unit=unit if "quantity" in style.columns else None,
        unit_price=price if "unit_price" in style.columns else None,
        item_code=_code(draw) if "item_code" in style.columns or style.is_stacked else None,
        tax_rate=Decimal(style.rate) if "tax_rate" in style.columns else None,
        discount=discount,
        price_base=base,
        order=f"PO-{draw.randint(1000, 9999)}" if "order" in style.columns else None,
    )


def _code(draw: random.Random) -> str:
    return draw.choice((
        f"{draw.randint(10000, 99999)}", f"A-{draw.randint(100, 999)}", f"{draw.choice('KLMX')}{draw.randint(1000, 9999)}",
        f"{draw.randint(100, 999)}.{draw.randint(100, 999)}", f"HS-{draw.randint(10, 99)}/{draw.randint(1, 9)}",
    ))  # fmt: skip


def _date(draw: random.Random) -> str:
    return f"{draw.randint(1, 28):02}.{draw.randint(1, 12):02}.2024"


def _money(draw: random.Random, low: int, high: int) -> Decimal:
    return Decimal(draw.randint(low * 100, high * 100)) / 100


# --- drawing ---


class _Sheet:
    """Draws one invoice from the top of the first page to the totals."""

    def __init__(self, style: Style, draw: random.Random) -> None:
        self.style = style
        self.draw = draw
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=A4, invariant=True)
        self.y = TOP
        self.edges: dict[str, float] = {}
        x = LEFT
        for name in style.columns:
            self.edges[name] = x
            x += style.widths[name]

    def drawn(self, lines: list[Line]) -> bytes:
        self._opening()
        if self.style.has_head:
            self._head()
        self._body(lines)
        self._totals(lines)
        self.canvas.save()
        return self.buffer.getvalue()

    def _text(
        self, x: float, y: float, text: str, *, bold: bool = False, size: float = 0.0, align: str = "left"
    ) -> None:
        style = self.style
        font, size = (style.bold if bold else style.font), size or style.size
        if style.language == "pl":
            text = text.translate(POLISH)
        self.canvas.setFont(font, size)
        if align == "right":
            self.canvas.drawRightString(x, y, text)
        elif align == "centre":
            self.canvas.drawCentredString(x, y, text)
        else:
            self.canvas.drawString(x, y, text)

    def _opening(self) -> None:
        words = self.style.words
        self._text(LEFT, self.y, "Nordkai Trading GmbH", bold=True, size=12)
        self._text(LEFT, self.y - 14, "Kaistr. 12, 20457 Hamburg")
        self._text(LEFT, self.y - 60, "Muster AG")
        self._text(LEFT, self.y - 72, "Hauptstr. 5")
        self._text(LEFT, self.y - 84, "10115 Berlin")
        self._text(LEFT, self.y - 125, words.title, bold=True, size=15)
        self._text(330, self.y - 60, words.number)
        self._text(460, self.y - 60, f"RE-{self.draw.randint(1000, 9999)}")
        self._text(330, self.y - 74, words.issued)
        self._text(460, self.y - 74, "14.03.2024")
        self.y -= 160
        if self.style.has_reference_row:
            for x, (head, value) in zip((LEFT, 170, 300, 430), REFERENCES, strict=True):
                self._text(x, self.y, head, bold=True, size=7)
                self._text(x, self.y - 10, value, size=7)
            self.y -= 34

    def _head(self) -> None:
        style = self.style
        cells = {
            name: _wrapped(style.heads[name], style.widths[name] - 3, style.bold, style.size) for name in style.columns
        }
        if style.is_stacked:
            cells["description"] = [style.heads["item_code"], style.heads["description"]]
        rows = max(map(len, cells.values()))
        if style.rules in ("head", "rows", "grid"):
            self.canvas.line(LEFT, self.y + style.size + 2, RIGHT, self.y + style.size + 2)
        for name, texts in cells.items():
            self._cell(name, texts, self.y, bold=True, head=True)
        self.y -= (rows - 1) * style.leading
        if style.rules != "none":
            self.canvas.line(LEFT, self.y - 4, RIGHT, self.y - 4)
        self.y -= style.leading * 1.5 + (2 if style.rules != "none" else 0)

    def _cell(self, name: str, texts: list[str], y: float, *, bold: bool = False, head: bool = False) -> None:
        style = self.style
        align = style.number_align if name in NUMERIC else "left"
        if head and style.head_align != "same" and name in NUMERIC:
            align = style.head_align
        x0, width = self.edges[name], style.widths[name]
        x = {"left": x0, "right": x0 + width - 4, "centre": x0 + (width - 4) / 2}[align]
        for place, text in enumerate(texts):
            self._text(x, y - place * style.leading, text, bold=bold, align=align)

    def _body(self, lines: list[Line]) -> None:
        style = self.style
        if style.intro:
            self._text(LEFT + 3, self.y, style.words.terms)
            self.y -= style.leading * 2
        running = group_sum = Decimal(0)
        groups = list(style.words.groups) if style.has_groups and len(lines) > 3 else []
        size = len(lines) // max(1, len(groups)) + 1
        group = ""
        for place, line in enumerate(lines):
            if groups and place % size == 0:
                if group:
                    self._sum_row(style.words.subtotal.format(g=group), group_sum)
                group, group_sum = groups[place // size], Decimal(0)
                self._text(self.edges["description"], self.y, group, bold=True)
                self.y -= style.leading * 1.3
            if self.y - self._height(line) < BOTTOM:
                self._turn(running)
            self._line(line, place + 1)
            running += line.amount
            group_sum += line.amount
        if group:
            self._sum_row(style.words.subtotal.format(g=group), group_sum)

    def _sum_row(self, text: str, amount: Decimal) -> None:
        self._text(self.edges["description"], self.y, text, bold=True)
        self._cell("amount", [self._amount(amount)], self.y, bold=True)
        self.y -= self.style.leading * 1.6

    def _turn(self, running: Decimal) -> None:
        style = self.style
        if style.carries:
            self._sum_row(style.words.carried[0], running)
        self._end_page()
        if style.repeats_head and style.has_head:
            self._head()
        if style.carries:
            self._sum_row(style.words.carried[1], running)

    def _end_page(self) -> None:
        """A footer with the bank and the next page's letterhead, or only a page number."""
        page = self.canvas.getPageNumber()
        if not self.style.has_letterhead:
            self._text(300, 30, f"{page}")
            self.canvas.showPage()
            self.y = TOP
            return
        for x, texts in ((LEFT, FOOTER[0]), (230, FOOTER[1]), (420, FOOTER[2])):
            for place, text in enumerate(texts):
                self._text(x, 42 - 8 * place, text, size=6.5)
        self.canvas.showPage()
        self._text(LEFT, 800, "Nordkai Trading GmbH, Kaistr. 12, 20457 Hamburg", size=7)
        self._text(460, 800, f"{page + 1} / 9", size=7)
        self.y = TOP - 20

    def _rows(self, line: Line) -> list[str]:
        rows = _wrapped(line.description, self.style.widths["description"] - 6, self.style.font, self.style.size)
        return [line.item_code, *rows] if self.style.is_stacked and line.item_code else rows

    def _height(self, line: Line) -> float:
        rows = len(self._rows(line)) + len(line.notes) + (1 if line.code_note else 0) + 1
        return rows * self.style.leading

    def _line(self, line: Line, place: int) -> None:
        style = self.style
        rows = self._rows(line)
        below = [*([line.code_note] if line.code_note else []), *line.notes]
        shift = {"top": 0.0, "middle": (len(rows) - 1) / 2, "bottom": float(len(rows) - 1)}[style.vertical]
        for name in style.columns:
            if name == "description":
                self._cell(name, rows, self.y)
            elif (text := self._value(name, line, place)) is not None:
                self._cell(name, [text], self.y - shift * style.leading)
        self.y -= len(rows) * style.leading
        for note in below:
            self._text(self.edges["description"] + style.note_indent, self.y, note, size=style.size + style.note_size)
            self.y -= style.leading
        if style.rules in ("rows", "grid"):
            self.canvas.line(LEFT, self.y + style.leading - 3, RIGHT, self.y + style.leading - 3)
        self.y -= style.line_gap * style.leading + (3 if style.rules in ("rows", "grid") else 0)

    def _value(self, name: str, line: Line, place: int) -> str | None:
        style = self.style
        if name == "position":
            return style.position_format.format(place)
        if name == "quantity":
            return self._quantity(line)
        if name == "price_base":
            return f"{line.price_base}" if line.unit_price is not None and line.quantity is not None else None
        if name in ("discount", "tax_rate"):
            rate = line.discount if name == "discount" else line.tax_rate
            sign = " %" if style.percent_sign and style.words.decimal == "," else "%" if style.percent_sign else ""
            return None if rate is None else f"{rate}{sign}"
        if name in ("tax_amount", "gross_amount"):
            tax = (line.amount * style.rate / 100).quantize(CENT, ROUND_HALF_UP)
            return self._amount(tax if name == "tax_amount" else tax + line.amount)
        if name == "amount":
            return self._amount(line.amount)
        if name == "unit_price":
            return None if line.unit_price is None else self._amount(line.unit_price, style.price_decimals)
        found: str | None = getattr(line, name)
        return found

    def _quantity(self, line: Line) -> str | None:
        if line.quantity is None:
            return None
        text = self._number(line.quantity, self.style.quantity_decimals)
        if line.unit and self.style.unit_place in ("spaced", "glued"):
            text += (" " if self.style.unit_place == "spaced" else "") + line.unit
        return text

    def _amount(self, value: Decimal, decimals: int = 2) -> str:
        text = self._number(value, decimals)
        symbol = self.style.symbol.replace("|", " ")
        return symbol.format(text) if symbol else text

    def _number(self, value: Decimal, decimals: int) -> str:
        text = f"{value:,.{decimals}f}".replace(",", "\0").replace(".", self.style.point)
        return text.replace("\0", self.style.group)

    def _totals(self, lines: list[Line]) -> None:
        style = self.style
        if self.y < BOTTOM + 120:
            self._end_page()
        net = total = sum((line.amount for line in lines), Decimal(0))
        rate = Decimal(style.rate)
        if style.is_gross:
            net = (total * 100 / (100 + rate)).quantize(CENT, ROUND_HALF_UP)
        off = (total * 3 / 100).quantize(CENT, ROUND_HALF_UP) if style.document_discount else Decimal(0)
        net -= off
        tax = total - net if style.is_gross else (net * rate / 100).quantize(CENT, ROUND_HALF_UP)
        self.y -= 14
        rows = [*zip(style.words.totals, (net, tax, net + tax), strict=True)]
        if off:
            rows.insert(0, (f"{style.words.discount} 3%", -off))
        for label, value in rows:
            self._text(360, self.y, label.format(r=style.rate), bold=True)
            self._text(RIGHT - 4, self.y, self._amount(value), bold=True, align="right")
            self.y -= 14
        if style.has_tax_table:
            self.y -= 12
            heads = (style.words.heads["tax_rate"][0], style.words.totals[0], style.words.heads["tax_amount"][0])
            for x, head, text in zip((160, 260, 360), heads, (f"{rate}%", net, tax), strict=True):
                self._text(x, self.y, head, bold=True, align="right")
                self._text(x, self.y - 12, text if isinstance(text, str) else self._amount(text), align="right")
            self.y -= 30
        self._text(LEFT, self.y - 20, style.words.terms)


def _wrapped(text: str, width: float, font: str, size: float) -> list[str]:
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and stringWidth(longer, font, size) <= width:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def as_labels(line: Line) -> dict[str, Any]:
    """The line in the words of captured lines."""
    return {
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount": line.amount,
        "item_code": line.item_code,
        "unit": line.unit,
        "tax_rate": line.tax_rate,
    }
