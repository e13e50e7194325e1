"""Invoices drawn in many styles from a seed, each with what it says: languages, layouts, customs of dates and numbers.

The words of `invoice_words.json` are collected apart from the label files that the reader uses, so a term that the
reader does not know shows. A drawn invoice has what surrounds the fields in real ones: other dates and numbers, persons,
several addresses, bank details, a register line, a second page with repeated heads, a payment slip.
"""

from __future__ import annotations

import io
import json
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture.identifiers import is_iban, is_vat_id
from counterfoil.capture.layout.vocabulary import LANGUAGES_FOLDER

CENT = Decimal("0.01")
# Helvetica with the letters of other code pages, named as the Adobe glyph list names them.
CODE_PAGES = {"cs": "cp1250", "pl": "cp1250", "hu": "cp1250", "ro": "iso8859_16", "tr": "cp1254"}
ACCENTS = {"\u030c": "caron", "\u0301": "acute", "\u0328": "ogonek", "\u0307": "dotaccent", "\u0306": "breve", "\u0326": "commaaccent", "\u0327": "cedilla", "\u030b": "hungarumlaut", "\u030a": "ring", "\u0308": "dieresis", "\u0302": "circumflex"}  # fmt: skip
NAMED = {"ż": "uni017C", "Ż": "uni017B", "ł": "lslash", "Ł": "Lslash", "đ": "dcroat", "Đ": "Dcroat", "ı": "dotlessi", "İ": "Idotaccent", "ș": "scommaaccent", "ț": "tcommaaccent", "Ș": "Scommaaccent", "Ț": "Tcommaaccent"}  # fmt: skip
WIDTH, HEIGHT = 595.0, 842.0
BUYERS = (
    ("Brightwater Foods plc", "5 Mill Lane", "Springfield 90210"),
    ("Meridian Handels GmbH", "Parkallee 88", "28209 Bremen"),
    ("Castellan Holdings BV", "Herengracht 500", "1017 CB Amsterdam"),
    ("Oakfield Retail Group", "77 Market Street", "Dublin 2"),
    ("Lumina Santé SAS", "18 rue Pasteur", "33000 Bordeaux"),
)
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "PLN": "zł", "CZK": "Kč", "SEK": "kr", "NOK": "kr", "DKK": "kr.", "HUF": "Ft", "RON": "lei", "TRY": "TL", "CHF": "CHF"}  # fmt: skip
RATES = {"GB": 20, "US": 8, "DE": 19, "AT": 20, "CH": 8, "FR": 20, "NL": 21, "ES": 21, "IT": 22, "PT": 23, "SE": 25, "NO": 25, "DK": 25, "PL": 23, "CZ": 21, "FI": 24, "HU": 27, "RO": 19, "TR": 20}  # fmt: skip
VAT_FORMS = {"GB": "GB#########", "US": "##-#######", "DE": "DE#########", "AT": "ATU########", "CH": "CHE-###.###.### MWST", "FR": "FR###########", "NL": "NL#########B0#", "ES": "B########", "IT": "IT###########", "PT": "PT#########", "SE": "SE##########01", "NO": "NO ### ### ### MVA", "DK": "DK########", "PL": "PL##########", "CZ": "CZ########", "FI": "FI########", "HU": "HU########", "RO": "RO########", "TR": "##########"}  # fmt: skip
IBAN_FORMS = {"GB": "GB##BARC2#############", "DE": "DE##" + "#" * 18, "AT": "AT##" + "#" * 16, "CH": "CH##" + "#" * 17, "FR": "FR##" + "#" * 23, "NL": "NL##INGB0#########", "ES": "ES##" + "#" * 20, "IT": "IT##X" + "#" * 22, "PT": "PT50" + "#" * 21, "SE": "SE##" + "#" * 20, "NO": "NO##" + "#" * 11, "DK": "DK##" + "#" * 14, "PL": "PL##" + "#" * 24, "CZ": "CZ##" + "#" * 20, "FI": "FI##" + "#" * 14, "HU": "HU##" + "#" * 24, "RO": "RO##BTRL################", "TR": "TR##" + "#" * 22}  # fmt: skip
NUMBER_FORMS = ("#####", "2024-####", "INV-2024-####", "RE-####", "F24/####", "######", "2024/####", "A######", "VK-##-####", "24-####", "20240###", "FT 24/###", "RE 2024 0###", "INV 24 ####")  # fmt: skip
ORDER_FORMS = ("PO-#####", "45########", "B-####-24", "PO######", "#######", "OC/24/###", "BE24#####")
TRIES = 3000


