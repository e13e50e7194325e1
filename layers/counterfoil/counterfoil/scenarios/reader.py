"""Scenario files as records. A file that cannot be read is refused with its name and the place that is wrong.

A key that is nearly a known one is refused, as a slip of the pen would change what is decided; any other that is not
known is passed over and named in `unknown_keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from counterfoil.domain.invoices import CapturedInvoice, DocumentType, InvoiceLine, Source
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.orders import ZERO, Coding, ItemKind, OrderLine
from counterfoil.domain.policy import MatchMode, MatchPolicy, Scope, ScopedThresholds, Side, Threshold, Thresholds
from counterfoil.scenarios.node import Node, ScenarioUnreadable

BYTES_MAX = 20_000_000
CASES_MAX = 20_000

CREDIT_TYPES = frozenset({"credit_note", "credit_memo", "credit", "vendor_credit"})
# What the ERPs call an order's states; what came and was billed says the rest.
ORDER_STATUSES = {
    **dict.fromkeys(("draft", "pending approval", "pending supervisor approval", "rejected"), "draft"),
    **dict.fromkeys(
        ("open", "pending receipt", "partially received", "pending billing", "pending bill", "fully billed", "billed",
         "pending billing/partially received", "received"), "open"),
    **dict.fromkeys(("closed", "cancelled", "canceled"), "closed"),
}  # fmt: skip
CODING_KEYS = {
    "account": "account",
    "department": "department",
    "location": "location",
    "class": "class_",
    "project": "project",
}


@dataclass(frozen=True)
class ErpOrder:
    """An order as the scenario's ERP holds it: `status` is draft, open or closed, what was received or billed stands
    in the receipts and bills."""

    number: str
    vendor: str
    currency: str
    status: str
    lines: tuple[OrderLine, ...]
    codings: Mapping[int, Mapping[str, str]]
    received_expenses: frozenset[int] = frozenset()
    subsidiary: str | None = None
    order_date: date | None = None


@dataclass(frozen=True)
class ErpReceipt:
    """What came: (order number, line) and quantity. Returns are negative."""

    id: str
    quantities: Mapping[tuple[str, int], Decimal]


@dataclass(frozen=True)
class ErpBill:
    """What was billed: (order number, line) and quantity, for an expense line its amount."""

    id: str
    status: str
    quantities: Mapping[tuple[str, int], Decimal]

    @property
    def counts(self) -> bool:
        return self.status not in ("void", "voided", "cancelled", "rejected")


@dataclass(frozen=True)
class Settings:
    """What the scenario's company has set."""

    rule: str
    policy: MatchPolicy
    bill_in_advance: bool


@dataclass(frozen=True)
class ScenarioInvoice:
    """The invoice of a scenario with what a document does not hold: its vendor and a person's choices."""

    captured: CapturedInvoice
    vendor: str
    prices_include_tax: bool | None = None
    invoice_type: InvoiceType | None = None


@dataclass(frozen=True)
class Case:
    """One scenario."""

    id: str
    file: str
    settings: Settings
    orders: tuple[ErpOrder, ...]
    receipts: tuple[ErpReceipt, ...]
    bills: tuple[ErpBill, ...]
    invoice: ScenarioInvoice | None
    steps: tuple[Mapping[str, Any], ...] = ()
    concurrent_bills: tuple[Mapping[str, Any], ...] = ()
    unknown_keys: tuple[str, ...] = field(default=())


def read_cases(path: Path) -> list[Case | ScenarioUnreadable]:
    """The scenarios of a file; in place of one that makes no sense, what is wrong with it.

    `ScenarioUnreadable` is raised when the file as a whole cannot be read.
    """
    loaded = _loaded(path)
    if not isinstance(loaded, dict) or not isinstance(loaded.get("cases"), list):
        raise ScenarioUnreadable(str(path), "", "a mapping with a list `cases` is expected")
    if len(loaded["cases"]) > CASES_MAX:
        raise ScenarioUnreadable(str(path), "cases", f"more than {CASES_MAX} cases")
    return [_case_or_refusal(value, str(path), index) for index, value in enumerate(loaded["cases"])]


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_policy(path: Path) -> MatchPolicy:
    """The policy of a settings file: the mapping that scenarios have as `settings`, by itself or under that key."""
    loaded = _loaded(path)
    if isinstance(loaded, dict) and "settings" in loaded:
        loaded = loaded["settings"]
    unknown: list[str] = []
    settings = _settings(Node(loaded, str(path), "settings", unknown), "")
    if unknown:
        raise ScenarioUnreadable(str(path), unknown[0], "is not known")
    return settings.policy


