"""The bill that an approved invoice becomes, and bills as the ERP holds them.

A bill says what the invoice says: its total is the invoice's gross total to the cent, or there is no bill. Lines that
bill an order name the order's line, item and unit; everything else (freight, charges, discounts, tax, rounding) is
posted to accounts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from counterfoil.domain.invoices import CapturedInvoice, DocumentType, Invoice, InvoiceLine, LineKind
from counterfoil.domain.matching_result import LineMatch, OrderLineLink
from counterfoil.domain.money import EXACT, decimal_of, plain, round_money, smallest_unit, split_amount
from counterfoil.domain.orders import ZERO, Coding, OrderLine, PurchaseOrder
from counterfoil.domain.records import Record
from counterfoil.domain.tax import net_amounts, prices_include_tax
from counterfoil.errors import CounterfoilError

NUMBER_LENGTH_MAX = 45  # the ERP's field "Reference No."
MEMO_LENGTH_MAX = 999
LINE_TEXT_LENGTH_MAX = 999
RATE_DECIMALS = 8  # as many as the ERP shows of a rate
RATE_DECIMALS_MAX = 20

T = TypeVar("T")


class BillItemLine(Record):
    """A billed order line of an item: `quantity` in the order's unit, `amount` = quantity x rate, rounded."""

    order_id: str
    order_line: int
    item_id: str
    description: str = ""
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    coding: Coding = Coding()


class BillExpenseLine(Record):
    """An amount on an account; with an order's id and line when it bills an expense line of one."""

    account: str
    amount: Decimal
    memo: str = ""
    order_id: str | None = None
    order_line: int | None = None
    coding: Coding = Coding()


class Bill(Record):
    """A bill, or a credit, to be made in the ERP. Amounts of a credit are positive, as the ERP writes them."""

    document_type: DocumentType
    external_id: str
    vendor_id: str
    number: str
    bill_date: date
    due_date: date | None = None
    currency: str
    memo: str = ""
    items: tuple[BillItemLine, ...] = ()
    expenses: tuple[BillExpenseLine, ...] = ()

    @property
    def total(self) -> Decimal:
        amounts = [line.amount for line in self.items] + [line.amount for line in self.expenses]
        return sum(amounts, ZERO)


class ErpBillLine(Record):
    """One line of a bill in the ERP, with the order line that it bills."""

    line: int
    item_id: str | None = None
    quantity: Decimal = ZERO
    amount: Decimal = ZERO
    order_id: str | None = None
    order_line: int | None = None


class ErpBill(Record):
    """A bill or credit as the ERP holds it. `counts` is false when it was rejected or cancelled: it bills nothing."""

    company: str
    id: str
    document_type: DocumentType
    number: str
    vendor_id: str
    external_id: str | None = None
    counts: bool = True
    currency: str
    total: Decimal
    bill_date: date | None = None
    lines: tuple[ErpBillLine, ...] = ()
    modified_at: datetime | None = None


