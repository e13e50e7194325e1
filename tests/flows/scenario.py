"""A random month of one vendor: orders, receipts that come when they like, and invoices of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from counterfoil.netsuite.client import NetSuiteClient
from tests.documents import a_ubl_invoice

ORDERS_MAX = 3
LINES_MAX = 3


@dataclass(frozen=True)
class Item:
    """An item of the ERP: whether it has to be received before it is billed."""

    id: str
    code: str
    description: str
    is_received: bool


@dataclass
class Order:
    """An order as it was placed: (item, quantity, price) by line number."""

    id: str
    number: str
    lines: dict[int, tuple[Item, Decimal, Decimal]]

    def goods(self) -> dict[int, Decimal]:
        return {line: quantity for line, (item, quantity, _) in self.lines.items() if item.is_received}


@dataclass
class Document:
    """A document to drop, and the name of what it tries."""

    key: str
    content: bytes
    what: str


@dataclass
class Scenario:
    """Places orders in the ERP and makes the documents; `receive_next` lets goods come."""

    erp: NetSuiteClient
    random: Random
    vendor_id: str
    vendor_name: str
    vat_id: str
    items: Sequence[Item]
    company: str = "demo"
    orders: list[Order] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    received: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    receipts: list[tuple[Order, dict[int, Decimal]]] = field(default_factory=list)

    def place_orders(self) -> None:
        for place in range(1, self.random.randint(1, ORDERS_MAX) + 1):
            chosen = self.random.sample(list(self.items), self.random.randint(1, min(LINES_MAX, len(self.items))))
            wanted = [
                (item, Decimal(self.random.randint(2, 20)), Decimal(self.random.randint(100, 9999)) / 100)
                for item in chosen
            ]
            number = f"PO-{self.random.randint(10_000, 99_999)}-{place}"
            self.orders.append(self._placed(number, wanted))
        for order in self.orders:
            self._plan_receipts(order)

    def _placed(self, number: str, wanted: list[tuple[Item, Decimal, Decimal]]) -> Order:
        body: dict[str, Any] = {
            "entity": {"id": self.vendor_id},
            "tranId": number,
            "item": {
                "items": [
                    {"item": {"id": item.id}, "quantity": quantity, "rate": price} for item, quantity, price in wanted
                ]
            },
        }
        order_id = self.erp.create("purchaseOrder", body)
        record = self.erp.get("purchaseOrder", order_id)
        numbers = [int(line["line"]) for line in record["item"]["items"]]
        return Order(order_id, number, dict(zip(numbers, wanted, strict=True)))

    def _plan_receipts(self, order: Order) -> None:
        goods = order.goods()
        if not goods:
            return
        if self.random.random() < 0.5:
            self.receipts.append((order, goods))
            return
        first = {line: quantity // 2 for line, quantity in goods.items()}
        self.receipts.append((order, {line: quantity for line, quantity in first.items() if quantity}))
        if self.random.random() < 0.7:
            self.receipts.append((order, {line: quantity - first[line] for line, quantity in goods.items()}))

    def receive_next(self) -> bool:
        """Post one planned receipt in the ERP; False when none is left."""
        if not self.receipts:
            return False
        order, quantities = self.receipts.pop(0)
        received = self.received.setdefault(order.number, {})
        for line, quantity in quantities.items():
            received[line] = received.get(line, Decimal(0)) + quantity
        lines = [
            {"orderLine": line, "quantity": quantities.get(line, Decimal(0)), "itemReceive": line in quantities}
            for line in order.goods()
        ]
        self.erp.transform("purchaseOrder", order.id, "itemReceipt", {"item": {"items": lines}})
        return True

    def must_be_billed(self) -> set[str]:
        """The orders that one invoice bills whole, whose goods have all come: whatever goes wrong, it is posted."""
        return {
            order.number
            for order in self.orders
            if self.kinds[order.number] in ("whole", "competing", "same_number")
            and self.received.get(order.number, {}) == order.goods()
        }

    def documents(self) -> list[Document]:
        """For each order something right or wrong; and what every inbox sees: repeats, junk, strays."""
        made: list[Document] = []
        for order in self.orders:
            kind = self.random.choice(
                ["whole", "two_halves", "over_billed", "dearer", *["competing"] * 3, *["same_number"] * 2]
            )
            self.kinds[order.number] = kind
            made += getattr(self, f"_{kind}")(order)
        made.append(self._document("no order", a_ubl_invoice(**self._head("NONE", order=None))))
        made.append(Document(f"inbox/{self.company}/torn.xml", b"<?xml version='1.0'?><Invoice", "unreadable"))
        made.append(Document(f"inbox/{self.company}/empty.pdf", b"", "empty"))
        made.append(Document("elsewhere/a.xml", b"<a/>", "stray"))
        repeated = self.random.choice(made)
        if repeated.key.startswith(f"inbox/{self.company}/"):
            made.append(Document(repeated.key.replace(".", "-again."), repeated.content, f"again: {repeated.what}"))
        self.random.shuffle(made)
        return made

    def _whole(self, order: Order) -> list[Document]:
        return [self._invoice(order, "A", {line: quantity for line, (_, quantity, _) in order.lines.items()})]

    def _two_halves(self, order: Order) -> list[Document]:
        halves = {line: quantity // 2 for line, (_, quantity, _) in order.lines.items()}
        rest = {line: quantity - halves[line] for line, (_, quantity, _) in order.lines.items()}
        return [self._invoice(order, "A", halves), self._invoice(order, "B", rest)]

    def _over_billed(self, order: Order) -> list[Document]:
        return [self._invoice(order, "A", {line: quantity + 1 for line, (_, quantity, _) in order.lines.items()})]

    def _dearer(self, order: Order) -> list[Document]:
        whole = {line: quantity for line, (_, quantity, _) in order.lines.items()}
        return [self._invoice(order, "A", whole, dearer=Decimal("0.01"))]

    def _competing(self, order: Order) -> list[Document]:
        whole = {line: quantity for line, (_, quantity, _) in order.lines.items()}
        return [self._invoice(order, suffix, whole) for suffix in "ABC"]

    def _same_number(self, order: Order) -> list[Document]:
        whole = {line: quantity for line, (_, quantity, _) in order.lines.items()}
        return [self._invoice(order, "A", whole), self._invoice(order, "A", whole, note="a copy")]

    def _invoice(
        self,
        order: Order,
        suffix: str,
        quantities: dict[int, Decimal],
        *,
        dearer: Decimal = Decimal(0),
        note: str = "",
    ) -> Document:
        lines = [
            (item.code, item.description, str(quantities[line]), str(price + dearer))
            for line, (item, _, price) in order.lines.items()
            if quantities[line] > 0
        ]
        head = self._head(f"{order.number.removeprefix('PO-')}{suffix}", order=order.number)
        return self._document(f"{order.number} {suffix}{note}", a_ubl_invoice(**head | {"lines": lines, "note": note}))

    def _head(self, number: str, *, order: str | None) -> dict[str, Any]:
        return {"number": f"INV-{number}", "vendor": self.vendor_name, "vat_id": self.vat_id, "order": order}

    def _document(self, what: str, content: bytes) -> Document:
        return Document(f"inbox/{self.company}/{self.random.randrange(10**9)}.xml", content, what)
