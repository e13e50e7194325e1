"""A small signed client, and shapes of documents that tests begin from."""

from __future__ import annotations

from typing import Any

import requests
from requests_oauthlib import OAuth1

from erp_emulator.embedded import Emulator


class Client:
    """Speaks to an emulator as one of its roles, with token-based authentication."""

    def __init__(self, emulator: Emulator, role: str = "administrator") -> None:
        self.emulator = emulator
        self.root = f"{emulator.url}/services/rest"
        self.session = requests.Session()
        made = emulator.account.credentials
        token = made.token_of_role(role)
        self.keys = (made.consumer_key, made.consumer_secret, token.token_id, token.token_secret)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def auth(self) -> OAuth1:
        return OAuth1(*self.keys, signature_method="HMAC-SHA256", realm=self.emulator.account.name)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """One request; `path` is below `/services/rest` unless it is a whole address."""
        url = path if path.startswith("http") else f"{self.root}{path}"
        if body is not None and "data" not in options:
            options["json"] = body
        return self.session.request(method, url, auth=self.auth(), timeout=30, **options)

    def get(self, path: str, **options: Any) -> Any:
        reply = self.call("GET", path, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def make(self, path: str, body: Any, method: str = "POST", **options: Any) -> str:
        """Create or change, and the id from `Location`."""
        reply = self.call(method, path, body, **options)
        assert reply.status_code == 204, reply.text
        assert reply.content == b""
        return reply.headers["Location"].rsplit("/", 1)[1]

    def refused(self, method: str, path: str, body: Any = None, *, status: int = 400, **options: Any) -> dict[str, Any]:
        """The first detail of a refusal, after its envelope is checked."""
        reply = self.call(method, path, body, **options)
        assert reply.status_code == status, (reply.status_code, reply.text)
        envelope = reply.json()
        assert envelope["status"] == status
        assert {"type", "title", "o:errorDetails"} <= set(envelope)
        return envelope["o:errorDetails"][0]

    def query(self, text: str, params: list[Any] | None = None, **page: int) -> list[dict[str, Any]]:
        reply = self.ask(text, params, **page)
        assert reply.status_code == 200, reply.text
        return [{k: v for k, v in row.items() if k != "links"} for row in reply.json()["items"]]

    def ask(self, text: str, params: list[Any] | None = None, **page: int) -> requests.Response:
        body = {"q": text, **({"params": params} if params else {})}
        return self.call("POST", "/query/v1/suiteql", body, headers={"Prefer": "transient"}, params=page)

    def query_refused(self, text: str) -> str:
        reply = self.ask(text)
        assert reply.status_code == 400, reply.text
        detail = reply.json()["o:errorDetails"][0]
        assert detail["o:errorCode"] == "INVALID_PARAMETER"
        assert detail["o:errorQueryParam"] == "q"
        return detail["detail"]

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        reply = self.session.request(method, f"{self.emulator.url}/_emulator/{path}", json=body or {}, timeout=60)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    # Documents.

    def order(self, *lines: dict[str, Any], **header: Any) -> str:
        body = {"entity": {"id": "501"}, "tranDate": "2026-05-04", **header, **split(lines or (item(),))}
        return self.make("/record/v1/purchaseOrder", body)

    def receive(self, order: str, quantities: dict[int, Any] | None = None, **header: Any) -> str:
        body: dict[str, Any] = {"tranDate": "2026-05-05", **header}
        if quantities is not None:
            lines = self.get(f"/record/v1/purchaseOrder/{order}/item")["items"]
            body["item"] = {
                "items": [
                    {"orderLine": x["line"], "quantity": quantities[x["line"]]}
                    if x["line"] in quantities
                    else {"orderLine": x["line"], "itemReceive": False}
                    for x in lines
                ]
            }
        return self.make(f"/record/v1/purchaseOrder/{order}/!transform/itemReceipt", body)

    def bill(self, order: str, quantities: dict[int, Any] | None = None, **header: Any) -> str:
        body: dict[str, Any] = {"tranDate": "2026-05-06", "tranId": "INV-1", **header}
        path = f"/record/v1/purchaseOrder/{order}/!transform/vendorBill"
        if quantities is not None:
            ordered = {x["line"]: x for x in self.get(f"/record/v1/purchaseOrder/{order}/item")["items"]}
            body["item"] = {
                "items": [
                    {
                        "item": {"id": ordered[line]["item"]["id"]},
                        "orderDoc": {"id": order},
                        "orderLine": line,
                        "quantity": quantity,
                        "rate": ordered[line]["rate"],
                    }
                    for line, quantity in quantities.items()
                ]
            }
            path += "?replace=item,expense"
        return self.make(path, body)

    def expense_bill(self, amount: Any = 100, **header: Any) -> str:
        body = {"entity": "501", "tranDate": "2026-05-06", "tranId": "E-1", **header, **split((expense(amount),))}
        return self.make("/record/v1/vendorBill", body)

    def status(self, order: str) -> str:
        return self.get(f"/record/v1/purchaseOrder/{order}?fields=orderStatus")["orderStatus"]["id"]

    def bill_status(self, bill: str) -> str:
        return self.get(f"/record/v1/vendorBill/{bill}?fields=status")["status"]["refName"]


def item(code: str = "71", quantity: Any = 10, rate: Any = 10, **more: Any) -> dict[str, Any]:
    return {"item": {"id": code}, "quantity": quantity, "rate": rate, **more}


def expense(amount: Any = 100, account: str = "122", **more: Any) -> dict[str, Any]:
    return {"account": {"id": account}, "amount": amount, **more}


def split(lines: Any) -> dict[str, Any]:
    items = [line for line in lines if "item" in line]
    expenses = [line for line in lines if "item" not in line]
    return {**({"item": {"items": items}} if items else {}), **({"expense": {"items": expenses}} if expenses else {})}