class BillImpossible(CounterfoilError):
    """No bill can be made of the invoice as it stands. `code` to count, `detail` for a person, with the numbers."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


class BillDoesNotAddUp(BillImpossible):
    """The bill's lines do not come to the invoice's gross total."""

    def __init__(self, total: Decimal, gross_total: Decimal, currency: str) -> None:
        self.total = total
        self.gross_total = gross_total
        super().__init__(
            "bill_does_not_add_up",
            f"the bill's lines come to {plain(total)} {currency}, the invoice to {plain(gross_total)} {currency}",
        )


def external_id(company: str, invoice_id: str) -> str:
    """The id that the ERP knows the bill by: letters, digits, `-` and `_`; another one for each other invoice.

    The readable part is for people; the hash makes it unique also where ids differ only by case or punctuation.
    """
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", invoice_id)[:32]
    digest = hashlib.sha256(f"{len(company)}:{company}:{invoice_id}".encode()).hexdigest()[:24]
    return f"cf-{readable}-{digest}"


def bill_of(invoice: Invoice, orders: Mapping[str, PurchaseOrder], charge_accounts: Mapping[str, str]) -> Bill:
    """The bill of an approved invoice.

    `orders` by the ERP's id, all that the match links to. `charge_accounts` maps `freight`, `charge`, `discount`,
    `tax` and `rounding` to accounts; with one for `rounding`, a difference that rounding each line can make (half a
    smallest unit for each line and the tax) is posted there. `BillDoesNotAddUp`, `BillImpossible`.
    """
    captured = _required(invoice.captured, "document")
    number = _required(captured.invoice_number, "invoice_number")
    currency = _currency(captured, orders)
    gross_total = round_money(_required(captured.gross_total, "gross_total"), currency)
    sign = _sign(captured.document_type, gross_total, currency)

    if prices_include_tax(captured):
        captured = _before_tax(captured, currency)
    parts = [
        part for line in captured.billed_lines for part in _parts(line, invoice, orders, charge_accounts, currency)
    ]
    parts += _tax(captured, charge_accounts, currency)
    parts += _rounding(gross_total - sum((part.amount for part in parts), ZERO), len(parts), charge_accounts, currency)
    items, expenses = _merged([part.times(sign) for part in parts], orders, currency)

    bill = Bill(
        document_type=captured.document_type,
        external_id=external_id(invoice.company, invoice.id),
        vendor_id=_required(invoice.vendor_id, "vendor"),
        number=number[:NUMBER_LENGTH_MAX],
        bill_date=_required(captured.issue_date, "issue_date"),
        due_date=captured.due_date,
        currency=currency,
        memo=f"Invoice {number}, {invoice.document.file_name}"[:MEMO_LENGTH_MAX],
        items=items,
        expenses=expenses,
    )
    if bill.total != sign * gross_total:
        raise BillDoesNotAddUp(bill.total, sign * gross_total, currency)
    return bill


def _before_tax(captured: CapturedInvoice, currency: str) -> CapturedInvoice:
    """The document with its lines' amounts before tax, as the ERP takes them."""
    net = net_amounts(captured, currency)
    if net is None:
        raise BillImpossible("tax_rate_unknown", "the prices hold tax, and the document does not say how much on each")
    lines = tuple(line.model_copy(update={"amount": net.get(line.line, line.amount)}) for line in captured.billed_lines)
    return captured.model_copy(update={"lines": lines, "charges": ()})


def total_due(invoice: Invoice) -> Decimal:
    """What the invoice's bill has to come to in the ERP, which writes credits as positive amounts too."""
    captured = _required(invoice.captured, "document")
    gross_total = _required(captured.gross_total, "gross_total")
    rounded = round_money(gross_total, captured.currency) if captured.currency else gross_total
    return abs(rounded) if captured.document_type == DocumentType.CREDIT_NOTE else rounded


@dataclass(frozen=True)
class _Part:
    """An amount of the invoice with where it goes: an order line, or an account."""

    amount: Decimal
    text: str
    link: OrderLineLink | None = None
    account: str | None = None
    coding: Coding = field(default_factory=Coding)

    @property
    def quantity(self) -> Decimal:
        """The link's quantity in the direction of the amount: matching counts what a credit takes below zero."""
        if self.link is None or self.amount == 0:
            return self.link.quantity if self.link is not None else ZERO
        return abs(self.link.quantity).copy_sign(self.amount)

    def times(self, sign: int) -> _Part:
        return replace(self, amount=sign * self.amount)


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise BillImpossible("bill_lacks_a_value", f"the invoice has no {name}")
    return value


def _currency(captured: CapturedInvoice, orders: Mapping[str, PurchaseOrder]) -> str:
    """The invoice's currency, or else its orders'; they may not differ."""
    found = {order.currency for order in orders.values()} | ({captured.currency} if captured.currency else set())
    if len(found) > 1:
        raise BillImpossible("currencies_differ", f"invoice and orders are in {', '.join(sorted(found))}")
    return _required(next(iter(found), None), "currency")


