"""The ERP's side of the demo: its REST service, as any client with a token would use it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from requests_oauthlib import OAuth1  # type: ignore[import-untyped]  # it ships no types

from local.errors import LocalError

TIMEOUT_SECONDS = 30
ROWS_MAX = 1000
# Numbers of orders and accounts go into queries, which have no parameters.
SAFE_NUMBER = re.compile(r"[A-Za-z0-9 ./_-]{1,45}")
# The product's bills are told by the external ids that it gives them.
OUR_BILLS = "SELECT t.id AS id FROM transaction t WHERE t.type = 'VendBill' AND t.externalid LIKE 'cf-%' ORDER BY t.id"

Json = dict[str, Any]


@dataclass(frozen=True)
class ErpLine:
    """A line of a bill or an order, as the ERP tells it; `order` and `order_line` for a bill's."""

    line: int
    text: str
    quantity: Decimal | None
    amount: Decimal
    order: str | None = None
    order_line: int | None = None
    received: Decimal | None = None
    billed: Decimal | None = None


@dataclass(frozen=True)
class ErpDocument:
    """A bill or an order in the ERP."""

    id: str
    number: str
    vendor: str
    total: Decimal
    currency: str
    status: str
    lines: tuple[ErpLine, ...]


class Erp:
    """One account, spoken to with token-based authentication. `credentials` is what the emulator prints, JSON."""

    def __init__(self, url: str, credentials: str) -> None:
        keys = json.loads(credentials)
        self._url = url
        self._session = requests.Session()
        self._session.auth = OAuth1(
            keys["consumer_key"],
            keys["consumer_secret"],
            keys["token_id"],
            keys["token_secret"],
            signature_method="HMAC-SHA256",
            realm=keys["account"],
        )

    def bills(self) -> list[ErpDocument]:
        """The bills that came of invoices here, the oldest first."""
        rows = self._rows(OUR_BILLS)
        return [_document(self._record("vendorBill", row["id"])) for row in rows]

    def orders(self, numbers: list[str]) -> list[ErpDocument]:
        """The purchase orders of these numbers; LocalError when the ERP lacks one."""
        return [_document(self._record("purchaseOrder", self.order_id(number))) for number in numbers]

    def order_id(self, number: str) -> str:
        return self._id_of("transaction t", f"t.type = 'PurchOrd' AND t.tranid = '{_safe(number)}'", number)

    def account_id(self, number: str) -> str:
        """The id of an account of the chart of accounts, by its number."""
        return self._id_of("account t", f"t.acctnumber = '{_safe(number)}'", number)

    def receive(self, order: str, quantities: dict[int, str]) -> str:
        """Make an item receipt of an order, and return its id."""
        lines = [
            {"orderLine": line, "quantity": float(quantity), "itemReceive": True}
            for line, quantity in quantities.items()
        ]
        reply = self._call(
            "POST",
            f"/services/rest/record/v1/purchaseOrder/{self.order_id(order)}/!transform/itemReceipt",
            {"item": {"items": lines}},
        )
        return reply.headers["Location"].rstrip("/").rsplit("/", 1)[-1]

    def reset(self) -> None:
        """Put the emulator's seed back. Its own control, outside what a NetSuite account has."""
        reply = requests.post(f"{self._url}/_emulator/reset", json={"seed": "small"}, timeout=TIMEOUT_SECONDS)
        if not reply.ok:
            raise LocalError(f"the ERP emulator does not reset: {reply.status_code} {reply.text[:300]}")

    def _id_of(self, table: str, condition: str, name: str) -> str:
        rows = self._rows(f"SELECT t.id AS id FROM {table} WHERE {condition}")  # noqa: S608 - checked by _safe
        if len(rows) != 1:
            raise LocalError(
                f"the ERP has {len(rows)} records of number {name}, one is needed",
                "`make clean`, then `make demo`, starts from its seed",
            )
        return str(rows[0]["id"])

    def _record(self, kind: str, record_id: str) -> Json:
        path = f"/services/rest/record/v1/{kind}/{record_id}?expandSubResources=true"
        found: Json = self._call("GET", path).json()
        return found

    def _rows(self, query: str) -> list[Json]:
        reply = self._call(
            "POST", f"/services/rest/query/v1/suiteql?limit={ROWS_MAX}", {"q": query}, {"Prefer": "transient"}
        )
        items: list[Json] = reply.json()["items"]
        return items

    def _call(
        self, method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        reply = self._session.request(method, f"{self._url}{path}", json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        if not reply.ok:
            raise LocalError(f"the ERP refused {method} {path}: {reply.status_code} {reply.text[:500]}")
        return reply


def _document(record: Json) -> ErpDocument:
    items = record.get("item", {}).get("items", [])
    expenses = record.get("expense", {}).get("items", [])
    return ErpDocument(
        id=str(record["id"]),
        number=str(record.get("tranId", "")),
        vendor=_name(record.get("entity")),
        total=_decimal(record.get("total")) or Decimal(0),
        currency=_name(record.get("currency")),
        status=_name(record.get("status")),
        lines=tuple(_line(line) for line in (*items, *expenses)),
    )


def _line(line: Json) -> ErpLine:
    order = line.get("orderDoc") or {}
    order_line = line.get("orderLine")
    return ErpLine(
        line=int(line.get("line", 0)),
        text=str(line.get("description") or line.get("memo") or _name(line.get("item"))),
        quantity=_decimal(line.get("quantity")),
        amount=_decimal(line.get("amount")) or Decimal(0),
        order=str(order.get("refName") or order.get("id")) if order else None,
        order_line=int(order_line) if order_line is not None else None,
        received=_decimal(line.get("quantityReceived")),
        billed=_decimal(line.get("quantityBilled")),
    )


def _name(reference: Any) -> str:
    return str(reference.get("refName") or reference.get("id") or "") if isinstance(reference, dict) else ""


def _decimal(value: Any) -> Decimal | None:
    # The service writes JSON numbers; their text is what was meant.
    return Decimal(str(value)) if value is not None else None


def _safe(number: str) -> str:
    if not SAFE_NUMBER.fullmatch(number):
        raise LocalError(f"{number!r} is no number of the ERP")
    return number