@lru_cache(1)
def words_of_languages() -> dict[str, dict[str, Any]]:
    raw = json.loads((Path(__file__).parent / "invoice_words.json").read_text(encoding="utf-8"))
    return {code: {**raw[words["like"]], **words} if "like" in words else words for code, words in raw.items()}


def font_of(language: str, *, bold: bool) -> str:
    """The name of a font with the letters of a language, registered on first use."""
    base = "Helvetica-Bold" if bold else "Helvetica"
    page = CODE_PAGES.get(language)
    if page is None:
        return base
    name = f"{base}-{page}"
    if name not in pdfmetrics.getRegisteredFontNames():
        encoding = pdfmetrics.Encoding(page, "WinAnsiEncoding")
        known = {
            bytes([code]).decode("cp1252", "replace"): glyph for code, glyph in enumerate(encoding.vector) if glyph
        }
        widths = pdfmetrics.getTypeFace(base).glyphWidths
        for code in range(128, 256):
            letter = bytes([code]).decode(page, "replace")
            plain, *marks = unicodedata.normalize("NFD", letter)
            glyph = known.get(letter) or NAMED.get(letter) or plain + "".join(ACCENTS.get(mark, "") for mark in marks)
            encoding[code] = glyph if glyph.isalnum() else None
            widths.setdefault(glyph, widths.get(plain, 500))
        pdfmetrics.registerEncoding(encoding)
        pdfmetrics.registerFont(pdfmetrics.Font(name, base, page))
    return name


@dataclass
class Drawn:
    """One invoice: the PDF, its truth by field name, and the style it was drawn in."""

    seed: int
    language: str
    style: dict[str, str]
    content: bytes = b""
    truth: dict[str, str] = field(default_factory=dict)


def draw_invoice(seed: int, language: str | None = None) -> Drawn:
    """The invoice of a seed; the same seed draws the same invoice."""
    drawn = _Painter(seed, language).paint()
    drawn.seed = seed
    return drawn


