"""How a captured record is scored against its label: the rules that `docs/capture.md` states.

Numbers equal as decimals, dates as dates, everything else after NFKC, case-fold and collapsing of white space. On
PDFs with a text layer only fields whose `visible` flag is true count, and lines only where every line is visible.
"""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

NUMBERS = ("net_total", "tax_total", "gross_total", "quantity", "unit_price", "amount")
DATES = ("issue_date", "due_date")
FIELDS = (
    "invoice_number",
    "issue_date",
    "due_date",
    "po_number",
    "vendor_name",
    "vendor_vat_id",
    "currency",
    "net_total",
    "tax_total",
    "gross_total",
)
LINE_FIELDS = ("description", "quantity", "unit_price", "amount")
# What pays an invoice: the headline is the mean of these.
HEADLINE = ("invoice_number", "issue_date", "gross_total", "currency", "vendor_name", "po_number")
# Confidences are told in these bands, each from its first number on; the lowest holds what is in doubt.
BANDS = ("0.95", "0.90", "0.80", "0.70", "0.00")
TEXT_LAYER_KINDS = ("pdf-text", "pdf-hybrid")
OUTCOMES = ("right", "abstained", "wrong")


@dataclass(slots=True)
class Tally:
    """Counts over documents. `fields` has a counter for each field: n, right, abstained, wrong.

    `groups` has, for each headline field and group of like documents, whether it was right in each of them. `line_sets`
    counts documents with lines (n) and those of which all lines and no others were found (right). `whole` are documents
    of which every counted field and line is right. `bands` has, for each field and the lines, and for each band of
    confidence, the values read with it (n) and those of them that are right.
    """

    documents: int = 0
    errors: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    groups: dict[str, dict[str, list[bool]]] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    line_sets: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    bands: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    accepted: int = 0
    accepted_wrong: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def as_record(self) -> dict[str, Any]:
        """Shares as decimal strings with four places, None where nothing was counted."""
        counted = {key: sum(one[key] for one in self.fields.values()) for key in ("n", *OUTCOMES)}
        return {
            "documents": self.documents,
            "errors": self.errors,
            "fields": {
                name: {"n": count["n"]} | {key: _share(count[key], count["n"]) for key in OUTCOMES}
                for name, count in self.fields.items()
            },
            "header_mean": _four(self.header_mean),
            "header_mean_by_group": _four(self.header_mean_by_group),
            **{f"fields_{key}": _share(counted[key], counted["n"]) for key in OUTCOMES},
            "wrong_of_asserted": _share(counted["wrong"], counted["n"] - counted["abstained"]),
            "lines": self.lines["n"],
            "lines_right": _share(self.lines["right"], self.lines["n"]),
            "line_sets_right": _share(self.line_sets["right"], self.line_sets["n"]),
            "whole_documents_right": _share(self.whole, self.documents),
            "calibration": {
                name: {
                    band: {"n": count["n"], "right": _share(count["right"], count["n"])}
                    for band in BANDS
                    if (count := bands.get(band, Counter()))["n"]
                }
                for name, bands in (("header", self._header_bands), *sorted(self.bands.items()))
            },
            "auto_accepted": _share(self.accepted, self.documents),
            "wrong_of_accepted": _share(self.accepted_wrong, self.accepted),
            "ms_median": f"{statistics.median(self.milliseconds):.1f}" if self.milliseconds else None,
            "ms_p95": f"{p95(self.milliseconds):.1f}" if self.milliseconds else None,
        }

    @property
    def header_mean(self) -> float | None:
        """The mean over the headline's fields of the share right; every document counts once."""
        return mean(count["right"] / count["n"] for name in HEADLINE if (count := self.fields.get(name)))

    @property
    def header_mean_by_group(self) -> float | None:
        """The same with every group of like documents counting once."""
        return mean(
            statistics.fmean(statistics.fmean(seen) for seen in self.groups[name].values())
            for name in HEADLINE
            if name in self.groups
        )

    @property
    def _header_bands(self) -> dict[str, Counter[str]]:
        total: dict[str, Counter[str]] = {}
        for name, bands in self.bands.items():
            for band, count in bands.items() if name in FIELDS else ():
                total.setdefault(band, Counter()).update(count)
        return total


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are there; None of nothing."""
    there = [value for value in values if value is not None]
    return statistics.fmean(there) if there else None


def headline(tallies: Iterable[Tally]) -> dict[str, str | None]:
    """The mean over folders, in which a folder of one document counts as much as one of many."""
    folders = list(tallies)
    return {
        "headline": _four(mean(tally.header_mean for tally in folders)),
        "headline_by_group": _four(mean(tally.header_mean_by_group for tally in folders)),
    }


def p95(values: Iterable[float]) -> float:
    """The value that 95 of 100 are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]


def _share(part: int, whole: int) -> str | None:
    return f"{Decimal(part) / whole:.4f}" if whole else None


def _four(share: float | None) -> str | None:
    return None if share is None else f"{share:.4f}"