def _sign(document_type: DocumentType, gross_total: Decimal, currency: str) -> int:
    """-1 for a credit note that writes its amounts as negative ones."""
    if gross_total >= 0:
        return 1
    if document_type == DocumentType.INVOICE:
        raise BillImpossible("invoice_is_negative", f"an invoice over {plain(gross_total)} {currency} is no bill")
    return -1


def _parts(
    line: InvoiceLine,
    invoice: Invoice,
    orders: Mapping[str, PurchaseOrder],
    charge_accounts: Mapping[str, str],
    currency: str,
) -> list[_Part]:
    match = _match_of(line, invoice)
    amount = _amount(line, currency)
    if match is not None and match.links and not match.is_price_credit:
        shares = split_amount(amount, [_weight(link, orders) for link in match.links], currency)
        return [
            _Part(share, line.description, link=link, coding=match.coding)
            for link, share in zip(match.links, shares, strict=True)
        ]
    if amount == 0:
        return []
    coding = invoice.codings.get(line.line) or (match.coding if match is not None else Coding())
    # Money taken back without goods is no quantity of the order's item.
    kind = LineKind.DISCOUNT if match is not None and match.is_price_credit else line.kind
    account = coding.account or charge_accounts.get(kind.value)
    if account is None:
        detail = f"line {line.line} ({plain(amount)} {currency}, {line.kind.value}) bills no order and has no account"
        raise BillImpossible("bill_lacks_an_account", detail)
    return [_Part(amount, line.description or line.kind.value, account=account, coding=coding)]


def _match_of(line: InvoiceLine, invoice: Invoice) -> LineMatch | None:
    matches = invoice.match.lines if invoice.match is not None else ()
    return next((match for match in matches if match.line == line.line), None)


def _amount(line: InvoiceLine, currency: str) -> Decimal:
    if line.amount is not None:
        return round_money(line.amount, currency)
    if line.quantity is None or line.unit_price is None:
        raise BillImpossible("bill_lacks_a_value", f"line {line.line} of the invoice has no amount")
    return round_money(EXACT.divide(line.quantity * line.unit_price, line.price_base_quantity), currency)


def _weight(link: OrderLineLink, orders: Mapping[str, PurchaseOrder]) -> tuple[Decimal, Decimal]:
    """What a link is worth by the order, and its quantity for when the order names no price."""
    ordered = _ordered(link, orders)
    return abs(link.quantity if ordered.is_expense else link.quantity * ordered.rate), abs(link.quantity)


def _ordered(link: OrderLineLink, orders: Mapping[str, PurchaseOrder]) -> OrderLine:
    try:
        return orders[link.order_id].line(link.line)
    except KeyError as error:
        raise BillImpossible("order_line_missing", f"order line {link} is gone") from error


def _tax(captured: CapturedInvoice, charge_accounts: Mapping[str, str], currency: str) -> list[_Part]:
    """The tax that no line holds, on the tax account."""
    total = captured.tax_total
    if total is None and captured.net_total is not None and captured.gross_total is not None:
        total = captured.gross_total - captured.net_total
    on_lines = sum((_amount(line, currency) for line in captured.billed_lines if line.kind == LineKind.TAX), ZERO)
    amount = round_money(total or ZERO, currency) - on_lines
    if total is None or amount == 0:
        return []
    return [_Part(amount, "Tax", account=_charge_account("tax", amount, charge_accounts, currency))]


def _charge_account(name: str, amount: Decimal, charge_accounts: Mapping[str, str], currency: str) -> str:
    account = charge_accounts.get(name)
    if account is None:
        raise BillImpossible("bill_lacks_an_account", f"there is no account for {plain(amount)} {currency} of {name}")
    return account


def _rounding(difference: Decimal, parts_count: int, charge_accounts: Mapping[str, str], currency: str) -> list[_Part]:
    account = charge_accounts.get(LineKind.ROUNDING.value)
    difference_max = smallest_unit(currency) * parts_count / 2
    if account is None or difference == 0 or abs(difference) > difference_max:
        return []
    return [_Part(difference, "Rounding", account=account)]


