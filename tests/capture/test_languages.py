"""An ordinary invoice in each language: header fields, totals and lines by the words people use there."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import capture


@dataclass(frozen=True)
class Words:
    """What one language calls things; amounts and dates as written there."""

    sender: tuple[str, ...]
    to: str
    title: str
    number: str
    issued: tuple[str, str]
    due: tuple[str, str]
    order: str
    tax_id: tuple[str, str]
    head: tuple[str, str, str, str]
    lines: tuple[tuple[str, str, str, str], ...]
    net: tuple[str, str]
    tax: tuple[str, str]
    gross: tuple[str, str]
    currency: str


LANGUAGES = {
    "en": Words(
        ("Harbour Tools Ltd", "12 Dock Road", "Bristol BS1 4DJ"), "Bill to", "INVOICE", "Invoice no.",
        ("Invoice date", "14 March 2024"), ("Payment due", "13 April 2024"), "Your order no.",
        ("VAT reg. no.", "GB 980 7806 84"), ("Description", "Qty", "Unit price", "Amount"),
        (("Torque wrench", "2", "45.00", "90.00"), ("Safety gloves", "10", "3.50", "35.00")),
        ("Subtotal", "£125.00"), ("VAT 20%", "£25.00"), ("Total due", "£150.00"), "GBP",
    ),
    "de": Words(
        ("Hafenwerkzeug GmbH", "Kaistraße 12", "20457 Hamburg"), "Rechnung an", "Rechnung", "Rechnungs-Nr.",
        ("Rechnungsdatum", "14.03.2024"), ("Zahlbar bis", "13.04.2024"), "Ihre Bestellnummer",
        ("USt-IdNr.", "DE136695976"), ("Bezeichnung", "Menge", "Einzelpreis", "Gesamtpreis"),
        (("Drehmomentschlüssel", "2", "45,00", "90,00"), ("Handschuhe", "10", "3,50", "35,00")),
        ("Nettobetrag", "125,00 €"), ("zzgl. 19 % MwSt.", "23,75 €"), ("Gesamtbetrag", "148,75 €"), "EUR",
    ),
    "fr": Words(
        ("Outillage du Port SARL", "12 quai de la Loire", "44000 Nantes"), "Facturé à", "FACTURE", "Facture n°",
        ("Date de facture", "14 mars 2024"), ("Date d'échéance", "13/04/2024"), "N° de commande",
        ("N° TVA", "FR 83 404 833 048"), ("Désignation", "Qté", "Prix unitaire HT", "Montant HT"),
        (("Clé dynamométrique", "2", "45,00", "90,00"), ("Gants", "10", "3,50", "35,00")),
        ("Total HT", "125,00 €"), ("TVA 20 %", "25,00 €"), ("Total TTC", "150,00 €"), "EUR",
    ),
    "nl": Words(
        ("Havengereedschap B.V.", "Kade 12", "3011 AA Rotterdam"), "Factuuradres", "Factuur", "Factuurnummer",
        ("Factuurdatum", "14-03-2024"), ("Vervaldatum", "13-04-2024"), "Uw ordernummer",
        ("BTW-nummer", "NL004495445B01"), ("Omschrijving", "Aantal", "Prijs", "Bedrag"),
        (("Momentsleutel", "2", "45,00", "90,00"), ("Handschoenen", "10", "3,50", "35,00")),
        ("Subtotaal", "€ 125,00"), ("21% BTW", "€ 26,25"), ("Totaal", "€ 151,25"), "EUR",
    ),
    "es": Words(
        ("Herramientas del Puerto S.L.", "Calle Mar 12", "46002 Valencia"), "Facturar a", "FACTURA", "Nº de factura",
        ("Fecha de factura", "14 de marzo de 2024"), ("Vencimiento", "13/04/2024"), "Nº de pedido",
        ("NIF", "ESB58378431"), ("Descripción", "Cantidad", "Precio", "Importe"),
        (("Llave dinamométrica", "2", "45,00", "90,00"), ("Guantes", "10", "3,50", "35,00")),
        ("Base imponible", "125,00 €"), ("IVA 21%", "26,25 €"), ("Total factura", "151,25 €"), "EUR",
    ),
    "it": Words(
        ("Utensileria del Porto S.r.l.", "Via del Molo 12", "16126 Genova"), "Spett.le", "FATTURA", "Fattura n.",
        ("Data fattura", "14/03/2024"), ("Scadenza", "13/04/2024"), "Vs. ordine",
        ("P.IVA", "IT00743110157"), ("Descrizione", "Quantità", "Prezzo unitario", "Importo"),
        (("Chiave dinamometrica", "2", "45,00", "90,00"), ("Guanti", "10", "3,50", "35,00")),
        ("Imponibile", "125,00 €"), ("IVA 22%", "27,50 €"), ("Totale fattura", "152,50 €"), "EUR",
    ),
    "pt": Words(
        ("Ferramentas do Porto Lda", "Rua do Cais 12", "4050-001 Porto"), "Exmo(s) Sr(s)", "FATURA", "Fatura nº",
        ("Data de emissão", "14/03/2024"), ("Data de vencimento", "13/04/2024"), "Nota de encomenda",
        ("NIF", "PT501964843"), ("Descrição", "Quantidade", "Preço unitário", "Total"),
        (("Chave dinamométrica", "2", "45,00", "90,00"), ("Luvas", "10", "3,50", "35,00")),
        ("Total ilíquido", "125,00 €"), ("IVA 23%", "28,75 €"), ("Total a pagar", "153,75 €"), "EUR",
    ),
    "sv": Words(
        ("Hamnverktyg AB", "Kajgatan 12", "411 04 Göteborg"), "Faktureras till", "FAKTURA", "Fakturanummer",
        ("Fakturadatum", "2024-03-14"), ("Förfallodatum", "2024-04-13"), "Ert ordernummer",
        ("Momsreg.nr", "SE123456789701"), ("Benämning", "Antal", "À-pris", "Belopp"),
        (("Momentnyckel", "2", "450,00", "900,00"), ("Handskar", "10", "35,00", "350,00")),
        ("Summa exkl. moms", "1 250,00 kr"), ("Moms 25%", "312,50 kr"), ("Att betala SEK", "1 562,50 kr"), "SEK",
    ),
    "no": Words(
        ("Havneverktøy AS", "Kaigata 12", "5003 Bergen"), "Faktureres til", "FAKTURA", "Fakturanr.",
        ("Fakturadato", "14.03.2024"), ("Forfallsdato", "13.04.2024"), "Deres ordrenr.",
        ("Org.nr", "NO 995 525 828 MVA"), ("Beskrivelse", "Antall", "Pris", "Beløp"),
        (("Momentnøkkel", "2", "450,00", "900,00"), ("Hansker", "10", "35,00", "350,00")),
        ("Sum eks. mva", "1 250,00"), ("Mva 25%", "312,50"), ("Å betale NOK", "1 562,50"), "NOK",
    ),
    "da": Words(
        ("Havneværktøj ApS", "Kajen 12", "8000 Aarhus"), "Faktureres til", "FAKTURA", "Fakturanr.",
        ("Fakturadato", "14.03.2024"), ("Forfaldsdato", "13.04.2024"), "Rekvisitionsnr.",
        ("CVR-nr.", "DK13585628"), ("Beskrivelse", "Antal", "Enhedspris", "Beløb"),
        (("Momentnøgle", "2", "450,00", "900,00"), ("Handsker", "10", "35,00", "350,00")),
        ("Total ekskl. moms", "1.250,00"), ("25% moms", "312,50"), ("Total DKK", "1.562,50"), "DKK",
    ),
    "pl": Words(
        ("Sklep Portowy Sp. z o.o.", "ul. Morska 12", "81-001 Gdynia"), "Nabywca", "FAKTURA VAT", "Faktura nr",
        ("Data wystawienia", "14.03.2024"), ("Termin zapłaty", "13.04.2024"), "Nr zamówienia",
        ("NIP", "PL8567346215"), ("Nazwa towaru", "Liczba", "Cena netto", "Kwota netto"),
        (("Klucz dynamometryczny", "2", "45,00", "90,00"), ("Szczotki", "10", "3,50", "35,00")),
        ("Razem netto", "125,00 zł"), ("VAT 23%", "28,75 zł"), ("Razem do zapłaty", "153,75 zł"), "PLN",
    ),
}  # fmt: skip


def drawn(words: Words) -> bytes:
    """An ordinary page: sender above left, buyer below, references at the right, a table, totals at its right."""
    out = io.BytesIO()
    canvas = Canvas(out)
    font = "Vera"
    pdfmetrics.registerFont(TTFont(font, "Vera.ttf"))
    canvas.setFont("Helvetica", 10)

    def write(x: float, y: float, text: str, size: float = 10) -> None:
        needs_more = any(ord(c) > 255 for c in text)
        canvas.setFont(font if needs_more and font else "Helvetica", size)
        canvas.drawString(x, y, text)

    for place, text in enumerate(words.sender):
        write(60, 790 - 13 * place, text, 14 if place == 0 else 10)
    write(60, 715, words.to)
    for place, text in enumerate(("Brightwater Foods plc", "5 Mill Lane", "90210 Springfield")):
        write(60, 701 - 13 * place, text)
    write(340, 790, words.title, 16)
    references = [
        (words.number, "HT-2024-017"), words.issued, words.due, (words.order, "PO-4711"), words.tax_id,
    ]  # fmt: skip
    for place, (label, value) in enumerate(references):
        write(340, 740 - 14 * place, f"{label}:")
        write(455, 740 - 14 * place, value)
    for x, text in zip((60, 300, 380, 480), words.head, strict=True):
        write(x, 620, text)
    for place, cells in enumerate(words.lines):
        for x, text in zip((60, 300, 380, 480), cells, strict=True):
            write(x, 600 - 18 * place, text)
    for place, (label, value) in enumerate((words.net, words.tax, words.gross)):
        write(340, 520 - 18 * place, label)
        write(480, 520 - 18 * place, value)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_ordinary_invoice_is_read_whole(language):
    words = LANGUAGES[language]

    captured = capture(drawn(words), "a.pdf")

    assert captured.invoice_number == "HT-2024-017"
    assert (captured.issue_date, captured.due_date) == (date(2024, 3, 14), date(2024, 4, 13))
    assert captured.po_number == "PO-4711"
    assert captured.vendor_name == words.sender[0]
    assert captured.buyer_name == "Brightwater Foods plc"
    assert captured.vendor_vat_id == words.tax_id[1].replace(" ", "")
    assert captured.currency == words.currency
    assert [line.description for line in captured.lines] == [cells[0] for cells in words.lines]
    assert all(check.ok for check in captured.checks if check.code != "vat_id_check_digits")
    assert captured.net_total == sum((line.amount for line in captured.lines), Decimal(0))
    assert captured.gross_total == captured.net_total + captured.tax_total
    assert captured.needs_review == ()