def score_document(
    label: dict[str, Any], record: dict[str, Any], tallies: Iterable[Tally], *, everything: bool = False
) -> None:
    """Add one document to every tally; with `everything`, also fields and lines that its page does not show."""
    review = set(record["needs_review"])
    counted = _counted(label, everything=everything)
    outcomes = {name: _outcome(label, record, name, review) for name in counted}
    right = {name: _is_right(label, record, name) for name in counted}
    accepted = not record["error"] and not review
    labelled = len(label["truth"].get("lines") or ())
    found = _lines_found(label, record, everything=everything)
    lines_hold = found is None or sum(found) == labelled == len(found)
    for tally in tallies:
        tally.documents += 1
        tally.whole += lines_hold and all(right.values())
        tally.errors += bool(record["error"])
        tally.accepted += accepted
        tally.accepted_wrong += accepted and "wrong" in outcomes.values()
        if record.get("ms") is not None:
            tally.milliseconds.append(record["ms"])
        for name in counted:
            count = tally.fields.setdefault(name, Counter())
            count.update(n=1, right=right[name])
            count[outcomes[name]] += outcomes[name] != "right"
            tally.groups.setdefault(name, {}).setdefault(group_of(label), []).append(right[name])
            _count_band(tally, name, record["fields"].get(name), is_right=right[name])
        if found is not None:
            tally.lines.update(n=labelled, right=sum(found))
            tally.line_sets.update(n=1, right=lines_hold)
            for line, is_right in zip(record["lines"], found, strict=True):
                _count_band(tally, "lines", line, is_right=is_right)


def group_of(label: dict[str, Any]) -> str:
    """The name of the group of like documents; a document by itself is its own."""
    return str(label.get("group") or label.get("sha256") or label["file"])


def _count_band(tally: Tally, name: str, found: dict[str, Any] | None, *, is_right: bool) -> None:
    """Count a value under the band of its confidence, where it has one."""
    confidence = _decimal(found.get("confidence")) if found else None
    if confidence is not None:
        band = next(band for band in BANDS if confidence >= Decimal(band))
        tally.bands.setdefault(name, {}).setdefault(band, Counter()).update(n=1, right=is_right)


def faults(label: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """What was not right, the worst first: wrong though asserted, then in doubt, then lines, one sentence each."""
    if record["error"]:
        return [f"refused: {record['error']['code']}: {record['error']['detail']}"]
    review = set(record["needs_review"])
    wrong: list[str] = []
    doubtful: list[str] = []
    for name in _counted(label):
        if _is_right(label, record, name):
            continue
        got = ", ".join(_given(record, name)) or "nothing"
        sentence = f"{name}: {got}, not {label['truth'][name]}"
        (wrong if _outcome(label, record, name, review) == "wrong" else doubtful).append(sentence)
    found = _lines_found(label, record)
    count = len(label["truth"].get("lines") or ())
    missing: list[str] = []
    if found is not None and sum(found) < count:
        missing = [f"lines: {count - sum(found)} of {count} not right"]
    elif found is not None and len(found) > count:
        missing = [f"lines: {len(found) - count} more than the {count} of the document"]
    return [f"WRONG {sentence}" for sentence in wrong] + [f"in doubt {sentence}" for sentence in doubtful] + missing


def _is_seen(label: dict[str, Any], name: str) -> bool:
    if label["kind"] not in TEXT_LAYER_KINDS:
        return True
    visible = (label.get("visible") or {}).get(name)
    return same(visible, "1", is_number=True) if name == "lines" else visible is True


def _counted(label: dict[str, Any], *, everything: bool = False) -> list[str]:
    truth = label["truth"]
    return [name for name in FIELDS if truth.get(name) is not None and (everything or _is_seen(label, name))]


def _given(record: dict[str, Any], name: str) -> list[str]:
    found = record["fields"].get(name)
    values = [found["value"]] if found else []
    if name == "po_number" and record["fields"].get("po_numbers"):
        values += record["fields"]["po_numbers"]["value"]
    return values


def _is_right(label: dict[str, Any], record: dict[str, Any], name: str) -> bool:
    want = label["truth"][name]
    return any(_same(name, want, value) for value in _given(record, name))


def _outcome(label: dict[str, Any], record: dict[str, Any], name: str, review: set[str]) -> str:
    if name in review or not _given(record, name):
        return "abstained"
    return "right" if _is_right(label, record, name) else "wrong"


def _same(name: str, want: object, got: object) -> bool:
    if name in DATES:
        return _day(want) is not None and _day(want) == _day(got)
    return same(want, got, is_number=name in NUMBERS)


def same(want: object, got: object, *, is_number: bool) -> bool:
    """Equal as decimals, or as text after NFKC, case-fold and collapsing of white space."""
    if want is None or got is None:
        return False
    if is_number:
        return _decimal(want) is not None and _decimal(want) == _decimal(got)
    return _text(want) == _text(got)


def _text(value: object) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(value)).casefold().split())


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


def _lines_found(label: dict[str, Any], record: dict[str, Any], *, everything: bool = False) -> list[bool] | None:
    """Of each line that was read whether it is a labelled one, in any order; None when lines do not count here."""
    wanted = label["truth"].get("lines")
    if not wanted or not (everything or _is_seen(label, "lines")):
        return None
    found = [False] * len(record["lines"])
    for want in sorted(wanted, key=lambda line: -sum(line.get(n) is not None for n in LINE_FIELDS)):
        for place, got in enumerate(record["lines"]):
            if not found[place] and _line_same(want, got):
                found[place] = True
                break
    return found


def _line_same(want: dict[str, Any], got: dict[str, Any]) -> bool:
    labelled = [name for name in LINE_FIELDS if want.get(name) is not None]
    return bool(labelled) and all(_same(name, want[name], got.get(name)) for name in labelled)