def _merged(
    parts: Sequence[_Part], orders: Mapping[str, PurchaseOrder], currency: str
) -> tuple[tuple[BillItemLine, ...], tuple[BillExpenseLine, ...]]:
    """Lines of the bill. The ERP takes each order line once a bill: what bills the same one is put together."""
    by_order_line: dict[tuple[str, int], list[_Part]] = {}
    expenses = []
    for part in parts:
        if part.link is not None:
            by_order_line.setdefault((part.link.order_id, part.link.line), []).append(part)
        else:
            expenses.append(_expense_line(part))
    items = []
    for same in by_order_line.values():
        link = same[0].link
        assert link is not None  # noqa: S101 (for the type checker: only linked parts are grouped)
        ordered = _ordered(link, orders)
        if ordered.is_expense:
            expenses.append(_ordered_expense_line(same, link, ordered))
        else:
            items.append(_item_line(same, link, ordered, currency))
    return tuple(items), tuple(expenses)


def _item_line(same: Sequence[_Part], link: OrderLineLink, ordered: OrderLine, currency: str) -> BillItemLine:
    quantity = sum((part.quantity for part in same), ZERO)
    amount = sum((part.amount for part in same), ZERO)
    if ordered.item_id is None:
        raise BillImpossible("order_line_has_no_item", f"order line {link} names no item")
    if quantity == 0 or quantity * amount < 0:
        detail = f"{plain(quantity)} for {plain(amount)} {currency} of order line {link} makes no price"
        raise BillImpossible("no_rate", detail)
    return BillItemLine(
        order_id=link.order_id,
        order_line=link.line,
        item_id=ordered.item_id,
        description=_text(same) or ordered.description[:LINE_TEXT_LENGTH_MAX],
        quantity=quantity,
        rate=rate_of(amount, quantity, currency),
        amount=amount,
        coding=_coding(same, ordered),
    )


def _ordered_expense_line(same: Sequence[_Part], link: OrderLineLink, ordered: OrderLine) -> BillExpenseLine:
    coding = _coding(same, ordered)
    if coding.account is None:
        raise BillImpossible("bill_lacks_an_account", f"order line {link} has no account")
    return BillExpenseLine(
        account=coding.account,
        amount=sum((part.amount for part in same), ZERO),
        memo=_text(same) or ordered.description[:LINE_TEXT_LENGTH_MAX],
        order_id=link.order_id,
        order_line=link.line,
        coding=coding,
    )


def _expense_line(part: _Part) -> BillExpenseLine:
    return BillExpenseLine(
        account=part.account or "", amount=part.amount, memo=part.text[:LINE_TEXT_LENGTH_MAX], coding=part.coding
    )


def _text(same: Sequence[_Part]) -> str:
    return "; ".join(dict.fromkeys(part.text for part in same if part.text))[:LINE_TEXT_LENGTH_MAX]


def _coding(same: Sequence[_Part], ordered: OrderLine) -> Coding:
    """The order line's coding where the match chose none, each segment by itself."""
    chosen = same[0].coding.model_dump(exclude_none=True)
    segments = {**ordered.coding.segments, **chosen.pop("segments")}
    return ordered.coding.model_copy(update={**chosen, "segments": segments})


def rate_of(amount: Decimal, quantity: Decimal, currency: str) -> Decimal:
    """The rate at which a quantity comes to just this amount: exact where it can be, else with as many decimals as
    it takes for quantity x rate to round to the amount."""
    exact = EXACT.divide(amount, quantity)
    for decimals in range(RATE_DECIMALS, RATE_DECIMALS_MAX + 1):
        rate = exact.quantize(Decimal(1).scaleb(-decimals), context=EXACT)
        if round_money(EXACT.multiply(rate, quantity), currency) == amount:
            return decimal_of(plain(rate))
    raise BillImpossible("no_rate", f"no rate brings {plain(quantity)} to {plain(amount)} {currency}")
