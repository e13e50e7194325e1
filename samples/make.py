"""Makes the sample invoices that are our own; the real ones came from elsewhere (SOURCES.md).

Everything on them is invented: companies, VAT ids (their check digits hold) and accounts of banks that do not exist.
The same run gives the same bytes, so a second `python samples/make.py` changes no file.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from email.message import EmailMessage
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]  # ships no types
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).parent
CENT = Decimal("0.01")
LEFT, RIGHT = 20 * mm, 190 * mm
TRUNCATED_AT = Decimal("0.45")
SCAN_DOTS_PER_INCH, SCAN_TILT_DEGREES = 150, 0.8

BUYER = (
    "Northwind Deutschland GmbH",
    "Hafenstraße 9",
    "20459 Hamburg",
    "Germany",
)
BUYER_VAT_ID = "DE300417011"


@dataclass(frozen=True)
class Seller:
    name: str
    address: tuple[str, ...]
    vat_id: str
    iban: str
    email: str
    colour: str


@dataclass(frozen=True)
class Line:
    code: str
    description: str
    quantity: str
    unit: str
    price: str

    @property
    def amount(self) -> Decimal:
        return rounded(Decimal(self.quantity) * Decimal(self.price))


@dataclass(frozen=True)
class Paper:
    """One invoice: what is on it and in which layout."""

    seller: Seller
    number: str
    issued: date
    due: date
    order: str | None
    lines: tuple[Line, ...]
    tax_percent: str
    layout: Callable[[Canvas, Paper], None]
    note: str = ""

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return rounded(self.net * Decimal(self.tax_percent) / 100)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def pdf_of(paper: Paper) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True, pageCompression=0)
    canvas.setTitle(f"Invoice {paper.number}")
    canvas.setAuthor(paper.seller.name)
    paper.layout(canvas, paper)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


# Layouts. Heights are measured from the top of the page, as people measure paper.


def letter(canvas: Canvas, paper: Paper) -> None:
    """A letter: sender on top, details in a column on the right, lines ruled above and below."""
    seller = paper.seller
    write(canvas, LEFT, 22, seller.name, size=16, bold=True, colour=seller.colour)
    for row, text in enumerate((*seller.address, seller.email)):
        write(canvas, LEFT, 29 + 4.5 * row, text, size=8.5, colour="#555555")
    for row, text in enumerate(BUYER):
        write(canvas, LEFT, 60 + 5 * row, text)
    write(canvas, 120 * mm, 60, "INVOICE", size=18, bold=True)
    details = details_of(paper)
    for row, (label, value) in enumerate(details):
        write(canvas, 120 * mm, 70 + 5.5 * row, f"{label}:", bold=True)
        write(canvas, RIGHT, 70 + 5.5 * row, value, align="right")
    top = 112
    rule(canvas, top - 5)
    below = table(canvas, paper, top, fill=None)
    rule(canvas, below)
    below = totals(canvas, paper, below + 8)
    footer(canvas, paper, below + 14)


def banner(canvas: Canvas, paper: Paper) -> None:
    """A coloured band with the sender's name, details in a row of boxes under the addresses."""
    seller = paper.seller
    canvas.setFillColor(colors.HexColor(seller.colour))
    canvas.rect(0, A4[1] - 30 * mm, A4[0], 30 * mm, stroke=0, fill=1)
    write(canvas, LEFT, 19, seller.name, size=18, bold=True, colour="#ffffff")
    write(canvas, RIGHT, 19, "Invoice", size=18, colour="#ffffff", align="right")
    write(canvas, LEFT, 40, "Bill to", size=8.5, bold=True, colour="#555555")
    for row, text in enumerate(BUYER):
        write(canvas, LEFT, 46 + 5 * row, text)
    write(canvas, 120 * mm, 40, "From", size=8.5, bold=True, colour="#555555")
    for row, text in enumerate((seller.name, *seller.address)):
        write(canvas, 120 * mm, 46 + 5 * row, text)
    details = details_of(paper)
    width = (RIGHT - LEFT) / len(details)
    for column, (label, value) in enumerate(details):
        write(canvas, LEFT + column * width, 82, label, size=8, bold=True, colour="#555555")
        write(canvas, LEFT + column * width, 88, value)
    below = table(canvas, paper, 104, fill=seller.colour)
    below = totals(canvas, paper, below + 10)
    footer(canvas, paper, below + 14)


