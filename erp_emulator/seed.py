"""Fills an account from JSON: lists as record bodies, documents by reference, all through the record service.

The format is described in the README. Each document is made on its own date, so created and modified dates are
as they would have been.
"""

from __future__ import annotations

import calendar
import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from erp_emulator import csv_seed, currencies, customization, large, prepared, records, tables, transforms
from erp_emulator.account import Account
from erp_emulator.errors import NetSuiteError
from erp_emulator.inputs import Change
from erp_emulator.session import Record, Session

SMALL = Path(__file__).with_name("seed.json")
# Laid after the rest of the small seed, so that its documents' ids follow on: what the sample invoices bill.
SAMPLES = Path(__file__).with_name("seed_demo.json")
LISTS = (
    "currency",
    "subsidiary",
    "account",
    "department",
    "classification",
    "location",
    "term",
    "taxType",
    "salesTaxItem",
    "unitsType",
    "expenseCategory",
    "vendorCategory",
    "employee",
    "vendor",
    "vendorSubsidiaryRelationship",
    "customer",
    "job",
    "contact",
    "item",
)
APPROVALS = {"pending": "1", "approved": "2", "rejected": "3"}


class BadSeed(Exception):
    """A seed that cannot be laid: names the entry and what is wrong with it."""


def load(path: Path = SMALL) -> dict[str, Any]:
    """A seed from a JSON file or from a folder of CSV files."""
    if path.is_dir():
        try:
            return csv_seed.read_folder(path)
        except csv_seed.BadCsv as error:
            raise BadSeed(str(error)) from None
    data = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    if not isinstance(data, dict):
        raise BadSeed("a seed is a JSON object")
    return data


def reset(account: Account, which: Any = "small") -> None:
    """Empty the account and fill it anew, all or nothing: `small`, `large`, `none`, or a seed's own JSON."""
    if which == "large":
        reset_large(account)
    else:
        parts = parts_of(which)
        with account.store.transaction():
            empty(account)
            for data in parts:
                lay(account, data)
    account.engine.forget()
    account.faults.clear()


def parts_of(which: Any) -> list[dict[str, Any]]:
    if which == "small":
        return [load(), load(SAMPLES)]
    if isinstance(which, dict):
        return [from_body(which)]
    if which == "none":
        return []
    raise BadSeed("seed is small, large, none or a JSON object")


def from_body(body: dict[str, Any]) -> dict[str, Any]:
    """A seed as the controls get it: its JSON, or `{"csv": {"orders.csv": "number,vendor,...", ...}}`."""
    files = body.get("csv")
    if files is None:
        return body
    if not isinstance(files, dict) or set(body) != {"csv"}:
        raise BadSeed("csv is an object of file names and texts, and stands alone")
    try:
        return csv_seed.read({str(name): str(text) for name, text in files.items()})
    except csv_seed.BadCsv as error:
        raise BadSeed(str(error)) from None


def reset_large(account: Account) -> None:
    """From the prepared database where the account's settings let it be the same as one laid now."""
    if not account.preferences.changed() and not customization.defined(account.store):
        try:
            account.engine.forget()
            account.store.restore_from(prepared.prepare())
            return
        except OSError:
            # Nowhere to keep it: laid as any other.
            pass
    lay_large(account)


def lay_large(account: Account) -> None:
    with account.store.transaction():
        empty(account)
        for data in parts_of("small"):
            lay(account, data)
        lay(account, large.documents(), is_noted=False)


def empty(account: Account) -> None:
    write = account.store.writer.execute
    names = [name for name in account.store.catalog.tables if name not in tables.VIEWS]
    for name in (
        *names,
        "_record",
        "_sequence",
        "_display",
        "_attachment",
        "_content",
        "_job",
        "_outbox",
        "_balance",
    ):
        write(f'DELETE FROM "{name}"')  # noqa: S608 - the schema's own names
    account.store.fill_code_tables()
    for body in customization.defined(account.store):
        customization.list_field(account.store, body)


