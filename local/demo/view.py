"""What people see: the live board while documents are on their way, and the tables at the end."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from rich.console import Console
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.money import plain
from counterfoil.store import Store
from local.demo.inbox import Drop, follow
from local.erp import ErpDocument, ErpLine

WIDTH_WITHOUT_TERMINAL = 160
COLOURS = {
    Status.POSTED: "green",
    Status.MATCHED: "cyan",
    Status.AWAITING_RECEIPT: "yellow",
    Status.EXCEPTION: "red",
    Status.NEEDS_REVIEW: "magenta",
    Status.DUPLICATE: "magenta",
    Status.EXPORT_FAILED: "red",
}
WORDS = {
    Status.POSTED: "matched and posted",
    Status.MATCHED: "matched, waits for an approver",
    Status.AWAITING_RECEIPT: "waits for goods",
    Status.NEEDS_REVIEW: "needs a person",
    Status.DUPLICATE: "held as a duplicate",
    Status.EXPORT_FAILED: "refused by the ERP",
}

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)


class Board:
    """The documents that were dropped, shown live on a terminal, and else a line for each change."""

    def __init__(self, store: Store, company: str) -> None:
        self.drops: list[Drop] = []
        self._store = store
        self._company = company
        self._said = ""
        self._changed_at = time.monotonic()
        self._live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        if not out.is_terminal:
            yield
            return
        with Live(self._table(), console=out, refresh_per_second=8) as live:
            self._live = live
            yield
            live.update(self._table(), refresh=True)
        self._live = None

    def add(self, drop: Drop) -> None:
        self.drops.append(drop)
        self._changed_at = time.monotonic()
        self._show()

    def say(self, what: str) -> None:
        self._said = what
        if self._live is None:
            out.print(f"· {what}")
        self._show()

    def expect_receipts(self) -> None:
        """From now on the missing goods are there."""
        for drop in self.drops:
            drop.with_receipts = True
        self._changed_at = time.monotonic()

    def refresh(self) -> None:
        for drop in self.drops:
            if follow(drop, self._store, self._company):
                self._changed_at = time.monotonic()
                if self._live is None:
                    out.print(f"  {drop.sample.name:<34} {drop.status_word:<18} {_seconds(drop)}")
        self._show()

    @property
    def quiet_seconds(self) -> float:
        return time.monotonic() - self._changed_at

    def _show(self) -> None:
        if self._live is not None:
            self._live.update(self._table())

    def _table(self) -> Table:
        table = Table("document", "what it shows", "state", Column("seconds", justify="right"), caption=self._said)
        for drop in self.drops:
            table.add_row(drop.sample.name, drop.sample.shows, _state(drop), f"{drop.seconds_so_far:.1f}")
        return table


def show_outcomes(drops: list[Drop]) -> None:
    table = Table("document", "invoice", "became", Column("seconds", justify="right"), "why",
                  title="What became of each", title_justify="left")  # fmt: skip
    for drop in drops:
        captured = drop.invoice.captured if drop.invoice else None
        number = captured.invoice_number if captured else None
        table.add_row(
            drop.sample.name, number or "", Text(_outcome(drop), style=_colour(drop)), _seconds(drop), _why(drop)
        )
    out.print(table)


def show_bills(bills: list[ErpDocument]) -> None:
    table = Table("bill", "vendor", "invoice", "total", "line", "bills order line", "amount",
                  title="Vendor bills now in the ERP, as it tells them", title_justify="left")  # fmt: skip
    for bill in bills:
        for place, line in enumerate(bill.lines):
            head = (bill.id, bill.vendor, bill.number, _money(bill.total, bill.currency)) if place == 0 else ("",) * 4
            quantity = f"{plain(line.quantity)} x " if line.quantity is not None else ""
            table.add_row(*head, f"{quantity}{line.text}"[:44], _link(line), plain(line.amount))
        table.add_section()
    out.print(table)


def show_orders(orders: list[ErpDocument]) -> None:
    table = Table("order", "vendor", "status", "received", "billed", "of ordered",
                  title="Their purchase orders in the ERP", title_justify="left")  # fmt: skip
    for order in orders:
        lines = order.lines
        table.add_row(
            order.number,
            order.vendor,
            order.status,
            ", ".join(_number(line.received) for line in lines),
            ", ".join(_number(line.billed) for line in lines),
            ", ".join(_number(line.quantity) for line in lines),
        )
    out.print(table)


def show_seconds(drops: list[Drop]) -> None:
    """Drop to bill, of what needed nobody and waited for nothing."""
    posted = [drop for drop in drops if drop.invoice is not None and drop.invoice.status == Status.POSTED]
    straight = [drop.seconds for drop in posted if not drop.waited_for_goods and not drop.sample.repeats]
    seconds = sorted(second for second in straight if second is not None)
    if seconds:
        out.print(
            f"drop to bill, {len(seconds)} invoices that nobody had to touch: median"
            f" {statistics.median(seconds):.1f} s, from {seconds[0]:.1f} s to {seconds[-1]:.1f} s"
            " (all dropped at once; after a deployment the functions start cold)"
        )


def show_next(drops: list[Drop]) -> None:
    waiting = [drop.sample.name for drop in drops if drop.invoice and drop.invoice.status == Status.MATCHED]
    out.print(
        "Everything keeps running. Open the page below, sign in as the approver or the AP manager"
        + (f", and approve {', '.join(waiting)}: its bill follows." if waiting else ".")
    )
    out.print(
        "`make demo` again puts both sides back and tells the story anew; `make down` stops, `make clean` removes."
    )


def _state(drop: Drop) -> Text:
    return Text(drop.status_word.replace("_", " "), style=_colour(drop))


def _colour(drop: Drop) -> str:
    return COLOURS.get(drop.invoice.status, "dim") if drop.invoice and not drop.sample.repeats else "dim"


def _seconds(drop: Drop) -> str:
    return f"{drop.seconds:.1f}" if drop.seconds is not None else ""


def _outcome(drop: Drop) -> str:
    if drop.invoice is None:
        return "nothing yet"
    if drop.sample.repeats:
        return "absorbed, a redelivery" if drop.is_redelivery else "nothing yet"
    status = drop.invoice.status
    return WORDS.get(status, status.value.replace("_", " "))


def _why(drop: Drop) -> str:
    if drop.invoice is None:
        return ""
    if drop.sample.repeats:
        return f"the very bytes of {drop.sample.repeats}: recorded on it, nothing else done"
    invoice = drop.invoice
    if invoice.status == Status.POSTED and invoice.bill:
        after = " once the goods had come" if drop.waited_for_goods else ""
        return f"bill {invoice.bill.id}{after}"
    if invoice.reasons:
        return "; ".join(reason.detail for reason in invoice.reasons)
    if invoice.status == Status.MATCHED and invoice.captured:
        total = _money(invoice.captured.gross_total or Decimal(0), invoice.captured.currency or "")
        return f"every line agrees; {total} is not approved by itself (another currency, or above the limit)"
    return ""


def _link(line: ErpLine) -> str:
    return f"{line.order}, line {line.order_line}" if line.order else ""


def _number(number: Decimal | None) -> str:
    return plain(number) if number is not None else "-"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"
