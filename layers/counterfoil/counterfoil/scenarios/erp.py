"""The ERP of a scenario, in memory: orders, receipts and bills by id, so that the same record twice stands once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from counterfoil.domain import ledger
from counterfoil.domain.orders import ZERO, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.scenarios.reader import ErpBill, ErpOrder, ErpReceipt

COMPANY = "scenario"
Key = tuple[str, int]


class ErpRefused(Exception):
    """The ERP declines and changes nothing."""


class ScenarioErp:
    """One company's books."""

    def __init__(
        self,
        orders: Iterable[ErpOrder],
        receipts: Iterable[ErpReceipt],
        bills: Iterable[ErpBill],
        *,
        bill_in_advance: bool,
    ) -> None:
        self.orders = {order.number: order for order in orders}
        self.receipts = {receipt.id: receipt for receipt in receipts}
        self.bills = {bill.id: bill for bill in bills}
        self.bill_in_advance = bill_in_advance
        self.writes = 0

    # What it holds

    def order_line(self, key: Key) -> OrderLine | None:
        order = self.orders.get(key[0])
        if order is None:
            return None
        return next((line for line in order.lines if line.line == key[1]), None)

    def received(self, key: Key) -> Decimal:
        line = self.order_line(key)
        if line is not None and line.is_expense:
            return line.amount if key[1] in self.orders[key[0]].received_expenses else ZERO
        return sum((receipt.quantities.get(key, ZERO) for receipt in self.receipts.values()), ZERO)

    def billed(self, key: Key) -> Decimal:
        return sum((bill.quantities.get(key, ZERO) for bill in self.bills.values() if bill.counts), ZERO)

    def bills_counted(self) -> int:
        return sum(bill.counts for bill in self.bills.values())

    def synced(self) -> list[PurchaseOrder]:
        """The orders as our side knows them: drafts are not synced."""
        return [self._synced(order) for order in self.orders.values() if order.status != "draft"]

    def _synced(self, order: ErpOrder) -> PurchaseOrder:
        bills = {
            bill.id: {line: taken for (number, line), taken in bill.quantities.items() if number == order.number}
            for bill in self.bills.values()
            if bill.counts
        }
        return PurchaseOrder(
            company=COMPANY,
            id=order.number,
            number=order.number,
            vendor_id=order.vendor,
            subsidiary=order.subsidiary,
            status=self.status(order),
            currency=order.currency,
            order_date=order.order_date,
            lines=tuple(
                line.model_copy(
                    update={
                        "received": self.received((order.number, line.line)),
                        "billed": self.billed((order.number, line.line)),
                    }
                )
                for line in order.lines
            ),
            bills={bill_id: taken for bill_id, taken in bills.items() if taken},
            version=self.writes,
        )

    def status(self, order: ErpOrder) -> OrderStatus:
        """An order's status by what came and what was billed of its lines.

        What is to be received is not billed before it came, even with a bill for all of it.
        """
        if order.status != "open":
            return OrderStatus.CLOSED if order.status == "closed" else OrderStatus.PENDING_APPROVAL
        lines = [(line, (order.number, line.line)) for line in order.lines if not line.is_closed]
        to_receive = [(line, key) for line, key in lines if line.kind.is_received]
        is_received = all(self.received(key) >= line.quantity for line, key in to_receive)
        if is_received and all(self.billed(key) >= ledger.ordered(line) for line, key in lines):
            return OrderStatus.FULLY_BILLED if lines else OrderStatus.CLOSED
        if is_received:
            return OrderStatus.PENDING_BILL
        if all(self.received(key) <= 0 for _, key in to_receive):
            return OrderStatus.PENDING_RECEIPT
        if any(self.received(key) > self.billed(key) for _, key in to_receive):
            return OrderStatus.PENDING_BILLING_PARTIALLY_RECEIVED
        return OrderStatus.PARTIALLY_RECEIVED

    # What happens in it

    def receive(self, receipt: ErpReceipt) -> None:
        self.receipts[receipt.id] = receipt
        self.writes += 1

    def delete_receipt(self, receipt_id: str) -> None:
        if receipt_id not in self.receipts:
            raise ErpRefused(f"there is no receipt {receipt_id}")
        del self.receipts[receipt_id]
        self.writes += 1

    def change_order(self, number: str, changes: Mapping[str, Any]) -> None:
        """Change an order's vendor, currency, status or subsidiary."""
        self.orders[number] = replace(self._order(number), **changes)
        self.writes += 1

    def change_line(self, key: Key, line: OrderLine) -> None:
        order = self._order(key[0])
        if self.order_line(key) is None:
            raise ErpRefused(f"order {key[0]} has no line {key[1]}")
        lines = tuple(line if each.line == key[1] else each for each in order.lines)
        self.orders[key[0]] = replace(order, lines=lines)
        self.writes += 1

    def close_order(self, number: str) -> None:
        self.orders[number] = replace(self._order(number), status="closed")
        self.writes += 1

    def delete_order(self, number: str) -> None:
        self._order(number)
        del self.orders[number]
        self.writes += 1

    def _order(self, number: str) -> ErpOrder:
        if number not in self.orders:
            raise ErpRefused(f"there is no order {number}")
        return self.orders[number]

    def post(self, bill: ErpBill) -> None:
        """Enter a bill. A bill of an id that is there already replaces it: it is a redelivery or a revision."""
        self.bills[bill.id] = bill
        self.writes += 1

    def check_bill(self, quantities: Mapping[Key, Decimal]) -> None:
        """What the ERP refuses of its own: goods that did not come, unless it may bill in advance; orders that are
        closed or gone."""
        for key, quantity in quantities.items():
            line = self.order_line(key)
            if line is None or self.orders[key[0]].status != "open" or line.is_closed:
                raise ErpRefused(f"{key[0]}:{key[1]} cannot be billed")
            due = self.received(key) - self.billed(key)
            if line.kind.is_received and not self.bill_in_advance and quantity > max(due, ZERO):
                raise ErpRefused(f"{key[0]}:{key[1]}: {quantity} billed, {due} received and not billed")

    def delete_bill(self, bill_id: str) -> None:
        if bill_id not in self.bills:
            raise ErpRefused(f"there is no bill {bill_id}")
        del self.bills[bill_id]
        self.writes += 1
