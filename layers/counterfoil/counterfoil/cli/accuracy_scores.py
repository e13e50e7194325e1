"""What `counterfoil accuracy` counts, and the tables it makes of that, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.capture.corpus import HYBRID_IN_FULL, SEGMENTS, Labelled
from counterfoil.capture.scoring import BANDS, FIELDS, Tally, headline, score_document

OURS = "counterfoil"
ALL = "ALL"
SHORT = {
    "invoice_number": "number", "issue_date": "date", "due_date": "due", "po_number": "order", "vendor_name": "vendor",
    "vendor_vat_id": "tax id", "net_total": "net", "tax_total": "tax", "gross_total": "gross",
}  # fmt: skip
# Heads of columns by the key of `Tally.as_record`.
HEADER = {"header_mean": "header", "header_mean_by_group": "by group"}
HEADLINE = {"headline": "headline", "headline_by_group": "by group"}
ALL_FIELDS = {
    "fields_right": "right", "fields_abstained": "abstain", "fields_wrong": "wrong", "wrong_of_asserted": "of assrt",
}  # fmt: skip
LINES = {"lines_right": "lines", "line_sets_right": "sets"}
WHOLE = {"whole_documents_right": "whole", "auto_accepted": "auto", "wrong_of_accepted": "of these"}
TIMES = {"ms_median": "ms p50", "ms_p95": "p95"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; the first cell of each row is its name."""

    title: str
    heads: list[str]
    rows: list[list[str]]


@dataclass(slots=True)
class Scores:
    """The tallies of one part of the corpus: by folder, by segment, and of other readers by segment."""

    name: str = ""
    folders: dict[str, Tally] = field(default_factory=dict)
    total: Tally = field(default_factory=Tally)
    segments: dict[str, dict[str, Tally]] = field(default_factory=dict)
    beside: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def add(self, document: Labelled, record: dict[str, Any], others: Mapping[str, dict[str, Any]]) -> None:
        """Count our record of a document, and those of other readers; one without fields counts with its time alone."""
        folder = self.folders.setdefault(document.folder, Tally())
        score_document(document.label, record, (folder, self.total))
        for segment in document.segments:
            in_full = segment == HYBRID_IN_FULL
            by_folder = self.segments.setdefault(segment, {})
            tallies = [by_folder.setdefault(name, Tally()) for name in (ALL, document.folder)]
            score_document(document.label, record, tallies, everything=in_full)
            for reader, other in others.items():
                tally = self.beside.setdefault(segment, {}).setdefault(reader, Tally())
                if "fields" in other:
                    score_document(document.label, other, (tally,), everything=in_full)
                elif other["ms"] is not None:
                    tally.documents += 1
                    tally.milliseconds.append(other["ms"])

    def records(self) -> Iterator[dict[str, Any]]:
        """One object a folder, a segment, and a reader in a segment."""
        part = {"fold": self.name} if self.name else {}
        for folder, tally in (*self.folders.items(), (ALL, self.total)):
            means = headline(self.folders.values()) if folder == ALL else {}
            yield {**part, "folder": folder, **means, **tally.as_record()}
        for segment, by_folder in self._segments():
            folders = {name: tally for name, tally in by_folder.items() if name != ALL}
            yield {**part, "segment": segment, **headline(folders.values()), **by_folder[ALL].as_record()}
            for reader, tally in self.beside.get(segment, {}).items():
                yield {**part, "segment": segment, "reader": reader, **tally.as_record()}

    def tables(self) -> list[Table]:
        tables = [self._by_folder(), self._by_segment(), self._calibration()]
        return [*tables, self._beside()] if self.beside else tables

    def _segments(self) -> Iterator[tuple[str, dict[str, Tally]]]:
        return ((name, self.segments[name]) for name in SEGMENTS if name in self.segments)

    def _by_folder(self) -> Table:
        columns = HEADER | _without(ALL_FIELDS, "fields_right", "wrong_of_asserted") | LINES | WHOLE | TIMES
        rows = []
        for folder, tally in (*self.folders.items(), (ALL, self.total)):
            record = tally.as_record()
            shares = [record["fields"].get(name, {}).get("right") for name in FIELDS]
            rows.append([folder, str(record["documents"]), *map(percent, shares), *_cells(record, columns)])
        heads = ["folder", "docs", *(SHORT.get(name, name) for name in FIELDS), *columns.values()]
        return Table("By folder, percent right of what is labelled and visible", heads, rows)

    def _by_segment(self) -> Table:
        columns = HEADLINE | ALL_FIELDS | LINES | WHOLE | TIMES
        rows = []
        for segment, by_folder in self._segments():
            folders = {name: tally for name, tally in by_folder.items() if name != ALL}
            record = by_folder[ALL].as_record() | headline(folders.values())
            rows.append([segment, str(record["documents"]), *_cells(record, columns)])
        return Table("By kind of document", ["segment", "docs", *columns.values()], rows)

    def _calibration(self) -> Table:
        rows = []
        for name, bands in self.total.as_record()["calibration"].items():
            cells = [
                f"{percent(bands[band]['right'])} of {bands[band]['n']}" if band in bands else "." for band in BANDS
            ]
            rows.append([name.replace("_", " "), *cells])
        heads = ["values read at", *(f"{band} on" for band in BANDS[:-1]), "in doubt"]
        return Table("By confidence, percent right of how many values", heads, rows)

    def _beside(self) -> Table:
        columns = ALL_FIELDS | LINES | TIMES
        rows = []
        for segment, by_folder in self._segments():
            for reader, tally in ((OURS, by_folder[ALL]), *self.beside.get(segment, {}).items()):
                record = tally.as_record()
                rows.append([f"{segment}: {reader}", str(record["documents"]), *_cells(record, columns)])
        return Table("Beside other readers, on the same files in the same run", ["", "docs", *columns.values()], rows)


def percent(share: str | None) -> str:
    return "." if share is None else f"{float(share) * 100:.1f}"


def _cells(record: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    return [(record[key] or ".") if key in TIMES else percent(record[key]) for key in columns]


def _without(columns: Mapping[str, str], *keys: str) -> dict[str, str]:
    return {key: head for key, head in columns.items() if key not in keys}