def ledger(canvas: Canvas, paper: Paper) -> None:
    """Sober: title first, sender and customer side by side, every label before its value."""
    seller = paper.seller
    write(canvas, LEFT, 20, f"Invoice {paper.number}", size=17, bold=True)
    rule(canvas, 25)
    write(canvas, LEFT, 33, "Supplier", bold=True, colour=seller.colour)
    for row, text in enumerate((seller.name, *seller.address, seller.email)):
        write(canvas, LEFT, 39 + 5 * row, text)
    write(canvas, 120 * mm, 33, "Customer", bold=True, colour=seller.colour)
    for row, text in enumerate((*BUYER, f"VAT No. {BUYER_VAT_ID}")):
        write(canvas, 120 * mm, 39 + 5 * row, text)
    for row, (label, value) in enumerate(details_of(paper)):
        write(canvas, LEFT, 76 + 5.5 * row, label, colour="#555555")
        write(canvas, LEFT + 40 * mm, 76 + 5.5 * row, value)
    below = table(canvas, paper, 112, fill=None)
    rule(canvas, below)
    below = totals(canvas, paper, below + 8)
    footer(canvas, paper, below + 14)


def details_of(paper: Paper) -> list[tuple[str, str]]:
    found = [
        ("Invoice number", paper.number),
        ("Invoice date", f"{paper.issued:%d %B %Y}"),
        ("Due date", f"{paper.due:%d %B %Y}"),
    ]
    if paper.order:
        found.append(("Purchase order", paper.order))
    return found


COLUMNS = (("Item code", 0, "left"), ("Description", 28, "left"), ("Quantity", 105, "right"), ("Unit", 110, "left"),
           ("Unit price", 143, "right"), ("Amount", 168, "right"))  # fmt: skip


def table(canvas: Canvas, paper: Paper, top: float, *, fill: str | None) -> float:
    """The line table; returns the height below it."""
    if fill:
        canvas.setFillColor(colors.HexColor(fill))
        canvas.rect(LEFT - 2 * mm, y_of(top + 2), RIGHT - LEFT + 4 * mm, 7 * mm, stroke=0, fill=1)
    for title, offset, align in COLUMNS:
        write(canvas, LEFT + offset * mm, top, title, bold=True, align=align, colour="#ffffff" if fill else "#000000")
    height = top
    for line in paper.lines:
        height += 8
        values = (line.code, line.description, line.quantity, line.unit, line.price, money(line.amount))
        for (_, offset, align), value in zip(COLUMNS, values, strict=True):
            write(canvas, LEFT + offset * mm, height, value, align=align)
    return height + 5


def totals(canvas: Canvas, paper: Paper, top: float) -> float:
    rows = (
        ("Subtotal", money(paper.net), False),
        (f"VAT amount ({paper.tax_percent}%)", money(paper.tax), False),
        ("Total EUR", money(paper.gross), True),
    )
    for row, (label, value, bold) in enumerate(rows):
        write(canvas, 130 * mm, top + 6 * row, label, bold=bold)
        write(canvas, RIGHT - 2 * mm, top + 6 * row, value, bold=bold, align="right")
    return top + 18


def footer(canvas: Canvas, paper: Paper, top: float) -> None:
    days = (paper.due - paper.issued).days
    for row, text in enumerate(filter(None, (paper.note, f"Payment terms: {days} days net."))):
        write(canvas, LEFT, top + 5 * row, text)
    seller = paper.seller
    rule(canvas, 277)
    write(canvas, LEFT, 282, f"{seller.name}   VAT No. {seller.vat_id}   IBAN {spaced(seller.iban)}", size=8)


def write(
    canvas: Canvas,
    x: float,
    height: float,
    text: str,
    *,
    size: float = 9.5,
    bold: bool = False,
    colour: str = "#000000",
    align: str = "left",
) -> None:
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    canvas.setFillColor(colors.HexColor(colour))
    draw = canvas.drawRightString if align == "right" else canvas.drawString
    draw(x, y_of(height), text)


