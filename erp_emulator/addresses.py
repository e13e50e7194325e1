"""Addresses as text, as NetSuite prints them."""

from __future__ import annotations

from typing import Any

from erp_emulator import codes


def address_text(address: dict[str, Any]) -> str:
    country = address.get("country")
    code = country.get("id") if isinstance(country, dict) else country
    place = " ".join(str(address[n]) for n in ("city", "state", "zip") if address.get(n))
    rows = [address.get(n) for n in ("addressee", "attention", "addr1", "addr2", "addr3")]
    rows += [place, codes.ENUMS["country"].get(str(code), str(code)) if code else None]
    return "\n".join(str(row) for row in rows if row)