def lay(account: Account, data: dict[str, Any], *, is_noted: bool = True) -> None:
    """Add a seed to what is there; one transaction. `is_noted` says whether system notes are written."""
    frozen_at, shift = account.clock.frozen_at, account.clock.shift
    try:
        with account.writing() as session:
            session.context = "CSV Import"
            session.is_noted = is_noted
            Layer(account, session).lay(data)
    finally:
        account.clock.frozen_at, account.clock.shift = frozen_at, shift


class Layer:
    """One seed being laid. Documents find each other by the numbers the seed gives them."""

    def __init__(self, account: Account, session: Session) -> None:
        self.account = account
        self.session = session
        self.reader = records.reader(session, "error")

    def lay(self, data: dict[str, Any]) -> None:
        refuse_unknown(data)
        for index, body in enumerate(data.get("customization", [])):
            self.at(f"customization[{index}]", customization.define, self.account.store, body)
        for name in LISTS:
            if name == "account":
                for index, body in enumerate(data.get("currencyRates", [])):
                    self.at(f"currencyRates[{index}]", self.rate, body)
            if name == "department" or name == "term":
                self.at("accountingPeriods", self.periods, data.get("accountingPeriods"))
            for index, body in enumerate(data.get(name, [])):
                self.at(f"{name}[{index}]", self.list_record, name, body)
        documents = [
            (str(body.get("date", "")), order, section, index, body)
            for order, section in enumerate(DOCUMENTS)
            for index, body in enumerate(data.get(section, []))
        ]
        for _, _, section, index, body in sorted(documents, key=lambda each: (*each[:2], each[3])):
            self.at(f"{section}[{index}]", getattr(self, section.rstrip("s")), body)

    def at(self, place: str, make: Any, *arguments: Any) -> None:
        """Make one entry; what is wrong with it is told with its place, in a CSV file's row if it came of one."""
        entry = arguments[-1]
        place = getattr(entry, "place", place)
        try:
            make(*arguments)
        except NetSuiteError as error:
            raise BadSeed(f"{place_of(entry, error.path or '', place)}: {error.detail}") from error
        except (BadSeed, currencies.BadRate, customization.BadCustomization) as error:
            raise BadSeed(f"{place}: {error}") from error
        except KeyError as error:
            raise BadSeed(f"{place}: {error.args[0]} is missing") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise BadSeed(f"{place}: {type(error).__name__} {error}") from error

    def list_record(self, name: str, body: dict[str, Any]) -> None:
        body = dict(body)
        self.freeze(str(body.pop("date", "2025-01-02")))
        record_type = records.type_of(str(body.pop("type", name)), self.session.store.catalog)
        record_id = body.pop("id", None)
        change = self.reader.read(record_type, body)
        records.create(
            self.session,
            record_type,
            change,
            record_id=None if record_id is None else int(record_id),
        )

    def rate(self, body: dict[str, Any]) -> None:
        """`{currency, rate, date}`: a currency's rate against the base currency, from a day on."""
        currencies.set_rate(self.session, body["currency"], body["rate"], body["date"])

    def periods(self, months: dict[str, str] | None) -> None:
        """`{"from": "2025-01", "to": "2027-12", "closedUntil": "2025-12"}`: a period a month."""
        if not months or self.account.store.count("accountingPeriod"):
            return
        year, month = (int(part) for part in months["from"].split("-"))
        until = months["to"]
        self.freeze("2025-01-02")
        while f"{year:04}-{month:02}" <= until:
            last = calendar.monthrange(year, month)[1]
            is_closed = f"{year:04}-{month:02}" <= months.get("closedUntil", "")
            body = {
                "periodName": f"{calendar.month_abbr[month]} {year}",
                "startDate": f"{year:04}-{month:02}-01",
                "endDate": f"{year:04}-{month:02}-{last:02}",
                "closed": is_closed,
                "apLocked": is_closed,
                "arLocked": is_closed,
                "allLocked": is_closed,
                "isPosting": True,
            }
            record_type = records.type_of("accountingPeriod")
            records.create(self.session, record_type, self.reader.read(record_type, body))
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)

    def freeze(self, day: str) -> None:
        noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=12)
        self.account.clock.frozen_at = noon

    # Documents.

    def order(self, body: dict[str, Any]) -> None:
        """`{number, vendor, date, lines: [{item, quantity, rate} | {account, amount}], approval, closed, ...}`."""
        body = dict(body)
        self.freeze(body["date"])
        closed = body.pop("closed", False)
        lines = [dict(each) for each in body.pop("lines")]
        rest = self.header(body)
        record_type = records.type_of("purchaseOrder")
        rest.update(split_lines(lines))
        order = records.create(self.session, record_type, self.reader.read(record_type, rest))
        if closed:
            self.close_lines(order, closed)

    def close_lines(self, order: Record, closed: Any) -> None:
        change = Change()
        for name in ("item", "expense"):
            change.lines[name] = [
                {"line": line["line"], "isClosed": True}
                for line in order.sublist(name)
                if closed is True or int(line["line"]) in closed
            ]
        records.update(self.session, order, change)

    def header(self, body: dict[str, Any]) -> dict[str, Any]:
        """REST names for the seed's short ones."""
        rest = {NAMES.get(name, name): value for name, value in body.items()}
        if isinstance(rest.get("entity"), str):
            rest["entity"] = {"refName": rest["entity"]} if not rest["entity"].isdigit() else rest["entity"]
        for name in (
            "subsidiary",
            "currency",
            "terms",
            "location",
            "department",
            "class",
            "account",
        ):
            if isinstance(rest.get(name), str):
                rest[name] = {"refName": rest[name]}
        if "approval" in rest:
            rest["approvalStatus"] = APPROVALS[rest.pop("approval")]
        return rest

    def receipt(self, body: dict[str, Any]) -> None:
        """`{order, date, number, lines: {"1": "60"}}`; without lines everything left is received."""
        self.freeze(body["date"])
        order = self.found("PurchOrd", body["order"])
        rest: dict[str, Any] = {"tranDate": body["date"], "memo": body.get("memo")}
        if "number" in body:
            rest["tranId"] = body["number"]
        target = records.type_of("itemReceipt")
        if "lines" in body:
            prefilled = transforms.prefill(self.session, order, target).lines["item"] or []
            rest["item"] = {
                "items": [
                    {
                        "orderLine": line["orderLine"],
                        "quantity": body["lines"][str(line["orderLine"])],
                    }
                    if str(line["orderLine"]) in body["lines"]
                    else {"orderLine": line["orderLine"], "itemReceive": False}
                    for line in prefilled
                ]
            }
        transforms.transform(self.session, order, target, self.reader.read(target, rest))

    def bill(self, body: dict[str, Any]) -> None:
        """`{order, number, date, lines: {"1": "60"} or [...], approval}`; or without an order, with `vendor`."""
        body = dict(body)
        self.freeze(body["date"])
        target = records.type_of("vendorBill")
        order = self.found("PurchOrd", body.pop("order")) if "order" in body else None
        lines = body.pop("lines", None)
        rest = self.header(body)
        if order is None:
            rest.update(split_lines([dict(each) for each in lines or []]))
            records.create(self.session, target, self.reader.read(target, rest))
            return
        replace: frozenset[str] = frozenset()
        if lines is not None:
            rows = [
                {
                    **row_of(order, str(key)),
                    **(value if isinstance(value, dict) else {"quantity": value}),
                }
                for key, value in lines.items()
            ]
            rest["item"] = {"items": [row for row in rows if "item" in row]}
            rest["expense"] = {"items": [row for row in rows if "item" not in row]}
            replace = frozenset({"item", "expense"})
        transforms.transform(self.session, order, target, self.reader.read(target, rest), replace)

    def credit(self, body: dict[str, Any]) -> None:
        """`{vendor, number, date, lines: [...], bill?}`; with a bill it is applied to it."""
        body = dict(body)
        self.freeze(body["date"])
        target = records.type_of("vendorCredit")
        bill = body.pop("bill", None)
        lines = body.pop("lines")
        rest = {**self.header(body), **split_lines([dict(each) for each in lines])}
        if bill is not None:
            rest["apply"] = {
                "items": [
                    {
                        "doc": self.found("VendBill", bill).id,
                        "apply": True,
                        "amount": body.get("amount"),
                    }
                ]
            }
            rest.pop("amount", None)
        records.create(self.session, target, self.reader.read(target, rest))

    def payment(self, body: dict[str, Any]) -> None:
        """`{bill, date, amount?, number?}`."""
        self.freeze(body["date"])
        bill = self.found("VendBill", body["bill"])
        target = records.type_of("vendorPayment")
        rest: dict[str, Any] = {"tranDate": body["date"], "tranId": body.get("number")}
        if "amount" in body:
            rest["apply"] = {"items": [{"doc": bill.id, "apply": True, "amount": body["amount"]}]}
        transforms.transform(self.session, bill, target, self.reader.read(target, rest))

    def record(self, body: dict[str, Any]) -> None:
        """`{type, date, body}`: any record, as the record service takes it."""
        self.freeze(body["date"])
        record_type = records.type_of(body["type"], self.session.store.catalog)
        records.create(self.session, record_type, self.reader.read(record_type, body["body"]))

    def found(self, code: str, number: str) -> Record:
        row = self.account.store.writer.execute(
            'SELECT id FROM "transaction" WHERE type = ? AND tranid = ? ORDER BY id LIMIT 1',
            (code, number),
        ).fetchone()
        record = self.session.find("transaction", row[0]) if row else None
        if record is None:
            raise BadSeed(f"there is no {code} {number}")
        return record