def rule(canvas: Canvas, height: float) -> None:
    canvas.setStrokeColor(colors.HexColor("#999999"))
    canvas.line(LEFT, y_of(height), RIGHT, y_of(height))


def y_of(height: float) -> float:
    return float(A4[1] - height * mm)


def spaced(iban: str) -> str:
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


# What is on them.

BRIGHTWATER = Seller(
    "Brightwater Advisory GmbH",
    ("Am Kanal 17", "20457 Hamburg", "Germany"),
    "DE300417003",
    "DE28999999990000417010",
    "accounts@brightwater-advisory.example",
    "#1f5f8b",
)
KESTREL = Seller(
    "Kestrel Fasteners Ltd",
    ("12 Quarry Road", "Cork, T12 RW80", "Ireland"),
    "IE9901417L",
    "IE29FAKE99999900417230",
    "billing@kestrel-fasteners.example",
    "#7a2e2e",
)
NORTHGATE = Seller(
    "Northgate Packaging B.V.",
    ("Havenstraat 88", "3011 TB Rotterdam", "Netherlands"),
    "NL850417004B01",
    "NL34FAKE0000417230",
    "facturen@northgate-packaging.example",
    "#2e6b4f",
)
LUMEN = Seller(
    "Lumen Electrical Supplies SAS",
    ("9 rue des Ateliers", "69007 Lyon", "France"),
    "FR96904170008",
    "FR2899999999990000041723433",
    "comptabilite@lumen-electrical.example",
    "#b36a00",
)
OAKFIELD = Seller(
    "Oakfield Timber AB",
    ("Sågverksgatan 3", "414 51 Göteborg", "Sweden"),
    "SE556600400701",
    "SE9699900000000004172305",
    "invoices@oakfield-timber.example",
    "#4d5b2a",
)
PENNANT = Seller(
    "Pennant Facilities Services Ltd",
    ("3 Mill Street", "Galway, H91 E2K5", "Ireland"),
    "IE9901417OH",
    "IE23FAKE99999900417241",
    "accounts@pennant-facilities.example",
    "#4b3f72",
)

SERVICES = Paper(
    BRIGHTWATER,
    "BW-2026-0417",
    date(2026, 4, 2),
    date(2026, 5, 2),
    "PO10101",
    (
        Line("SRV-REVIEW", "Process review, senior consultant", "16", "hour", "118.00"),
        Line("SRV-WKSHP", "Supplier workshop, one day on site", "1", "day", "640.00"),
    ),
    "19",
    letter,
    "Services rendered in March 2026.",
)
PAPERS: dict[str, Paper] = {
    "brightwater-services.pdf": SERVICES,
    "brightwater-services-copy.pdf": Paper(
        BRIGHTWATER,
        SERVICES.number,
        SERVICES.issued,
        SERVICES.due,
        SERVICES.order,
        SERVICES.lines,
        SERVICES.tax_percent,
        ledger,
        "Copy, sent again by post.",
    ),
    "kestrel-bolts.pdf": Paper(
        KESTREL,
        "KF-88213",
        date(2026, 4, 9),
        date(2026, 5, 9),
        "PO10102",
        (
            Line("KF-M8-40", "Hex bolt M8 x 40, A2, box of 100", "200", "box", "11.40"),
            Line("KF-W8", "Washer M8, A2, box of 250", "100", "box", "2.15"),
        ),
        "23",
        banner,
    ),
    "northgate-cartons.pdf": Paper(
        NORTHGATE,
        "2026-30551",
        date(2026, 4, 4),
        date(2026, 4, 18),
        "PO10103",
        (
            Line("CTN-644", "Double-wall carton 600 x 400 x 400", "500", "pcs", "1.59"),
            Line("TAPE-48", "Packing tape 48 mm, clear", "60", "roll", "2.10"),
        ),
        "21",
        ledger,
    ),
    "lumen-panels.pdf": Paper(
        LUMEN,
        "LES/26/1188",
        date(2026, 4, 6),
        date(2026, 5, 6),
        "PO10104",
        (
            Line("LP-6060-36", "LED panel 60 x 60, 36 W, 4000 K", "24", "pcs", "48.60"),
            Line("EXIT-LED", "Emergency exit sign, LED, self-test", "6", "pcs", "31.50"),
        ),
        "20",
        banner,
    ),
    "oakfield-plywood-1.pdf": Paper(
        OAKFIELD,
        "OT-50217",
        date(2026, 3, 28),
        date(2026, 4, 27),
        "PO10105",
        (Line("PLY-18", "Birch plywood 18 mm, 2500 x 1250", "60", "pcs", "42.50"),),
        "25",
        letter,
        "First of two deliveries.",
    ),
    "oakfield-plywood-2.pdf": Paper(
        OAKFIELD,
        "OT-50264",
        date(2026, 4, 12),
        date(2026, 5, 12),
        "PO10105",
        (Line("PLY-18", "Birch plywood 18 mm, 2500 x 1250", "40", "pcs", "42.50"),),
        "25",
        letter,
        "Second of two deliveries.",
    ),
    "pennant-windows.pdf": Paper(
        PENNANT,
        "PFS-7741",
        date(2026, 4, 3),
        date(2026, 4, 17),
        None,
        (Line("WIN-Q", "Window cleaning, all floors, autumn", "1", "visit", "380.00"),),
        "23",
        ledger,
        "Ordered by telephone.",
    ),
}
SCANNED = Paper(
    PENNANT,
    "PFS-7758",
    date(2026, 4, 9),
    date(2026, 4, 23),
    None,
    (Line("AWN-C", "Awnings cleaned and oiled, south side", "6", "pcs", "41.50"),),
    "23",
    ledger,
    "Ordered by telephone.",
)
LOCKED = Paper(
    LUMEN,
    "LES/26/1201",
    date(2026, 4, 10),
    date(2026, 5, 10),
    "PO10104",
    (Line("EXIT-LED", "Emergency exit sign, LED, self-test", "4", "pcs", "31.50"),),
    "20",
    banner,
)


