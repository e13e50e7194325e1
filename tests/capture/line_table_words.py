"""What invoices of each language write over, beside and below their line tables: material for `line_tables`.

Several words a column, as different vendors have them; written from knowledge of the trade, not from any document.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TableWords:
    """One language: heads by column, goods, units, notes, labels around the table."""

    decimal: str
    title: str
    number: str
    issued: str
    heads: dict[str, tuple[str, ...]]
    goods: tuple[str, ...]
    more: tuple[str, ...]
    units: tuple[str, ...]
    notes: tuple[str, ...]
    code_labels: tuple[str, ...]
    groups: tuple[str, ...]
    subtotal: str
    carried: tuple[str, str]
    freight: str
    discount: str
    totals: tuple[str, str, str]
    terms: str
    date: str = "Date"


def _heads(**columns: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(texts.split("|")) for name, texts in columns.items()}


WORDS = {
    "en": TableWords(
        ".", "INVOICE", "Invoice no.", "Invoice date",
        _heads(
            position="#|No.|Line|Item|Pos.", item_code="Item code|SKU|Part no.|Product code|Item|Code|Article no.",
            description="Description|Product|Details|Description of goods|Service|Item description",
            quantity="Qty|Quantity|Units|QTY|Hours", unit="Unit|UoM|U/M",
            unit_price="Unit price|Price|Rate|Unit cost|Price each|Net price", price_base="Per|Price unit",
            discount="Disc. %|Discount|Disc", tax_rate="VAT %|VAT|Tax rate|Tax %|VAT rate",
            tax_amount="VAT amount|Tax|Tax amount",
            amount="Amount|Total|Line total|Net amount|Total price|Extended price|Amount (EUR)",
            gross_amount="Total incl. VAT|Gross amount|Amount incl. VAT", order="PO no.|Order|Your order",
        ),
        ("Hydraulic hose 12 mm", "Office chair Comfort", "Consulting services", "Copy paper A4 80 g", "Torque wrench",
         "Safety gloves size 9", "Annual licence Pro plan", "Ball bearing 6204-2RS", "Cable drum 25 m",
         "Support retainer March", "LED panel 60x60", "Printer toner black"),
        ("with reinforced cover and steel fittings", "including delivery and assembly on site", "colour anthracite",
         "box of 10 pieces", "for workshop use", "new edition with extended warranty", "complete with mounting kit"),
        ("pcs", "h", "kg", "m", "box", "EA", "set"),
        ("Serial no.: SN-{n}", "Delivery date: {d}", "Country of origin: DE", "Batch {n}", "Customs tariff no. 8481 2010"),
        ("Art. no.: {c}", "SKU: {c}", "Part number {c}"),
        ("Workshop", "Building B", "Project Riverside", "Site 2"), "Subtotal {g}",
        ("Carried forward", "Brought forward"), "Freight and packing", "Discount",
        ("Subtotal", "VAT {r}%", "Total due"), "Payable within 30 days.",
    ),
    "de": TableWords(
        ",", "Rechnung", "Rechnungs-Nr.", "Rechnungsdatum",
        _heads(
            position="Pos.|Pos|Nr.|#|Lfd. Nr.", item_code="Artikel-Nr.|Art.-Nr.|Artikel|Artikelnummer|Material",
            description="Bezeichnung|Beschreibung|Artikelbezeichnung|Leistung|Text",
            quantity="Menge|Anzahl|Anz.|Stück", unit="Einheit|ME|Einh.",
            unit_price="Einzelpreis|E-Preis|Preis|EP|Einzelpreis €|Stückpreis", price_base="PE|per|Preiseinheit",
            discount="Rabatt|Rabatt %|Rab. %", tax_rate="MwSt.|USt. %|MwSt %|Steuersatz",
            tax_amount="MwSt-Betrag|Steuerbetrag",
            amount="Gesamtpreis|Gesamt|Betrag|Summe|G-Preis|Nettobetrag|Betrag €|Gesamt (netto)",
            gross_amount="Brutto|Gesamt brutto|Betrag brutto", order="Bestellung|Ihre Bestellung|Auftrag",
        ),
        ("Hydraulikschlauch 12 mm", "Bürostuhl Komfort", "Beratungsleistung", "Kopierpapier A4 80 g",
         "Drehmomentschlüssel", "Schutzhandschuhe Gr. 9", "Jahreslizenz Pro", "Kugellager 6204-2RS", "Kabeltrommel 25 m",
         "Wartungspauschale März", "LED-Panel 60x60", "Toner schwarz"),
        ("mit verstärktem Mantel und Stahlanschlüssen", "inkl. Lieferung und Montage vor Ort", "Farbe anthrazit",
         "Karton zu 10 Stück", "für den Werkstattgebrauch", "mit erweiterter Gewährleistung"),
        ("Stk", "Std", "kg", "m", "Stück", "Psch", "St."),
        ("Serien-Nr.: SN-{n}", "Lieferdatum: {d}", "Ursprungsland: DE", "Charge {n}", "Zolltarifnr. 8481 2010"),
        ("Art.-Nr.: {c}", "Artikelnummer {c}"), ("Werkstatt", "Gebäude B", "Projekt Elbufer", "Los 2"),
        "Zwischensumme {g}", ("Übertrag", "Übertrag"), "Fracht und Verpackung", "Rabatt",
        ("Nettobetrag", "zzgl. {r} % MwSt.", "Gesamtbetrag"), "Zahlbar innerhalb von 30 Tagen.",
        date="Datum",
    ),
    "fr": TableWords(
        ",", "FACTURE", "Facture n°", "Date de facture",
        _heads(
            position="N°|Ligne|#", item_code="Référence|Réf.|Code article|Code",
            description="Désignation|Description|Libellé|Article", quantity="Qté|Quantité|Nombre", unit="Unité|U",
            unit_price="Prix unitaire|P.U. HT|PU HT|Prix unitaire HT|Prix U. HT", price_base="Par",
            discount="Remise|Rem. %|Remise %", tax_rate="TVA|TVA %|Taux TVA|% TVA", tax_amount="Montant TVA",
            amount="Montant HT|Total HT|Montant|Prix total HT", gross_amount="Total TTC|Montant TTC",
            order="Commande|N° commande",
        ),
        ("Flexible hydraulique 12 mm", "Fauteuil de bureau", "Prestation de conseil", "Papier A4 80 g",
         "Clé dynamométrique", "Gants de protection", "Licence annuelle Pro", "Roulement 6204-2RS", "Enrouleur 25 m"),
        ("avec gaine renforcée et raccords acier", "livraison et montage compris", "coloris anthracite",
         "carton de 10 pièces", "pour atelier"),
        ("pce", "h", "kg", "m", "u", "boîte"),
        ("N° de série : SN-{n}", "Date de livraison : {d}", "Origine : FR", "Lot {n}"),
        ("Réf. : {c}", "Code article {c}"), ("Atelier", "Bâtiment B", "Projet Loire"), "Sous-total {g}",
        ("À reporter", "Report"), "Frais de port", "Remise", ("Total HT", "TVA {r} %", "Total TTC"),
        "Paiement à 30 jours.",
        date="Date",
    ),
    "nl": TableWords(
        ",", "Factuur", "Factuurnummer", "Factuurdatum",
        _heads(
            position="Nr.|Regel|Pos.", item_code="Artikelnr.|Artikelnummer|Artikelcode|Code",
            description="Omschrijving|Beschrijving|Product|Artikelomschrijving", quantity="Aantal|Hoeveelheid|Uren",
            unit="Eenheid|Eenh.", unit_price="Prijs|Stukprijs|Prijs per stuk|Tarief", price_base="Per",
            discount="Korting|Korting %", tax_rate="BTW|BTW %|BTW-tarief", tax_amount="BTW-bedrag",
            amount="Bedrag|Totaal|Totaal excl. btw|Regelbedrag", gross_amount="Totaal incl. btw|Bedrag incl. btw",
            order="Order|Uw order",
        ),
        ("Hydraulische slang 12 mm", "Bureaustoel Comfort", "Adviesuren", "Kopieerpapier A4", "Momentsleutel",
         "Werkhandschoenen", "Jaarlicentie Pro", "Kogellager 6204-2RS", "Kabelhaspel 25 m"),
        ("met versterkte mantel en stalen koppelingen", "inclusief levering en montage", "kleur antraciet",
         "doos van 10 stuks"),
        ("st", "uur", "kg", "m", "stuks", "doos"),
        ("Serienummer: SN-{n}", "Leverdatum: {d}", "Herkomst: NL", "Partij {n}"), ("Art.nr.: {c}",),
        ("Werkplaats", "Gebouw B", "Project Maas"), "Subtotaal {g}", ("Transport", "Transport"), "Verzendkosten",
        "Korting", ("Subtotaal", "{r}% BTW", "Totaal"), "Te betalen binnen 30 dagen.",
        date="Datum",
    ),
    "es": TableWords(
        ",", "FACTURA", "Nº de factura", "Fecha de factura",
        _heads(
            position="Nº|Línea|#", item_code="Referencia|Código|Ref.", description="Descripción|Concepto|Artículo|Detalle",
            quantity="Cantidad|Cant.|Uds.|Unidades", unit="Unidad|UM", unit_price="Precio|Precio unitario|Precio ud.|P. Unitario",
            price_base="Por", discount="Dto. %|Descuento|Dto.", tax_rate="IVA|IVA %|% IVA", tax_amount="Cuota IVA",
            amount="Importe|Total|Importe neto|Subtotal", gross_amount="Total con IVA|Importe con IVA", order="Pedido|Nº pedido",
        ),
        ("Manguera hidráulica 12 mm", "Silla de oficina", "Servicios de consultoría", "Papel A4 80 g",
         "Llave dinamométrica", "Guantes de seguridad", "Licencia anual Pro", "Rodamiento 6204-2RS"),
        ("con cubierta reforzada y racores de acero", "incluye entrega y montaje", "color antracita", "caja de 10 piezas"),
        ("ud", "h", "kg", "m", "uds", "caja"),
        ("Nº de serie: SN-{n}", "Fecha de entrega: {d}", "Origen: ES", "Lote {n}"), ("Ref.: {c}",),
        ("Taller", "Edificio B", "Proyecto Turia"), "Subtotal {g}", ("Suma y sigue", "Suma anterior"), "Portes",
        "Descuento", ("Base imponible", "IVA {r}%", "Total factura"), "Pago a 30 días.",
        date="Fecha",
    ),
    "it": TableWords(
        ",", "FATTURA", "Fattura n.", "Data fattura",
        _heads(
            position="N.|Riga|#", item_code="Codice|Cod. articolo|Cod.|Articolo",
            description="Descrizione|Prodotto|Descrizione dei beni|Oggetto", quantity="Quantità|Q.tà|Qta", unit="UM|U.M.",
            unit_price="Prezzo unitario|Prezzo|Prezzo unit.", price_base="Per", discount="Sconto|Sc. %|Sconto %",
            tax_rate="IVA|IVA %|Aliquota IVA|Aliq. IVA", tax_amount="Imposta|Importo IVA",
            amount="Importo|Totale|Importo netto|Imponibile|Prezzo totale", gross_amount="Totale ivato",
            order="Ordine|Vs. ordine",
        ),
        ("Tubo idraulico 12 mm", "Sedia da ufficio", "Servizi di consulenza", "Carta A4 80 g", "Chiave dinamometrica",
         "Guanti da lavoro", "Licenza annuale Pro", "Cuscinetto 6204-2RS"),
        ("con guaina rinforzata e raccordi in acciaio", "consegna e montaggio inclusi", "colore antracite",
         "scatola da 10 pezzi"),
        ("pz", "ore", "kg", "m", "NR", "conf"),
        ("Matricola: SN-{n}", "Data consegna: {d}", "Origine: IT", "Lotto {n}"), ("Cod.: {c}",),
        ("Officina", "Edificio B", "Progetto Arno"), "Subtotale {g}", ("A riportare", "Riporto"), "Spese di trasporto",
        "Sconto", ("Imponibile", "IVA {r}%", "Totale fattura"), "Pagamento a 30 giorni.",
        date="Data",
    ),
    "pt": TableWords(
        ",", "FATURA", "Fatura n.º", "Data da fatura",
        _heads(
            position="Nº|Linha|#", item_code="Código|Referência|Ref.|Artigo nº", description="Descrição|Designação|Artigo",
            quantity="Quantidade|Qtd.|Qtd|Quant.", unit="Un.|Unidade", unit_price="Preço|Preço unitário|Preço unit.|P. Unit.",
            price_base="Por", discount="Desc. %|Desconto|Desc.", tax_rate="IVA|IVA %|Taxa IVA", tax_amount="Valor IVA",
            amount="Valor|Total|Total líquido|Valor líquido", gross_amount="Total com IVA", order="Encomenda",
        ),
        ("Mangueira hidráulica 12 mm", "Cadeira de escritório", "Serviços de consultoria", "Papel A4 80 g",
         "Chave dinamométrica", "Luvas de proteção", "Licença anual Pro"),
        ("com capa reforçada e ligações em aço", "inclui entrega e montagem", "cor antracite", "caixa de 10 peças"),
        ("un", "h", "kg", "m", "cx"),
        ("N.º de série: SN-{n}", "Data de entrega: {d}", "Origem: PT", "Lote {n}"), ("Ref.: {c}",),
        ("Oficina", "Edifício B", "Projeto Tejo"), "Subtotal {g}", ("A transportar", "Transporte"), "Portes", "Desconto",
        ("Total líquido", "IVA {r}%", "Total a pagar"), "Pagamento a 30 dias.",
        date="Data",
    ),
    "sv": TableWords(
        ",", "FAKTURA", "Fakturanummer", "Fakturadatum",
        _heads(
            position="Rad|Pos|Nr", item_code="Art.nr|Artikelnr|Artikelnummer", description="Benämning|Beskrivning|Artikel|Specifikation",
            quantity="Antal|Kvantitet|Lev. antal", unit="Enhet|Enh.", unit_price="À-pris|Pris|A-pris|Pris/enhet", price_base="Per",
            discount="Rabatt|Rabatt %", tax_rate="Moms|Moms %|Momssats", tax_amount="Momsbelopp",
            amount="Belopp|Summa|Radsumma|Totalt", gross_amount="Belopp inkl. moms", order="Order|Ordernr",
        ),
        ("Hydraulslang 12 mm", "Kontorsstol Komfort", "Konsulttjänst", "Kopieringspapper A4", "Momentnyckel",
         "Skyddshandskar", "Årslicens Pro", "Kullager 6204-2RS"),
        ("med förstärkt hölje och stålkopplingar", "inklusive leverans och montering", "färg antracit",
         "kartong om 10 stycken"),
        ("st", "tim", "kg", "m", "fp"),
        ("Serienummer: SN-{n}", "Leveransdatum: {d}", "Ursprung: SE", "Batch {n}"), ("Art.nr: {c}",),
        ("Verkstad", "Hus B", "Projekt Mälaren"), "Delsumma {g}", ("Transport", "Transport"), "Frakt", "Rabatt",
        ("Netto", "Moms {r}%", "Att betala"), "Betalas inom 30 dagar.",
        date="Datum",
    ),
    "no": TableWords(
        ",", "FAKTURA", "Fakturanr.", "Fakturadato",
        _heads(
            position="Nr|Linje|Pos", item_code="Varenr.|Artikkelnr.|Varenummer", description="Beskrivelse|Varenavn|Tekst|Produkt",
            quantity="Antall|Ant.|Mengde", unit="Enhet|Enh.", unit_price="Pris|Enhetspris|À pris", price_base="Per",
            discount="Rabatt|Rabatt %", tax_rate="MVA|Mva %|Mva-sats", tax_amount="Mva-beløp",
            amount="Beløp|Sum|Linjesum|Nettobeløp", gross_amount="Beløp inkl. mva", order="Ordre|Ordrenr.",
        ),
        ("Hydraulikkslange 12 mm", "Kontorstol Komfort", "Rådgivning", "Kopipapir A4", "Momentnøkkel", "Vernehansker",
         "Årslisens Pro", "Kulelager 6204-2RS"),
        ("med forsterket kappe og stålkoblinger", "inkludert levering og montering", "farge antrasitt", "eske med 10 stk"),
        ("stk", "time", "kg", "m", "pk"),
        ("Serienr.: SN-{n}", "Leveringsdato: {d}", "Opprinnelse: NO", "Parti {n}"), ("Varenr.: {c}",),
        ("Verksted", "Bygg B", "Prosjekt Fjord"), "Delsum {g}", ("Overført", "Overført"), "Frakt", "Rabatt",
        ("Netto", "Mva {r}%", "Å betale"), "Betales innen 30 dager.",
        date="Dato",
    ),
    "da": TableWords(
        ",", "FAKTURA", "Fakturanr.", "Fakturadato",
        _heads(
            position="Nr.|Linje|Pos.", item_code="Varenr.|Varenummer", description="Beskrivelse|Tekst|Varebeskrivelse|Produkt",
            quantity="Antal|Mængde", unit="Enhed|Enh.", unit_price="Pris|Enhedspris|Stk. pris", price_base="Pr.",
            discount="Rabat|Rabat %", tax_rate="Moms|Moms %|Momssats", tax_amount="Momsbeløb",
            amount="Beløb|I alt|Linjetotal|Nettobeløb", gross_amount="Beløb inkl. moms", order="Ordre|Ordrenr.",
        ),
        ("Hydraulikslange 12 mm", "Kontorstol Komfort", "Rådgivning", "Kopipapir A4", "Momentnøgle",
         "Arbejdshandsker", "Årslicens Pro", "Kugleleje 6204-2RS"),
        ("med forstærket kappe og stålkoblinger", "inklusive levering og montering", "farve antracit", "kasse med 10 stk."),
        ("stk", "time", "kg", "m", "pk"),
        ("Serienr.: SN-{n}", "Leveringsdato: {d}", "Oprindelse: DK", "Parti {n}"), ("Varenr.: {c}",),
        ("Værksted", "Bygning B", "Projekt Sund"), "Subtotal {g}", ("Transport", "Transport"), "Fragt", "Rabat",
        ("Nettobeløb", "Moms {r}%", "At betale"), "Betales inden 30 dage.",
        date="Dato",
    ),
    "pl": TableWords(
        ",", "FAKTURA VAT", "Nr faktury", "Data wystawienia",
        _heads(
            position="Lp.|L.p.|Nr", item_code="Kod|Indeks|Kod produktu|Symbol", description="Nazwa|Nazwa towaru lub usługi|Opis|Nazwa towaru",
            quantity="Ilość|Liczba", unit="J.m.|Jm|Jednostka", unit_price="Cena netto|Cena jedn. netto|Cena|Cena jednostkowa",
            price_base="Za", discount="Rabat|Rabat %", tax_rate="VAT|Stawka VAT|VAT %", tax_amount="Kwota VAT|Podatek",
            amount="Wartość netto|Wartość|Netto|Kwota netto", gross_amount="Wartość brutto|Brutto", order="Zamówienie",
        ),
        ("Wąż hydrauliczny 12 mm", "Krzesło biurowe", "Usługi doradcze", "Papier A4 80 g", "Klucz dynamometryczny",
         "Rękawice ochronne", "Licencja roczna Pro", "Łożysko 6204-2RS"),
        ("ze wzmocnioną osłoną i złączami stalowymi", "z dostawą i montażem", "kolor antracyt", "karton 10 sztuk"),
        ("szt.", "godz.", "kg", "m", "szt", "op."),
        ("Nr seryjny: SN-{n}", "Data dostawy: {d}", "Kraj pochodzenia: PL", "Partia {n}"), ("Kod: {c}",),
        ("Warsztat", "Budynek B", "Projekt Wisła"), "Suma częściowa {g}", ("Do przeniesienia", "Z przeniesienia"),
        "Koszt wysyłki", "Rabat", ("Razem netto", "VAT {r}%", "Do zapłaty"), "Termin płatności 30 dni.",
        date="Data",
    ),
}  # fmt: skip