DOCUMENTS = ("orders", "receipts", "bills", "credits", "payments", "records")


def refuse_unknown(data: dict[str, Any]) -> None:
    """A key that is none would be a part of the seed that is silently left out."""
    known = {*LISTS, *DOCUMENTS, "customization", "currencyRates"}
    for name, value in data.items():
        if name != "accountingPeriods" and name not in known:
            raise BadSeed(f"{name}: no key of a seed; these are {', '.join(sorted(known | {'accountingPeriods'}))}")
        if name in known and not isinstance(value, list):
            raise BadSeed(f"{name}: a list is wanted")
        if name in known and not all(isinstance(each, dict) for each in value):
            raise BadSeed(f"{name}: each entry is an object")


NAMES = {"number": "tranId", "vendor": "entity", "date": "tranDate", "due": "dueDate"}
PART = re.compile(r"(\w+)(?:\.items\[(\d+)\](?:\.(\w+))?)?")


def place_of(entry: Any, path: str, place: str) -> str:
    """Where a refusal's `o:errorPath` is in a CSV file: the line's row and the column, as far as they are known."""
    found = PART.fullmatch(path)
    if found is None or not isinstance(entry, csv_seed.Entry):
        return place
    name, index, column = found.groups()
    if index is None:
        back = {rest: short for short, rest in NAMES.items()}
        return f"{place}, column {back.get(name, name)}"
    lines = entry.get("lines", entry.get(name, {}))
    if isinstance(lines, dict):
        rows = lines["items"] if "items" in lines else [lines[key] for key in sorted(lines, key=int)]
    else:
        rows = [row for row in lines if name not in ("item", "expense") or ("item" in row) == (name == "item")]
    if int(index) >= len(rows) or not isinstance(rows[int(index)], csv_seed.Entry | csv_seed.Cell):
        return place
    place = rows[int(index)].place
    return f"{place}, column {column}" if column else place


def row_of(order: Record, line: str) -> dict[str, Any]:
    for name in ("item", "expense"):
        for each in order.sublist(name):
            if int(each["line"]) == int(line):
                row = {"orderDoc": order.id, "orderLine": int(line)}
                names = ("item", "rate") if name == "item" else ("account", "amount", "memo")
                return {**row, **{n: str(each[n]) for n in names if each.get(n) is not None}}
    raise BadSeed(f"order {order.get('tranId')} has no line {line}")


def split_lines(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Item lines and expense lines, from one list; items and accounts by name or number."""
    items: list[dict[str, Any]] = []
    expenses: list[dict[str, Any]] = []
    for line in lines:
        for name in ("item", "account", "department", "location", "class", "customer", "taxCode", "category"):
            value = line.get(name)
            if isinstance(value, str):
                line[name] = {"refName": value}
        (items if "item" in line else expenses).append(line)
    return {"item": {"items": items}, "expense": {"items": expenses}}
