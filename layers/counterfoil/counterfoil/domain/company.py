"""The company whose books these are: the buyer on every invoice it receives."""

from __future__ import annotations

from counterfoil.domain.records import Record


class CompanyIdentity(Record):
    """What a document may call the company itself, so that buyer and vendor are told apart.

    `names` are legal and trading names, `addresses` as printed on letters, `tax_ids` VAT ids and tax numbers,
    `order_patterns` regular expressions that its order numbers match (`PO-\\d{5}`), `order_numbers` those of the open
    orders that an invoice may bill.
    """

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    order_patterns: tuple[str, ...] = ()
    order_numbers: tuple[str, ...] = ()
