"""A seed from CSV files: one for each key of a seed, one more for each sublist, tied to it by a column they share.

`vendor.csv` holds vendors, `vendor.addressBook.csv` their addresses; `orders.csv` holds orders, `orders.lines.csv`
their lines. What comes out is the seed that JSON would have given, but every entry knows its file and row, so that what
is wrong with it is told with its place.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from erp_emulator.schema import Field
from erp_emulator.schema_types import BY_LOWER

CELLS_MAX = 2_000_000
MANY = "|"
# Columns of documents: what the seed's own keys hold. Any field of the record they become may stand beside them.
DOCUMENTS: dict[str, tuple[str, str]] = {
    "orders": ("purchaseOrder", "number vendor date due approval closed"),
    "receipts": ("itemReceipt", "order number date memo"),
    "bills": ("vendorBill", "order vendor number date due approval"),
    "credits": ("vendorCredit", "vendor number date bill amount"),
    "payments": ("", "bill date amount number"),
}
LINES = frozenset("line item account category quantity rate amount memo description department location class".split())
LINE_MORE = frozenset(
    {"taxCode", "taxRate1", "tax1Amt", "units", "isClosed", "matchBillToReceipt", "expectedReceiptDate"}
)
OTHERS: dict[str, str] = {"accountingPeriods": "from to closedUntil", "currencyRates": "currency rate date"}
LISTS = (
    "currency subsidiary account department classification location term taxType salesTaxItem unitsType "
    "expenseCategory vendorCategory employee vendor vendorSubsidiaryRelationship customer job contact item"
).split()
NUMBERS = frozenset({"quantity", "rate", "amount", "taxRate1", "tax1Amt"})
DATES = frozenset({"date", "due", "expectedReceiptDate"})


class BadCsv(ValueError):
    """What is wrong, with its file, row and column."""


class Entry(dict[str, Any]):
    """A row that knows where it stands."""

    place: str

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        super().__init__(values)
        self.place = place


class Cell(str):
    """A cell that knows its row."""

    place: str

    def __new__(cls, text: str, place: str) -> Cell:
        made = super().__new__(cls, text)
        made.place = place
        return made


class Table:
    """One file. Rows count from 1, the header."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        reader = csv.reader(io.StringIO(text), strict=True)
        try:
            rows = list(reader)
        except csv.Error as error:
            raise BadCsv(f"{name}, row {reader.line_num}: {error}") from None
        if not rows or not any(rows[0]):
            raise BadCsv(f"{name}, row 1: there is no header")
        self.columns = [each.strip() for each in rows[0]]
        for column in self.columns:
            if not column or self.columns.count(column) > 1:
                raise BadCsv(f"{name}, row 1, column {column or '(empty)'}: a column has one name of its own")
        self.rows = rows[1:]
        if len(self.rows) * len(self.columns) > CELLS_MAX:
            raise BadCsv(f"{name}: more than {CELLS_MAX} cells")

    def entries(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(number, filled cells) of each row that is not empty."""
        for index, row in enumerate(self.rows):
            number = index + 2
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(self.columns):
                raise BadCsv(f"{self.name}, row {number}: {len(row)} cells for {len(self.columns)} columns")
            filled = zip(self.columns, (cell.strip() for cell in row), strict=False)
            yield number, {column: cell for column, cell in filled if cell}

    def at(self, number: int, column: str, what: str) -> BadCsv:
        return BadCsv(f"{self.name}, row {number}, column {column}: {what}")


def read_folder(folder: Path) -> dict[str, Any]:
    """The seed of a folder's CSV files."""
    files = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            files[path.name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadCsv(f"{path.name}: not UTF-8 at byte {error.start}") from None
    if not files:
        raise BadCsv(f"{folder} holds no .csv files")
    return read(files)


def read(files: Mapping[str, str]) -> dict[str, Any]:
    """The seed that files make, by their names."""
    tables: dict[tuple[str, str], Table] = {}
    for name, text in files.items():
        key, _, sublist = name.removesuffix(".csv").partition(".")
        if not name.endswith(".csv") or key not in (*LISTS, *DOCUMENTS, *OTHERS):
            known = ", ".join(f"{each}.csv" for each in (*LISTS, *DOCUMENTS, *OTHERS))
            raise BadCsv(f"{name}: no file of a seed; these are {known}, and one for each sublist, as orders.lines.csv")
        tables[key, sublist] = Table(name, str(text))
    seed: dict[str, Any] = {}
    for (key, sublist), table in tables.items():
        if not sublist:
            rows = table.entries()
            seed[key] = [Entry(_values(key, table, at, cells), f"{table.name}, row {at}") for at, cells in rows]
    for (key, sublist), table in tables.items():
        if sublist:
            _add_lines(seed, key, sublist, table)
    if "accountingPeriods" in seed:
        seed["accountingPeriods"] = seed["accountingPeriods"][0] if seed["accountingPeriods"] else None
    return seed


# Rows.


def _values(key: str, table: Table, number: int, cells: dict[str, str]) -> dict[str, Any]:
    if key in LISTS:
        return _list_values(key, table, number, cells)
    type_name, own = DOCUMENTS.get(key, ("", OTHERS.get(key, "")))
    fields = BY_LOWER[type_name.lower()].by_lower if type_name else {}
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        if column in own.split():
            found[column] = _own_value(table, number, column, cell)
        elif column.lower() in fields:
            _put(found, column, _field_value(table, number, column, cell, fields[column.lower()]))
        else:
            raise table.at(number, column, f"no column of {key}; its own are {', '.join(own.split())}")
    return found


def _own_value(table: Table, number: int, column: str, cell: str) -> Any:
    if column in NUMBERS:
        _number(table, number, column, cell)
    if column in DATES:
        _date(table, number, column, cell)
    if column == "closed":
        if cell.lower() in ("true", "t", "yes", "false", "f", "no"):
            return cell.lower() in ("true", "t", "yes")
        return [_line(table, number, column, each) for each in cell.split(MANY)]
    if column == "approval" and cell not in ("approved", "pending", "rejected"):
        raise table.at(number, column, "is approved, pending or rejected")
    return cell


def _list_values(key: str, table: Table, number: int, cells: dict[str, str]) -> dict[str, Any]:
    type_name = cells.get("type", "") if key == "item" else key
    record_type = BY_LOWER.get(type_name.lower())
    if record_type is None or (key == "item" and record_type.family != "item"):
        raise table.at(number, "type", f"{type_name or 'nothing'} is no kind of item; say inventoryItem or another")
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        if column in ("id", "date") or (column == "type" and key == "item"):
            found[column] = cell
            continue
        each = record_type.by_lower.get(column.partition(".")[0].lower())
        if each is None:
            raise table.at(number, column, f"a {record_type.name} has no such field")
        _put(found, column, _field_value(table, number, column, cell, each))
    return found


def _field_value(table: Table, number: int, column: str, cell: str, each: Field) -> Any:
    """A cell as the record service takes it: references by id or, in words, by name; several with a bar between."""
    if each.kind in ("number", "integer"):
        return _number(table, number, column, cell)
    if each.kind == "boolean":
        if cell.lower() not in ("true", "false", "t", "f", "yes", "no"):
            raise table.at(number, column, f"{cell} is neither true nor false")
        return cell.lower() in ("true", "t", "yes")
    if each.kind == "date":
        return _date(table, number, column, cell)
    if each.kind == "ref":
        return cell if cell.lstrip("-").isdigit() else {"refName": cell}
    if each.kind == "refs":
        return [part if part.isdigit() else {"refName": part} for part in (x.strip() for x in cell.split(MANY))]
    return cell


def _put(values: dict[str, Any], column: str, value: Any) -> None:
    """A column with dots is a part of an object: `mainAddress.city`."""
    *path, last = column.split(".")
    for part in path:
        values = values.setdefault(part, {})
    values[last] = value


def _number(table: Table, number: int, column: str, cell: str) -> str:
    try:
        is_finite = Decimal(cell).is_finite()
    except InvalidOperation:
        is_finite = False
    if not is_finite:
        raise table.at(number, column, f"{cell} is no number")
    return cell


def _line(table: Table, number: int, column: str, cell: str) -> int:
    if not cell.strip().isdigit():
        raise table.at(number, column, f"{cell} is no line number")
    return int(cell)


def _date(table: Table, number: int, column: str, cell: str) -> str:
    try:
        return date.fromisoformat(cell).isoformat()
    except ValueError:
        raise table.at(number, column, f"{cell} is no date; write YYYY-MM-DD") from None


# Lines.


def _add_lines(seed: dict[str, Any], key: str, sublist: str, table: Table) -> None:
    """Give each row to the entry that has the same value in the column both files share."""
    if key not in seed:
        raise BadCsv(f"{table.name}: there is no {key}.csv that it belongs to")
    shared = table.columns[0]
    owners: dict[str, list[Entry]] = {}
    for entry in seed[key]:
        if shared in entry:
            owners.setdefault(str(entry[shared]), []).append(entry)
    if not owners:
        raise BadCsv(f"{table.name}, row 1, column {shared}: the first column is one that {key}.csv has too")
    for number, cells in table.entries():
        value = cells.pop(shared, "")
        found = owners.get(value, [])
        if len(found) != 1:
            many = "no row" if not found else f"{len(found)} rows"
            raise table.at(number, shared, f"{many} of {key}.csv has {value or 'an empty cell'} there")
        _add_line(found[0], key, sublist, table, number, cells)


def _add_line(owner: Entry, key: str, sublist: str, table: Table, number: int, cells: dict[str, str]) -> None:
    place = f"{table.name}, row {number}"
    if key in DOCUMENTS:
        if sublist != "lines" or key == "payments":
            raise BadCsv(f"{table.name}: {key} have no {sublist}")
        _add_document_line(owner, key, table, number, cells, place)
        return
    type_name = str(owner.get("type", key)) if key == "item" else key
    held = BY_LOWER[type_name.lower()].sublist_by_lower.get(sublist.lower())
    if held is None:
        raise BadCsv(f"{table.name}: a {type_name} has no sublist {sublist}")
    values: dict[str, Any] = {}
    for column, cell in cells.items():
        each = held.by_lower.get(column.partition(".")[0].lower())
        if each is None:
            raise table.at(number, column, f"{held.name} has no such field")
        _put(values, column, _field_value(table, number, column, cell, each))
    owner.setdefault(held.name, {"items": []})["items"].append(Entry(values, place))


def _add_document_line(owner: Entry, key: str, table: Table, number: int, cells: dict[str, str], place: str) -> None:
    for column, cell in cells.items():
        if column not in LINES | LINE_MORE and not column.startswith("custcol"):
            raise table.at(number, column, "no column of lines")
        _own_value(table, number, column, cell)
    is_of_order = key == "receipts" or (key == "bills" and "order" in owner)
    if not is_of_order:
        if "item" not in cells and "account" not in cells and "category" not in cells:
            raise table.at(number, "item", "a line has an item, an account or a category")
        owner.setdefault("lines", []).append(Entry(cells, place))
        return
    line = str(_line(table, number, "line", cells.pop("line", "")))
    if key == "receipts" and set(cells) != {"quantity"}:
        raise table.at(number, "quantity", "a line of a receipt is a line of its order, and a quantity")
    if line in owner.setdefault("lines", {}):
        raise table.at(number, "line", f"line {line} is there already")
    owner["lines"][line] = Cell(cells["quantity"], place) if set(cells) == {"quantity"} else Entry(cells, place)
