"""What one account knows: its record types and the tables that SuiteQL sees. Each account begins with the standard ones
and has its custom fields and records to itself.

Nothing in a catalog is changed in place: a definition puts a changed copy where the old one was, so that a query on
another thread sees the one or the other.
"""

from __future__ import annotations

from dataclasses import replace

from erp_emulator import schema_types, tables
from erp_emulator.errors import nonexistent_type
from erp_emulator.schema import Field, RecordType, Sublist
from erp_emulator.tables import Column

# What the fields begin with that an account defines for lines: columns and segments.
CUSTOM = ("custcol", "cseg")
# A column of a table, and the record's field that fills it, if one does.
Source = tuple[str, str, Field | None]


class Catalog:
    def __init__(self) -> None:
        self.types: list[RecordType] = []
        self.by_lower: dict[str, RecordType] = {}
        self.numbers: dict[str, int] = {}
        self.tables: dict[str, dict[str, Column]] = {}
        self.sources: dict[tuple[str, str], list[Source]] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the standard types and tables."""
        self.types = list(schema_types.TYPES)
        self.by_lower = dict(schema_types.BY_LOWER)
        self.numbers = {each.name: index + 1 for index, each in enumerate(self.types)}
        self.tables = dict(tables.TABLES)
        self.sources = {}

    def type_of(self, name: str) -> RecordType:
        """The record type of a name in any case; a 404 refusal for others."""
        found = self.by_lower.get(name.lower())
        if found is None:
            raise nonexistent_type(name)
        return found

    def number_of(self, record_type: RecordType) -> int:
        """The number of a record type, as `recordtypeid` has it."""
        return self.numbers[record_type.name]

    def filled_columns(self, record_type: RecordType, table: str) -> list[Source]:
        """(column, its kind, the field of that name or None) of a table, for records of a type."""
        key = (record_type.name, table)
        found = self.sources.get(key)
        if found is None:
            fields = record_type.by_lower
            found = [(name, column.kind, fields.get(name)) for name, column in self.tables[table].items()]
            found = [each for each in found if each[2] is not None or each[1] == "bool"]
            self.sources[key] = found
        return found

    def custom_line_columns(self, record_type: RecordType) -> list[Source]:
        """The custom columns of `transactionline` that lines of a type fill."""
        key = (record_type.name, "custcol")
        found = self.sources.get(key)
        if found is None:
            sublist = record_type.sublists.get("item") or record_type.sublists.get("expense")
            fields = sublist.by_lower if sublist is not None else {}
            columns = self.tables["transactionline"].items()
            found = [(n, each.kind, fields[n]) for n, each in columns if n.startswith(CUSTOM) and n in fields]
            self.sources[key] = found
        return found

    # Definitions.

    def put_type(self, record_type: RecordType) -> None:
        """Add a record type, or take its place."""
        name = record_type.name
        if name in self.numbers:
            position = self.numbers[name] - 1
            self.types = [*self.types[:position], record_type, *self.types[position + 1 :]]
        else:
            self.types = [*self.types, record_type]
            self.numbers = {**self.numbers, name: len(self.types)}
        self.by_lower = {**self.by_lower, name.lower(): record_type}
        self.sources = {}

    def add_field(self, record_type: RecordType, field: Field) -> None:
        self.put_type(replace(record_type, fields={**record_type.fields, field.name: field}))

    def add_line_field(self, record_type: RecordType, sublists: tuple[str, ...], field: Field) -> None:
        changed = dict(record_type.sublists)
        for name in sublists:
            if name in changed:
                sublist: Sublist = changed[name]
                changed[name] = replace(sublist, fields={**sublist.fields, field.name: field})
        self.put_type(replace(record_type, sublists=changed))

    def add_columns(self, table: str, columns: list[Column]) -> None:
        """Columns of a table, which is made if there is none of that name."""
        present = self.tables.get(table, {})
        self.tables = {**self.tables, table: {**present, **{each.name: each for each in columns}}}
        self.sources = {}


STANDARD = Catalog()