def locked(pdf: bytes) -> bytes:
    """The document behind a password that nobody has; the old cipher, because it has no random part."""
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        password = pikepdf.Encryption(
            user="not-to-be-guessed-4417", owner="nor-this-one-7714", R=3, aes=False, metadata=False
        )
        document.save(file, encryption=password, static_id=True, compress_streams=False)
    return file.getvalue()


def scanned(pdf: bytes) -> bytes:
    """The first page as an office scanner has it: grey, and not quite straight on the glass."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0].render(scale=SCAN_DOTS_PER_INCH / 72, grayscale=True).to_pil()
    tilted = page.rotate(SCAN_TILT_DEGREES, fillcolor=255, resample=Image.Resampling.BICUBIC)
    file = io.BytesIO()
    tilted.point(lambda shade: shade // 32 * 36).save(file, "PNG", optimize=True)
    return file.getvalue()


def mailed(pdf: bytes, name: str) -> bytes:
    """The document attached to an e-mail, as the receiving server stores it with what it found about the sender."""
    message = EmailMessage()
    message["Authentication-Results"] = "mx.northwind.example; spf=pass smtp.mailfrom=brightwater-advisory.example;"
    message["From"] = "Brightwater Advisory <accounts@brightwater-advisory.example>"
    message["To"] = "invoices@northwind.example"
    message["Subject"] = "Our invoice once more"
    message["Date"] = "Mon, 20 Apr 2026 09:12:00 +0200"
    message["Message-ID"] = "<20260420-0912@brightwater-advisory.example>"
    message.set_content("Dear colleagues,\n\nour invoice is attached, in case it got lost.\n")
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    message.set_boundary("=_brightwater_20260420")
    return message.as_bytes()


def truncated(pdf: bytes) -> bytes:
    """What a broken transfer leaves of a document."""
    return pdf[: int(len(pdf) * TRUNCATED_AT)]


def main() -> None:
    files = {name: pdf_of(paper) for name, paper in PAPERS.items()}
    files["lumen-locked.pdf"] = locked(pdf_of(LOCKED))
    files["northgate-torn.pdf"] = truncated(files["northgate-cartons.pdf"])
    files["pennant-awnings-scan.png"] = scanned(pdf_of(SCANNED))
    files["brightwater-mail.eml"] = mailed(files["brightwater-services.pdf"], "brightwater-services.pdf")
    for name, content in files.items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