def _loaded(path: Path) -> Any:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise ScenarioUnreadable(str(path), "", f"larger than {BYTES_MAX} bytes")
        content = path.read_text("utf-8")
    except OSError as error:
        raise ScenarioUnreadable(str(path), "", error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise ScenarioUnreadable(str(path), "", "is not UTF-8 text") from None
    try:
        loaded: Any = yaml.load(content, Loader=_LOADER)  # noqa: S506 - a safe loader, the C one where there is one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else ""
        raise ScenarioUnreadable(str(path), place, getattr(error, "problem", None) or "is not YAML") from None
    except RecursionError:
        raise ScenarioUnreadable(str(path), "", "is nested too deeply") from None
    return loaded


def _case_or_refusal(value: Any, file: str, index: int) -> Case | ScenarioUnreadable:
    try:
        return _case(value, file, index)
    except ScenarioUnreadable as refusal:
        return refusal


def _case(value: Any, file: str, index: int) -> Case:
    unknown: list[str] = []
    place = f"case {value['id']}" if isinstance(value, dict) and "id" in value else f"cases[{index}]"
    node = Node(value, file, place, unknown)
    node.knows(
        "id title category source certainty assert settings purchase_orders receipts prior_bills invoice"
        " concurrent_bills expected steps note notes alternatives"
    )
    invoice = node.at("invoice")
    vendor = invoice.at("vendor").text("") if invoice.value is not None else ""
    return Case(
        id=node.at("id").text(),
        file=file,
        settings=_settings(node.at("settings"), vendor),
        orders=tuple(read_order(each) for each in node.at("purchase_orders").items()),
        receipts=tuple(read_receipt(each) for each in node.at("receipts").items()),
        bills=tuple(read_bill(each) for each in node.at("prior_bills").items()),
        invoice=read_invoice(invoice) if invoice.value is not None else None,
        steps=tuple(_step(each) for each in node.at("steps").items()),
        concurrent_bills=tuple(_concurrent(each) for each in node.at("concurrent_bills").items()),
        unknown_keys=tuple(unknown),
    )


def _step(node: Node) -> Mapping[str, Any]:
    node.knows("do expect role entitlements line action to receipt id po_number po_line set bill lose_response note")
    return node.mapping()


def _concurrent(node: Node) -> Mapping[str, Any]:
    """A bill to save: its lines, or its quantity alone when there is one order line to mean."""
    if not isinstance(node.value, dict):
        return {"lines": [{"po_line": 1, "quantity": node.text()}]}
    values = node.mapping()
    if "lines" not in values and "quantity" in values:
        line = {key: values[key] for key in ("po_number", "po_line", "quantity") if key in values}
        return {"id": values.get("id", "bill"), "lines": [{"po_line": 1} | line]}
    return values


def node_of(value: Any, case: Case, place: str) -> Node:
    """A value of a step, to be read with the same care."""
    return Node(value, case.file, f"case {case.id}.{place}", [])


def _settings(node: Node, vendor: str) -> Settings:
    node.knows(
        "rule match_mode strategy_from thresholds scoped_thresholds uom_conversion item_uom_conversion vendor_merges"
        " erp approvers_can_edit two_way_quantity charges aliases overcharge_cap version note"
    )
    node.at("erp").knows("bill_in_advance_of_receipt")
    rule = node.at("rule").text("centime")
    if rule not in ("centime", "bill_2way", "bill_3way"):
        raise node.at("rule").wrong(f"{rule!r} is none of centime, bill_2way, bill_3way")
    mode = node.at("match_mode").one_of(MatchMode, "auto")
    by_vendor = node.at("strategy_from").text("") == "vendor" and vendor
    values: dict[str, Any] = {
        "version": node.at("version").value or 0,
        "vendor_modes" if by_vendor else "mode": {vendor: mode} if by_vendor else mode,
        "thresholds": _thresholds(node.at("thresholds")),
        "scoped_thresholds": tuple(_scoped(each) for each in node.at("scoped_thresholds").items()),
        "unit_conversions": _conversions(node.at("uom_conversion")),
        "item_unit_conversions": {
            item: _conversions(node.at("item_uom_conversion").at(item))
            for item in node.at("item_uom_conversion").mapping()
        },
        "vendor_merges": {
            str(old): node.at("vendor_merges").at(old).text() for old in node.at("vendor_merges").mapping()
        },
        "charges": {kind: _threshold(node.at("charges").at(kind)) for kind in node.at("charges").mapping()},
        "aliases": node.at("aliases").mapping(),
        "approvers_can_edit": node.at("approvers_can_edit").flag(False),
    }
    if node.at("two_way_quantity").value is not None:
        values["two_way_quantity"] = node.at("two_way_quantity").text()
    if node.at("overcharge_cap").value is not None:
        values["overcharge_cap"] = _threshold(node.at("overcharge_cap"))
    try:
        policy = MatchPolicy(**values)
    except ValidationError as error:
        raise node.wrong(_first(error)) from None
    return Settings(
        rule=rule, policy=policy, bill_in_advance=node.at("erp").at("bill_in_advance_of_receipt").flag(True)
    )


def _conversions(node: Node) -> dict[str, dict[str, Decimal]]:
    return {
        source: {target: node.at(source).at(target).number() for target in node.at(source).mapping()}
        for source in node.mapping()
    }


def _thresholds(node: Node) -> Thresholds:
    node.knows("quantity rate amount")
    return Thresholds(
        **{axis: _threshold(node.at(axis)) for axis in ("quantity", "rate", "amount") if axis in node.mapping()}
    )


def _threshold(node: Node) -> Threshold:
    node.knows("absolute percent side warn_percent")
    try:
        return Threshold(
            absolute=node.at("absolute").number_or_none(),
            percent=node.at("percent").number_or_none(),
            side=node.at("side").one_of(Side, "both"),
            warn_percent=node.at("warn_percent").number_or_none(),
        )
    except ValidationError as error:
        raise node.wrong(_first(error)) from None


def _first(error: ValidationError) -> str:
    """What is wrong first, and with which value."""
    found = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


def _scoped(node: Node) -> ScopedThresholds:
    node.knows("scope key since until quantity rate amount")
    thresholds = {axis: _threshold(node.at(axis)) for axis in ("quantity", "rate", "amount") if axis in node.mapping()}
    try:
        return ScopedThresholds(
            scope=node.at("scope").one_of(Scope, ""),
            key=node.at("key").text(),
            since=node.at("since").day(),
            until=node.at("until").day(),
            **thresholds,
        )
    except ValidationError as error:
        raise node.wrong(_first(error)) from None


def read_order(node: Node) -> ErpOrder:
    node.knows(
        "po_number vendor status currency lines date created_date created_at subsidiary approval_status memo type note"
    )
    lines = [(read_order_line(each), each) for each in node.at("lines").items()]
    day = node.at("date") if node.at("date").value is not None else node.at("created_date")
    return ErpOrder(
        number=node.at("po_number").text(),
        vendor=node.at("vendor").text(""),
        currency=node.at("currency").text("USD").upper(),
        status=_order_status(node.at("status")),
        lines=tuple(line for line, _ in lines),
        codings={line.line: _coding_values(each) for line, each in lines},
        received_expenses=frozenset(line.line for line, each in lines if each.at("received").flag(False)),
        subsidiary=node.at("subsidiary").text_or_none(),
        order_date=day.day(),
    )


def _order_status(node: Node) -> str:
    stated = node.text("open")
    status = ORDER_STATUSES.get(" ".join(stated.replace("_", " ").lower().split()))
    if status is None:
        raise node.wrong(f"{stated!r} is none of draft, open, closed")
    return status


def order_changes(node: Node) -> dict[str, str]:
    """What a step sets on a whole order."""
    node.knows("vendor currency status subsidiary")
    changes = {key: node.at(key).text() for key in ("vendor", "subsidiary") if key in node.mapping()}
    if "currency" in node.mapping():
        changes["currency"] = node.at("currency").text().upper()
    if "status" in node.mapping():
        changes["status"] = _order_status(node.at("status"))
    return changes


def read_order_line(node: Node) -> OrderLine:
    node.knows(
        "line type item kind description quantity rate amount uom vendor_item closed coding account received category"
        " price_base_quantity department class location project note"
    )
    is_expense = node.at("type").text("item") == "expense"
    kind = ItemKind.EXPENSE if is_expense else node.at("kind").one_of(ItemKind, "inventory")
    quantity = node.at("quantity").number(ZERO)
    rate = node.at("rate").number_or_none()
    amount = node.at("amount").number_or_none()
    if rate is None:
        rate = amount / quantity if amount is not None and quantity else ZERO
    rate /= _base(node)
    if amount is None:
        amount = quantity * rate
    if is_expense:
        quantity = rate = ZERO
    return OrderLine(
        line=node.at("line").whole(),
        kind=kind,
        item_code=node.at("item").text_or_none(),
        vendor_item_code=node.at("vendor_item").text_or_none(),
        description=node.at("description").text(""),
        quantity=quantity,
        unit=node.at("uom").text_or_none(),
        rate=rate,
        amount=amount,
        is_closed=node.at("closed").flag(False),
        category=node.at("category").text_or_none(),
        coding=_coding(_coding_values(node)),
    )


def _base(node: Node) -> Decimal:
    base = node.at("price_base_quantity").number(Decimal(1))
    if base <= 0:
        raise node.at("price_base_quantity").wrong("is not above zero")
    return base


def _coding_values(node: Node) -> dict[str, str]:
    values = {key: node.at(key).text_or_none() for key in CODING_KEYS}
    values |= {key: node.at("coding").at(key).text_or_none() for key in node.at("coding").mapping()}
    return {key: value for key, value in values.items() if value is not None}


def _coding(values: Mapping[str, str]) -> Coding:
    known = {CODING_KEYS[key]: value for key, value in values.items() if key in CODING_KEYS}
    segments = {key: value for key, value in values.items() if key not in CODING_KEYS}
    return Coding(**known, segments=segments)


def coding_as_written(coding: Coding) -> dict[str, str]:
    """Coding under the names that scenarios use."""
    values = {key: getattr(coding, name) for key, name in CODING_KEYS.items()}
    return {key: value for key, value in values.items() if value is not None} | coding.segments


def read_receipt(node: Node) -> ErpReceipt:
    """A receipt's accepted quantities: what was rejected on arrival did not come."""
    node.knows("id po_number date lines status type note")
    number = node.at("po_number").text_or_none()
    quantities: dict[tuple[str, int], Decimal] = {}
    for line in node.at("lines").items():
        line.knows("po_line po_number quantity rejected")
        key = line.at("po_number").text(number), line.at("po_line").whole()
        accepted = line.at("quantity").number() - line.at("rejected").number(ZERO)
        quantities[key] = quantities.get(key, ZERO) + accepted
    return ErpReceipt(id=node.at("id").text(), quantities=quantities)


def read_bill(node: Node) -> ErpBill:
    node.knows("id status lines vendor number date po_number type document_type total currency note")
    number = node.at("po_number").text_or_none()
    is_credit = bool({node.at("type").text(""), node.at("document_type").text("")} & CREDIT_TYPES)
    quantities: dict[tuple[str, int], Decimal] = {}
    for line in node.at("lines").items():
        line.knows("line po_number po_line quantity amount rate item description uom type")
        key = line.at("po_number").text(number), line.at("po_line").whole()
        quantity = line.at("quantity").number_or_none()
        taken = line.at("amount").number(ZERO) if quantity is None else quantity
        quantities[key] = quantities.get(key, ZERO) + (-abs(taken) if is_credit else taken)
    return ErpBill(id=node.at("id").text(), status=node.at("status").text("posted"), quantities=quantities)


def read_invoice(node: Node) -> ScenarioInvoice:
    node.knows(
        "id number vendor currency po_numbers po_number lines document_type prices_include_tax tax_total total"
        " net_total exchange_rate type_override date due_date note"
    )
    currency = (node.at("currency").text_or_none() or "").upper() or None
    document_type = node.at("document_type").text("invoice")
    override = node.at("type_override").text_or_none()
    if override is not None and override not in list(InvoiceType):
        raise node.at("type_override").wrong(f"{override!r} is none of {', '.join(InvoiceType)}")
    listed = node.at("po_numbers" if "po_numbers" in node.mapping() else "po_number")
    numbers = tuple(each.text() for each in (listed.items() if isinstance(listed.value, list) else listed.single()))
    captured = CapturedInvoice(
        document_type=DocumentType.CREDIT_NOTE if document_type in CREDIT_TYPES else DocumentType.INVOICE,
        source=Source.XML,
        invoice_number=node.at("number").text_or_none(),
        issue_date=node.at("date").day(),
        po_number=numbers[0] if numbers else None,
        po_numbers=numbers,
        currency=currency,
        net_total=node.at("net_total").number_or_none(),
        tax_total=node.at("tax_total").number_or_none(),
        gross_total=node.at("total").number_or_none(),
        lines=tuple(_invoice_line(each) for each in node.at("lines").items()),
    )
    return ScenarioInvoice(
        captured=captured,
        vendor=node.at("vendor").text(""),
        prices_include_tax=node.at("prices_include_tax").flag_or_none(),
        invoice_type=InvoiceType(override) if override else None,
    )


def _invoice_line(node: Node) -> InvoiceLine:
    node.knows(
        "line type item description quantity rate uom amount price_base_quantity tax_rate po_number po_line vendor_item"
        " note"
    )
    return InvoiceLine(
        line=node.at("line").whole(),
        description=node.at("description").text(""),
        item_code=node.at("item").text_or_none() or node.at("vendor_item").text_or_none(),
        quantity=node.at("quantity").number_or_none(),
        unit=node.at("uom").text_or_none(),
        unit_price=node.at("rate").number_or_none(),
        price_base_quantity=_base(node),
        amount=node.at("amount").number_or_none(),
        tax_rate=node.at("tax_rate").number_or_none(),
        po_number=node.at("po_number").text_or_none(),
        po_line=node.at("po_line").text_or_none(),
    )