class _Painter:
    def __init__(self, seed: int, language: str | None) -> None:
        self.random = Random(seed)
        all_words = words_of_languages()
        self.language = language or self.random.choice(sorted(all_words))
        self.words = all_words[self.language]
        self.out = io.BytesIO()
        self.canvas = Canvas(self.out, pagesize=(WIDTH, HEIGHT), invariant=1)
        self.base = self.random.choice((8.0, 9.0, 10.0))
        self._choose()

    def pick(self, key: str) -> str:
        return str(self.random.choice(self.words[key]))

    def digits(self, form: str) -> str:
        return "".join(str(self.random.randint(0, 9)) if c == "#" else c for c in form)

    def valid(self, form: str, holds: Any) -> str:
        for _ in range(TRIES):
            text = self.digits(form)
            if holds(text.replace(" ", "")):
                return text
        return self.digits(form)

    def _choose(self) -> None:
        """What the invoice says, before anything is drawn."""
        rand, words = self.random, self.words
        country = words["country"]
        self.vendor = f"{rand.choice(words['names'])} {rand.choice(words['forms'])}"
        self.street, self.town = self.pick("streets"), self.pick("towns")
        self.domain = self.vendor.split()[0].lower().encode("ascii", "ignore").decode() + "-online.example"
        self.buyer = rand.choice(BUYERS)
        self.number = self.digits(rand.choice(NUMBER_FORMS))
        self.order = self.digits(rand.choice(ORDER_FORMS)) if rand.random() < 0.6 else ""
        self.issued = date(2024, 1, 1) + timedelta(days=rand.randint(0, 360))
        self.due = self.issued + timedelta(days=rand.choice((10, 14, 30, 45))) if rand.random() < 0.7 else None
        self.date_form = rand.choice(words["dates"])
        self.number_form = rand.choice(words["number"])
        self.currency = rand.choice(words["currency"])
        self.money_style = rand.choice(("symbol-after", "symbol-before", "code-after", "none"))
        if self.currency in ("USD", "GBP"):
            self.money_style = rand.choice(("symbol-before", "none"))
        elif self.language in ("pl", "cs", "hu", "fr", "sv", "no", "da", "fi", "ro") and "before" in self.money_style:
            self.money_style = "symbol-after"
        form = VAT_FORMS[country]
        self.vat = self.valid(form, is_vat_id) if country not in ("US", "TR", "ES") else self.digits(form)
        self.iban = self.valid(IBAN_FORMS[country], is_iban) if country in IBAN_FORMS else ""
        self.rate = RATES[country]
        self.lines = []
        for item in rand.sample(words["items"], rand.randint(1, min(4, len(words["items"])))):
            quantity, price = Decimal(rand.randint(1, 20)), Decimal(rand.randint(150, 45000)) / 100
            self.lines.append((item, quantity, price, quantity * price))
        self.net = sum((line[3] for line in self.lines), Decimal(0))
        self.tax = (self.net * self.rate / 100).quantize(CENT, ROUND_HALF_UP)
        self.gross = self.net + self.tax
        self.is_credit = rand.random() < 0.08
        self.style = {
            "head": rand.choice(("letterhead", "letterhead-right", "window", "two-parties", "centred", "logo", "parties-right", "plain", "footer-only")),
            "meta": rand.choice(("colon", "colon-apart", "aligned", "right-aligned", "row", "rows-2", "stacked", "glued", "title", "boxes", "two-columns")),
            "totals": rand.choice(("right", "right", "row", "apart", "two-rates")),
            "foot": rand.choice(("columns", "line", "none", "slip", "block")),
            "pages": rand.choice(("1", "1", "1", "2")),
            "notes": rand.choice(("none", "none", "maker", "buyer-id", "other-dates")),
        }  # fmt: skip
        if self.style["head"] == "footer-only":
            self.style["foot"] = rand.choice(("columns", "line"))
        if self.style["totals"] == "two-rates":
            # A quarter of the net is taxed at half the rate.
            low = (self.net / 4).quantize(CENT, ROUND_HALF_UP)
            self.taxes = [
                (self.rate, ((self.net - low) * self.rate / 100).quantize(CENT, ROUND_HALF_UP)),
                (self.rate // 2, (low * (self.rate // 2) / 100).quantize(CENT, ROUND_HALF_UP)),
            ]
            self.tax = sum((tax for _, tax in self.taxes), Decimal(0))
            self.gross = self.net + self.tax
        else:
            self.taxes = [(self.rate, self.tax)]

    # --- what values look like ---

    def date_text(self, day: date) -> str:
        names = json.loads((LANGUAGES_FOLDER / f"{self.words_language()}.json").read_text(encoding="utf-8"))["months"]
        long = {number: name for name, number in sorted(names.items(), key=lambda pair: len(pair[0]))}
        short = {}
        for name, number in names.items():
            if len(name) >= 3:
                short[number] = min(short.get(number, name), name, key=len)
        month = long[day.month] if self.language not in ("en", "us", "de", "at", "ch") else long[day.month].capitalize()
        marks = {"d": f"{day.day:02d}", "m": f"{day.month:02d}", "Y": str(day.year), "y": f"{day.year % 100:02d}", "B": month, "b": short[day.month].capitalize()}  # fmt: skip
        form = self.date_form
        if "B" in form or "b" in form:
            marks["d"] = str(day.day)
        out, place = "", 0
        while place < len(form):
            part = form[place:]
            if part.startswith("de "):
                out, place = out + "de ", place + 3
                continue
            out += marks.get(form[place], form[place])
            place += 1
        return out

    def words_language(self) -> str:
        return {"us": "en", "at": "de", "ch": "de"}.get(self.language, self.language)

    def money(self, value: Decimal, *, bare: bool = False) -> str:
        group, point = self.number_form[1], self.number_form[5]
        whole, cents = f"{abs(value):.2f}".split(".")
        parts = []
        while whole:
            parts.insert(0, whole[-3:])
            whole = whole[:-3]
        text = group.join(parts) + point + cents
        if value < 0:
            text = f"-{text}"
        symbol = SYMBOLS[self.currency]
        if bare or self.money_style == "none":
            return text
        if self.money_style == "code-after":
            return f"{text} {self.currency}"
        if self.money_style == "symbol-before":
            return f"{symbol}{' ' if self.language == 'nl' else ''}{text}"
        return f"{text} {symbol}"

    def other_value(self, kind: str) -> str:
        if kind == "d":
            return self.date_text(self.issued - timedelta(days=self.random.randint(1, 25)))
        if kind == "p":
            return self.pick("persons")
        if kind == "v":
            return "DE136695976"
        return {"n": self.digits("7####"), "w": "ABC", "t": self.digits("+## ### ######"), "s": self.digits("########"), "k": "0308", "c": "8 %"}[kind]  # fmt: skip

    # --- drawing ---

    def write(
        self, x: float, y: float, text: str, size: float = 0.0, *, right: bool = False, bold: bool = False
    ) -> None:
        size = size or self.base
        self.canvas.setFont(font_of(self.language, bold=bold), size)
        (self.canvas.drawRightString if right else self.canvas.drawString)(x, HEIGHT - y, text)

    def block(self, x: float, y: float, lines: list[str], *, step: float = 1.35, bold_first: bool = False) -> float:
        for place, line in enumerate(lines):
            self.write(x, y, line, bold=bold_first and place == 0)
            y += self.base * step
        return y

    def paint(self) -> Drawn:
        self.head()
        self.body()
        self.foot()
        self.canvas.showPage()
        self.canvas.save()
        truth = {
            "invoice_number": self.number, "issue_date": str(self.issued), "vendor_name": self.vendor,
            "currency": self.currency, "net_total": str(self.net), "tax_total": str(self.tax),
            "gross_total": str(self.gross), "vendor_vat_id": self.vat, "buyer_name": self.buyer[0],
        }  # fmt: skip
        if self.due:
            truth["due_date"] = str(self.due)
        if self.order:
            truth["po_number"] = self.order
        if self.iban_drawn:
            truth["vendor_iban"] = self.iban
        if not self.currency_shown:
            del truth["currency"]
        return Drawn(0, self.language, self.style, self.out.getvalue(), truth)

    def title(self) -> str:
        return self.pick("credit") if self.is_credit else self.pick("title")

    def head(self) -> None:
        """Who sends and who receives."""
        rand = self.random
        self.iban_drawn = False
        self.top = 60.0
        contact = [f"info@{self.domain}", f"www.{self.domain}"][: rand.randint(0, 2)]
        vat_line = [] if rand.random() < 0.5 else [f"{self.pick('vat')}: {self.vat}"]
        self.vat_drawn = bool(vat_line)
        sender = [self.street, self.town, *contact, *vat_line]
        label = self.pick("bill_to") + rand.choice(("", ":"))
        buyer = list(self.buyer)
        if rand.random() < 0.3:
            buyer.insert(1, self.pick("persons"))
        if self.style["notes"] == "buyer-id":
            buyer.append(f"{self.pick('vat')}: DE136695976")
        style = self.style["head"]
        if style == "plain":
            self.write(50, 55, self.vendor, rand.choice((14.0, 18.0)), bold=True)
            y = self.block(50, 72, sender)
            self.block(50, y + 30, buyer)
            self.meta_at, self.meta_y = 330.0, 60.0
        elif style == "footer-only":
            self.block(50, 120, [label, *buyer])
            self.meta_at, self.meta_y = 330.0, 60.0
            self.vat_drawn = False
        elif style in ("letterhead", "logo"):
            name_size = rand.choice((14.0, 18.0, 11.0))
            if style == "letterhead":
                self.write(50, 55, self.vendor, name_size, bold=True)
                y = self.block(50, 72, sender)
            else:
                y = self.block(50, 55, [self.vendor, *sender])
            self.block(50, y + 20, [label, *buyer])
            self.meta_at, self.meta_y = 330.0, 60.0
        elif style == "letterhead-right":
            self.write(545, 55, self.vendor, 14, right=True, bold=True)
            for place, line in enumerate(sender):
                self.write(545, 72 + place * 12, line, right=True)
            self.block(50, 130, [label, *buyer])
            self.meta_at, self.meta_y = 330.0, 160.0
        elif style == "window":
            if rand.random() < 0.7:
                self.write(50, 40, self.vendor, rand.choice((12.0, 16.0)), bold=True)
            mark = rand.choice((" · ", " - ", " | ", ", "))
            self.write(50, 120, mark.join((self.vendor, self.street, self.town)), 6.5)
            self.block(50, 138, buyer)
            self.meta_at, self.meta_y = 350.0, 120.0
            self.vat_drawn = False
        elif style == "two-parties":
            self.write(50, 55, self.title(), 18, bold=True)
            self.block(50, 110, [self.pick("seller") + rand.choice(("", ":")), self.vendor, *sender])
            self.block(320, 110, [label, *buyer])
            if self.words["ship_to"] and rand.random() < 0.4:
                self.block(450, 110, [self.pick("ship_to"), self.buyer[0], "Dock 4", self.buyer[2]])
            self.meta_at, self.meta_y = 50.0, 215.0
        elif style == "centred":
            for place, line in enumerate((self.vendor, ", ".join((self.street, self.town)), *contact, *vat_line)):
                size = 14.0 if place == 0 else self.base
                width = self.canvas.stringWidth(line, "Helvetica", size)
                self.write((WIDTH - width) / 2, 50 + place * 15, line, size)
            self.block(50, 150, [label, *buyer])
            self.meta_at, self.meta_y = 330.0, 150.0
        else:
            self.write(50, 55, self.title(), 18, bold=True)
            self.block(50, 100, [label, *buyer])
            self.block(340, 55, [self.vendor, *sender], bold_first=True)
            self.meta_at, self.meta_y = 330.0, 150.0

    def pairs(self) -> list[tuple[str, str]]:
        """Labels and values of the head, those of other things among them."""
        rand = self.random
        found = [(self.pick("invoice_number"), self.number), (self.pick("issue_date"), self.date_text(self.issued))]
        if self.due:
            found.append((self.pick("due_date"), self.date_text(self.due)))
        if self.order:
            found.append((self.pick("po_number"), self.order))
        if not self.vat_drawn and self.style["foot"] not in ("columns", "line", "block"):
            found.append((self.pick("vat"), self.vat))
            self.vat_drawn = True
        others = rand.sample(self.words["others"], rand.randint(0, 3))
        found.extend((label, self.other_value(kind)) for label, kind in others)
        if rand.random() < 0.3:
            found.append((self.pick("terms"), self.pick("term")))
        first, *rest = found
        rand.shuffle(rest)
        return [first, *rest]

    def body(self) -> None:
        rand = self.random
        pairs = self.pairs()
        meta, x, y = self.style["meta"], self.meta_at, self.meta_y
        titled = self.style["head"] in ("two-parties", "parties-right")
        step = self.base * 1.5
        if meta == "title":
            (_, number), *rest = pairs
            dated = next(pair for pair in rest if pair[1] == self.date_text(self.issued))
            rest.remove(dated)
            between = {"de": "vom", "at": "vom", "ch": "vom", "en": "dated", "us": "dated", "fr": "du", "es": "de fecha", "it": "del", "nl": "van", "pl": "z dnia"}.get(self.language, "")  # fmt: skip
            tail = f" {between} {dated[1]}" if between and rand.random() < 0.6 else ""
            name = pairs[0][0] if rand.random() < 0.5 else self.pick("title")
            under_parties = self.style["head"] == "two-parties"
            self.write(50, 200 if under_parties else 265, f"{name} {number}{tail}", 13, bold=True)
            y += 15 if under_parties else 0
            pairs = rest if tail else [dated, *rest]
            titled, meta = True, "colon"
        if not titled:
            self.write(x, y - 4, self.title(), 16, bold=True)
            y += 22
        if meta == "two-columns":
            y = max(y + 30, 225.0)
            for place, (label, value) in enumerate(pairs):
                left = 50.0 if place % 2 == 0 else 310.0
                self.write(left, y, f"{label}:")
                self.write(left + 125, y, value)
                y += step * (place % 2)
            self.table(y + 45)
            return
        if meta in ("row", "rows-2") or (meta == "boxes" and len(pairs) < 6):
            self.rows_of_pairs(pairs, per_row=4 if meta == "rows-2" else 5)
            return
        gap = rand.choice((95.0, 110.0, 130.0))
        if x + gap > 480:
            gap = 110.0
        for label, value in pairs:
            if meta == "stacked":
                self.write(x, y, label, self.base - 1.5)
                self.write(x, y + self.base * 1.2, value, self.base + 0.5)
                y += self.base * 2.9
                continue
            if meta == "colon":
                self.write(x, y, f"{label}: {value}")
            elif meta == "glued":
                self.write(x, y, f"{label}:{value}")
            elif meta == "right-aligned":
                self.write(x + gap, y, label + ":", right=True)
                self.write(x + gap + 6, y, value)
            elif meta == "colon-apart":
                self.write(x, y, label)
                self.write(x + gap, y, f": {value}")
            elif meta == "boxes":
                self.write(x, y, label, bold=True)
                self.write(545, y, value, right=True)
            else:
                self.write(x, y, label + rand.choice((":", "")))
                self.write(x + gap, y, value)
            y += step
        self.table(max(y, 265.0) + 30)

    def rows_of_pairs(self, pairs: list[tuple[str, str]], per_row: int) -> None:
        y = max(self.meta_y + 40, 250.0)
        for start in range(0, len(pairs), per_row):
            part = pairs[start : start + per_row]
            width = 500.0 / len(part) if len(part) > 3 else 130.0
            for place, (label, value) in enumerate(part):
                size = self.base - 1
                while self.canvas.stringWidth(label, "Helvetica", size) > width - 8 and size > 4:
                    size -= 0.5
                self.write(50 + place * width, y, label, size, bold=False)
                self.write(50 + place * width, y + self.base * 1.4, value, min(self.base, size + 1))
            y += self.base * 3.6
        self.table(y + 25)

    def table(self, y: float) -> None:
        rand = self.random
        heads = self.words["columns"]
        xs = (50.0, 360.0, 450.0, 545.0)
        self.write(xs[0], y, heads[0], bold=True)
        for x, head in zip(xs[1:], heads[1:], strict=True):
            self.write(x, y, head, right=True, bold=True)
        y += self.base * 2
        for item, quantity, price, amount in self.lines:
            self.write(xs[0], y, item)
            self.write(xs[1], y, str(quantity), right=True)
            self.write(xs[2], y, self.money(price, bare=True), right=True)
            self.write(xs[3], y, self.money(amount, bare=True), right=True)
            y += self.base * 1.8
        if self.style["pages"] == "2":
            self.write(545, 815, self.words["page"].format(n=1, m=2), 7, right=True)
            self.canvas.showPage()
            self.write(50, 40, self.vendor, 9)
            self.write(545, 40, f"{self.words['invoice_number'][0]}: {self.number}", 8, right=True)
            y = 90.0
        self.totals(y + 20)
        if rand.random() < 0.3:
            self.write(50, min(y + 130, 690), f"{self.pick('terms')}: {self.pick('term')}")

    def totals(self, y: float) -> None:
        rated = [label for label in self.words["tax"] if "{r}" in label]
        of_tax = self.pick("tax") if len(self.taxes) == 1 or not rated else rated[0]
        rows = [
            (self.pick("net"), self.net), *((of_tax.replace("{r}", str(rate)), tax) for rate, tax in self.taxes),
            (self.pick("gross"), self.gross),
        ]  # fmt: skip
        code_in_label = self.money_style == "none" and self.random.random() < 0.7
        if code_in_label:
            label = rows[-1][0]
            rows[-1] = (label if self.currency in label else f"{label} {self.currency}", self.gross)
        self.currency_shown = self.money_style != "none" or self.currency in rows[-1][0]
        if self.style["totals"] == "row":
            for place, (label, value) in enumerate(rows):
                self.write(215 + place * 130, y, label, self.base - 1)
                self.write(215 + place * 130, y + self.base * 1.5, self.money(value))
            self.bottom = y + 40
            return
        x = 50.0 if self.style["totals"] == "apart" else 330.0
        for place, (label, value) in enumerate(rows):
            colon = ":" if self.random.random() < 0.4 else ""
            self.write(x, y, label + colon, bold=place == len(rows) - 1)
            self.write(545, y, self.money(value), right=True, bold=place == len(rows) - 1)
            y += self.base * 1.7
        self.bottom = y

    def foot(self) -> None:
        """Bank details, register and tax id as the styles have them."""
        if self.style["notes"] == "maker":
            self.write(50, 828, "Made with Ledgerly by Ledgerly Software Inc. - www.ledgerly.example", 6)
        if self.style["notes"] == "other-dates":
            self.write(50, self.bottom + 30, f"* {self.date_text(self.issued + timedelta(days=90))} / 4711-2", 7)
        style = self.style["foot"]
        vat = [] if self.vat_drawn else [f"{self.pick('vat')} {self.vat}"]
        bank = [f"{self.words['bank']}: Sparbank"] if self.words["bank"] else []
        grouped = " ".join(self.iban[place : place + 4] for place in range(0, len(self.iban), 4))
        iban = [f"{self.words['iban']}: {grouped}"] if self.iban and self.words["iban"] else []
        register = [self.words["reg"].format(k=self.digits("######"))] if self.words["reg"] else []
        if style == "columns":
            self.block(50, 770, [self.vendor, self.street, self.town])
            self.block(230, 770, [f"info@{self.domain}", *vat])
            self.block(390, 770, [*bank, *iban])
        elif style == "line":
            self.write(50, 790, " | ".join([self.vendor, self.street, self.town]), 6.5)
            self.write(50, 800, " | ".join([*vat, *iban]), 6.5)
            self.write(50, 810, " | ".join(register), 6.5)
        elif style == "slip":
            self.canvas.line(0, HEIGHT - 640, WIDTH, HEIGHT - 640)
            self.block(50, 665, [*bank, *iban, self.vendor, self.town])
            self.block(330, 665, [self.buyer[0], self.buyer[2], self.number])
            self.write(545, 740, self.money(self.gross), right=True)
        elif style == "block":
            self.block(50, 720, [*vat, *bank, *iban, *register])
        else:
            self.iban_drawn = False
            return
        self.vat_drawn = True
        self.iban_drawn = bool(iban)
