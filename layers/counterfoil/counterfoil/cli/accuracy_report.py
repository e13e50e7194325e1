"""The accuracy report as one HTML file: a table by folder, then each faulty document with its pages and boxes."""

from __future__ import annotations

import base64
import contextlib
import html
import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from counterfoil.capture.errors import CaptureError
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.limits import Limits
from counterfoil.capture.recognition import DOTS_PER_INCH, POINTS_PER_INCH, SIDE_PIXELS_MAX, frames_of
from counterfoil.capture.scoring import FIELDS, Tally

SCALE = 1.3
# After the fields: of all fields, then lines, whole documents, and documents accepted by themselves.
TOLD = (
    "fields_abstained", "fields_wrong", "lines_right", "whole_documents_right", "auto_accepted", "wrong_of_accepted",
)  # fmt: skip
PAGES_SHOWN_MAX = 3
DOCUMENTS_SHOWN_MAX = 200
STYLE = """
body { font: 14px system-ui, sans-serif; margin: 2rem; color: #1c2430; }
table { border-collapse: collapse; font-size: 12px; }
td, th { padding: .2rem .6rem; border: 1px solid #d5dae2; text-align: right; }
td:first-child, th:first-child { text-align: left; }
.page { position: relative; display: inline-block; margin: 0 1rem 1rem 0; border: 1px solid #d5dae2; }
.page i { position: absolute; border: 2px solid #2f6fde; background: #2f6fde22; }
.page i.doubt { border-color: #d9822b; background: #d9822b22; }
.page i span { position: absolute; bottom: 100%; left: 0; font: 10px sans-serif; white-space: nowrap; }
li.wrong { color: #b3261e; font-weight: 600; }
"""


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """One captured document and what was not right about it."""

    folder: str
    path: Path
    record: dict[str, Any]
    faults: list[str]

    @property
    def name(self) -> str:
        return f"{self.folder}/{self.path.name}"


def write_report(target: Path, tallies: dict[str, Tally], reports: list[DocumentReport]) -> None:
    """Write the report; OSError when the file cannot be written."""
    parts = [f"<!doctype html><meta charset='utf-8'><title>Capture accuracy</title><style>{STYLE}</style>"]
    parts.append("<h1>Capture accuracy</h1>" + _table(tallies))
    parts.extend(_document(report) for report in reports[:DOCUMENTS_SHOWN_MAX])
    target.write_text("\n".join(parts), encoding="utf-8")


def _table(tallies: dict[str, Tally]) -> str:
    heads = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in (*FIELDS, *TOLD))
    rows = []
    for folder, tally in tallies.items():
        record = tally.as_record()
        shares = [record["fields"].get(name, {}).get("right") for name in FIELDS]
        shares += [record[name] for name in TOLD]
        cells = "".join(f"<td>{'' if share is None else f'{float(share):.1%}'}</td>" for share in shares)
        rows.append(f"<tr><td>{html.escape(folder)} ({record['documents']})</td>{cells}</tr>")
    return f"<table><tr><th>folder</th>{heads}</tr>{''.join(rows)}</table>"


def _document(report: DocumentReport) -> str:
    faults = "".join(
        f"<li{' class=wrong' if fault.startswith('WRONG') else ''}>{html.escape(fault)}</li>" for fault in report.faults
    )
    return f"<h2>{html.escape(report.name)}</h2><ul>{faults}</ul>{_pages(report)}"


def _pages(report: DocumentReport) -> str:
    """Pictures of the first pages with a box for each value that was read from them."""
    content = report.path.read_bytes()
    if file_kind(content) == FileKind.IMAGE:
        return _pictures(content, report)
    if file_kind(content) != FileKind.PDF:
        return ""
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

    try:
        document = pypdfium2.PdfDocument(report.path)
    except pypdfium2.PdfiumError:
        return ""
    shown = []
    try:
        for index in range(min(len(document), PAGES_SHOWN_MAX)):
            picture = io.BytesIO()
            document[index].render(scale=SCALE).to_pil().convert("P", colors=32).save(picture, "PNG")
            encoded = base64.b64encode(picture.getvalue()).decode()
            boxes = _boxes(report.record, index + 1)
            shown.append(f"<div class=page><img src='data:image/png;base64,{encoded}' alt=''>{boxes}</div>")
    except pypdfium2.PdfiumError:
        return "".join(shown)
    finally:
        document.close()
    return "".join(shown)


def _pictures(content: bytes, report: DocumentReport) -> str:
    """A picture is shown as large as its words were placed."""
    shown = []
    with contextlib.suppress(CaptureError):
        for number, frame in enumerate(islice(frames_of(content, Limits()), PAGES_SHOWN_MAX), start=1):
            frame.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX))
            size = [round(side * POINTS_PER_INCH / DOTS_PER_INCH * SCALE) for side in frame.size]
            picture = io.BytesIO()
            frame.resize((size[0], size[1])).convert("P", colors=32).save(picture, "PNG")
            encoded = base64.b64encode(picture.getvalue()).decode()
            boxes = _boxes(report.record, number)
            shown.append(f"<div class=page><img src='data:image/png;base64,{encoded}' alt=''>{boxes}</div>")
    return "".join(shown)


def _boxes(record: dict[str, Any], page: int) -> str:
    review = record["needs_review"]
    found = [(name, value) for name, value in record["fields"].items() if value and value.get("page") == page]
    found += [(f"line {line['line']}", line) for line in record["lines"] if line.get("page") == page]
    return "".join(_box(name, value["box"], name in review) for name, value in found if value.get("box"))


def _box(name: str, box: list[float], is_doubtful: bool) -> str:
    x0, y0, x1, y1 = (edge * SCALE for edge in box)
    place = f"left:{x0:.0f}px;top:{y0:.0f}px;width:{x1 - x0:.0f}px;height:{y1 - y0:.0f}px"
    return f"<i style='{place}'{' class=doubt' if is_doubtful else ''}><span>{html.escape(name)}</span></i>"
