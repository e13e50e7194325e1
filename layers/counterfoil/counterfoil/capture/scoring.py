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
# Confidences are told in these bands, each from its first number on; the lowest holds what is in doubt.
BANDS = ("0.95", "0.90", "0.80", "0.70", "0.00")
TEXT_LAYER_KINDS = ("pdf-text", "pdf-hybrid")


@dataclass(slots=True)
class Tally:
    """Counts over documents. `fields` has a counter for each field: n, right, abstained, wrong.

    `whole` are documents of which every counted field and line is right; `bands` has, for each band of confidence, the
    values read with it (n) and those of them that are right.
    """

    documents: int = 0
    errors: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    bands: dict[str, Counter[str]] = field(default_factory=dict)
    accepted: int = 0
    accepted_wrong: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def as_record(self) -> dict[str, Any]:
        """Shares as decimal strings with four places, None where nothing was counted."""
        times = sorted(self.milliseconds)
        return {
            "documents": self.documents,
            "errors": self.errors,
            "fields": {
                name: {"n": count["n"]}
                | {key: _share(count[key], count["n"]) for key in ("right", "abstained", "wrong")}
                for name, count in self.fields.items()
            },
            "lines": self.lines["n"],
            "lines_right": _share(self.lines["right"], self.lines["n"]),
            "whole_documents_right": _share(self.whole, self.documents),
            **{
                f"fields_{key}": _share(sum(one[key] for one in self.fields.values()), self._fields_counted)
                for key in ("right", "abstained", "wrong")
            },
            "calibration": {
                band: {"n": count["n"], "right": _share(count["right"], count["n"])}
                for band in BANDS
                if (count := self.bands.get(band, Counter()))["n"]
            },
            "auto_accepted": _share(self.accepted, self.documents),
            "wrong_of_accepted": _share(self.accepted_wrong, self.accepted),
            "ms_median": f"{statistics.median(times):.1f}" if times else None,
            "ms_p95": f"{times[max(0, -(-95 * len(times) // 100) - 1)]:.1f}" if times else None,
        }

    @property
    def _fields_counted(self) -> int:
        return sum(one["n"] for one in self.fields.values())


def _share(part: int, whole: int) -> str | None:
    return f"{Decimal(part) / whole:.4f}" if whole else None


def score_document(label: dict[str, Any], record: dict[str, Any], tallies: Iterable[Tally]) -> list[str]:
    """Add one document to every tally; the names of fields that are wrong though asserted come back."""
    review = set(record["needs_review"])
    wrong = [name for name in _counted(label) if _outcome(label, record, name, review) == "wrong"]
    accepted = not record["error"] and not review
    right_lines = _lines_right(label, record)
    labelled = len(label["truth"].get("lines") or ())
    lines_hold = right_lines is None or right_lines == labelled == len(record["lines"])
    is_whole = lines_hold and all(_is_right(label, record, name) for name in _counted(label))
    for tally in tallies:
        tally.documents += 1
        tally.whole += is_whole
        tally.errors += bool(record["error"])
        tally.accepted += accepted
        tally.accepted_wrong += accepted and bool(wrong)
        tally.milliseconds.append(record["ms"])
        for name in _counted(label):
            count = tally.fields.setdefault(name, Counter())
            count["n"] += 1
            count["right"] += _is_right(label, record, name)
            count["abstained"] += _outcome(label, record, name, review) == "abstained"
            count["wrong"] += name in wrong
            if (band := _band(record, name)) is not None:
                counted = tally.bands.setdefault(band, Counter())
                counted.update(n=1, right=_is_right(label, record, name))
        if right_lines is not None:
            tally.lines["n"] += len(label["truth"]["lines"])
            tally.lines["right"] += right_lines
    return wrong


def _band(record: dict[str, Any], name: str) -> str | None:
    """The band of the value's confidence; None where none is given."""
    found = record["fields"].get(name)
    confidence = _decimal(found.get("confidence")) if found else None
    return next(band for band in BANDS if confidence >= Decimal(band)) if confidence is not None else None


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
    right = _lines_right(label, record)
    count = len(label["truth"].get("lines") or ())
    missing = [f"lines: {count - right} of {count} not right"] if right is not None and right < count else []
    return [f"WRONG {sentence}" for sentence in wrong] + [f"in doubt {sentence}" for sentence in doubtful] + missing


def _is_seen(label: dict[str, Any], name: str) -> bool:
    if label["kind"] not in TEXT_LAYER_KINDS:
        return True
    visible = (label.get("visible") or {}).get(name)
    return same(visible, "1", is_number=True) if name == "lines" else visible is True


def _counted(label: dict[str, Any]) -> list[str]:
    truth = label["truth"]
    return [name for name in FIELDS if truth.get(name) is not None and _is_seen(label, name)]


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


def _lines_right(label: dict[str, Any], record: dict[str, Any]) -> int | None:
    """How many labelled lines were found, in any order; None when lines do not count here."""
    wanted = label["truth"].get("lines")
    if not wanted or not _is_seen(label, "lines"):
        return None
    left = list(record["lines"])
    right = 0
    for want in sorted(wanted, key=lambda line: -sum(line.get(n) is not None for n in LINE_FIELDS)):
        for place, got in enumerate(left):
            if _line_same(want, got):
                right += 1
                del left[place]
                break
    return right


def _line_same(want: dict[str, Any], got: dict[str, Any]) -> bool:
    labelled = [name for name in LINE_FIELDS if want.get(name) is not None]
    return bool(labelled) and all(_same(name, want[name], got.get(name)) for name in labelled)
