"""IBANs and VAT ids: found by form, believed by check digits."""

from __future__ import annotations

import re
from functools import lru_cache

SEPARATORS = re.compile(r"[\s./-]")
IBAN_FORM = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")
VAT_FORM = re.compile(
    r"(AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK|XI)"
    r"[A-Z0-9+*]{4,14}$"
)
IBAN_MODULUS = 97
CACHE_MAX = 4096


def compact(text: str) -> str:
    """Upper case without the separators that people write into identifiers."""
    return SEPARATORS.sub("", text).upper()


def looks_like_iban(text: str) -> bool:
    """True for the form of an IBAN; domestic account numbers are not IBANs at all."""
    return bool(IBAN_FORM.match(compact(text)))


@lru_cache(CACHE_MAX)
def is_iban(text: str) -> bool:
    """True when the check digits hold (ISO 13616, mod 97) and the country writes its IBANs in that length and form.

    The check digits alone let one in 97 of all texts through, such as an item code with the words behind it.
    """
    found = compact(text)
    if not IBAN_FORM.match(found):
        return False
    digits = "".join(str(int(character, 36)) for character in found[4:] + found[:4])
    if int(digits) % IBAN_MODULUS != 1:
        return False
    from stdnum import iban

    return bool(iban.is_valid(found, check_country=False))


def looks_like_vat_id(text: str) -> bool:
    """True for a European country code with what may follow it."""
    return bool(VAT_FORM.match(compact(text)))


@lru_cache(CACHE_MAX)
def is_vat_id(text: str) -> bool:
    """True when the country's own check digits hold."""
    vat_id = compact(text)
    if not VAT_FORM.match(vat_id):
        return False
    if vat_id.startswith("CHE"):
        from stdnum.ch import vat as swiss

        return bool(swiss.is_valid(vat_id)) or _is_swiss_number(vat_id)
    if vat_id.startswith("NO"):
        from stdnum.no import mva

        return bool(mva.is_valid(vat_id))
    if vat_id.startswith(("GB", "XI")):
        from stdnum.gb import vat as british

        return bool(british.is_valid(vat_id[2:]))
    from stdnum.eu import vat

    return bool(vat.is_valid(vat_id))


def _is_swiss_number(text: str) -> bool:
    from stdnum.ch import uid

    return bool(uid.is_valid(text))
