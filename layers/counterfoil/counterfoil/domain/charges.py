"""What on an invoice is not goods: freight, packaging, tax, discounts, rounding. None of it is ever linked to goods.

A charge is told by the document's own words, and only where no item code says that it is an article.
"""

from __future__ import annotations

import re

from counterfoil.domain.invoices import LineKind

# The first kind that has one of the words decides: a "rounding of VAT" is rounding. Whole words: a taxi is no tax.
# English, German, French, Dutch, Spanish, Italian.
_WORDS: dict[LineKind, str] = {
    LineKind.ROUNDING: """rounding rundung rundungsdifferenz arrondi afronding redondeo arrotondamento""",
    LineKind.DISCOUNT: """discount discounts rebate rabatt skonto nachlass remise escompte korting descuento sconto""",
    LineKind.FREIGHT: """freight shipping shipment carriage postage courier delivery transport transportation fracht
        frachtkosten versand versandkosten porto lieferkosten lieferung livraison verzendkosten portes trasporto
        spedizione""",
    LineKind.CHARGE: """packaging packing verpackung verpackungskosten emballage handling surcharge zuschlag insurance
        customs duty zoll toll maut deposit pfand eco environmental disposal""",
    LineKind.TAX: """tax taxes vat gst hst pst mwst ust umsatzsteuer mehrwertsteuer tva btw iva""",
}
# Words that may stand beside a charge's name without making it something else.
_FILLING = frozenset(
    """and und et y e a the of for per to on our your order invoice cost costs charge charges fee fees kosten pauschale
    flat rate standard express air sea road ground overnight same day next in out ups fedex dhl dpd gls tnt usps
    fuel energy minimum small quantity early payment cash trade volume value added sales use difference adjustment
    port frais de di spese pallet""".split()
)
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_PRECEDENCE = tuple(_WORDS)
_WORD = re.compile(r"[^\W\d_]+")
DESCRIPTION_MAX = 80


def kind_of(description: str, *, kind: LineKind = LineKind.GOODS, item_code: str | None = None) -> LineKind:
    """What a line is: what capture said, else a charge when its description is nothing but a charge's name.

    "Freight", "Shipping & handling" and "VAT 20 %" are charges; "Delivery van rental" and any line with an item code
    are goods.
    """
    if kind != LineKind.GOODS or item_code or len(description) > DESCRIPTION_MAX:
        return kind
    words = _WORD.findall(description.casefold())
    if any(word not in _KINDS and word not in _FILLING for word in words):
        return LineKind.GOODS
    found = {_KINDS[word] for word in words if word in _KINDS}
    return next((kind for kind in _PRECEDENCE if kind in found), LineKind.GOODS)
