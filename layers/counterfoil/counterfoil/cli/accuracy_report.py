"""The accuracy report as one HTML file: the tables, then each faulty document with its pages and boxes."""

from __future__ import annotations

import base64
import contextlib
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterfoil.capture.errors import CaptureError
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.limits import Limits
from counterfoil.capture.recognition import (
    DOTS_PER_INCH,
    POINTS_PER_INCH,
    SIDE_PIXELS_MAX,
    frames_of,
    level_picture,
    picture_of_page,
)
from counterfoil.cli.accuracy_scores import Table
from counterfoil.domain.invoices import Source

if TYPE_CHECKING:
    from PIL.Image import Image

# Pixels a point that pages are shown with.
SCALE = 1.3
PAGES_SHOWN_MAX = 3
DOCUMENTS_SHOWN_MAX = 200
COLOURS = 32
# Names of boxes this near to an edge of the page, in parts of its width, are set so that they stay on it.
EDGE = 0.1
NAME_WIDTH = 0.25
STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; color: #1c2430; max-width: 110rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
.table { overflow-x: auto; margin-bottom: 1.5rem; }
table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; font-size: 14px; }
td, th { padding: .2rem .6rem; border: 1px solid #d5dae2; text-align: right; white-space: nowrap; }
td:first-child, th:first-child { text-align: left; position: sticky; left: 0; background: #fff; }
.pages { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.page { position: relative; max-width: 100%; overflow: clip; border: 1px solid #d5dae2; margin: 0; }
.page img { display: block; max-width: 100%; height: auto; }
.page i { position: absolute; box-sizing: border-box; border: 1.5px solid #2f6fde; background: #2f6fde1f; }
.page i.line { border-color: #2e8b57; background: #2e8b5714; }
.page i.doubt { border-color: #d9822b; background: #d9822b22; }
.page i span { position: absolute; bottom: 100%; left: 0; font: 10px/1.2 sans-serif; white-space: nowrap;
  background: #ffffffd9; padding: 0 2px; }
.page i.line span { bottom: auto; top: 0; left: auto; right: 100%; }
.page i.line.left span { left: 0; right: auto; }
.page i.right span { left: auto; right: 0; }
li { overflow-wrap: anywhere; }
li.wrong { color: #b3261e; font-weight: 600; }
@media (max-width: 40rem) { body { padding: .8rem; } td, th { padding: .15rem .4rem; } }
"""
HEAD = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>"
    f"<title>Capture accuracy</title><style>{STYLE}</style><h1>Capture accuracy</h1>"
)
LEGEND = (
    "<p>Boxes are where values were read: blue a field, green a line, orange in doubt. "
    "Documents with wrong assertions come first.</p>"
)


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


def write_report(target: Path, parts: Sequence[tuple[str, Sequence[Table]]], reports: Sequence[DocumentReport]) -> None:
    """Write the tables of each part of the corpus and the documents; OSError when the file cannot be written."""
    with target.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for name, tables in parts:
            out.writelines(_table(table, name) for table in tables)
        out.write(LEGEND)
        out.writelines(_document(report) for report in reports[:DOCUMENTS_SHOWN_MAX])
        if len(reports) > DOCUMENTS_SHOWN_MAX:
            out.write(f"<p>{len(reports) - DOCUMENTS_SHOWN_MAX} more documents with faults are not shown.</p>")


def _table(table: Table, part: str) -> str:
    title = f"{table.title} ({part})" if part else table.title
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in table.heads)
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f"<div class=table><table><caption>{html.escape(title)}</caption><tr>{heads}</tr>{rows}</table></div>\n"


def _document(report: DocumentReport) -> str:
    faults = "".join(
        f"<li{' class=wrong' if fault.startswith('WRONG') else ''}>{html.escape(fault)}</li>" for fault in report.faults
    )
    pages = "".join(
        _page(picture, width, height, report.record, number) for number, picture, width, height in _pages(report)
    )
    return f"<h2>{html.escape(report.name)}</h2><ul>{faults}</ul><div class=pages>{pages}</div>\n"


def _pages(report: DocumentReport) -> Iterator[tuple[int, Image, float, float]]:
    """The first pages: number, picture, width and height in points. None where they cannot be drawn."""
    content = report.path.read_bytes()
    kind, is_recognised = file_kind(content), report.record["source"] == Source.OCR
    with contextlib.suppress(CaptureError):
        if kind == FileKind.IMAGE:
            for number, frame in enumerate(islice(frames_of(content, Limits()), PAGES_SHOWN_MAX), start=1):
                # A picture is as large as its words were placed.
                frame.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX))
                yield number, *_shown(frame, POINTS_PER_INCH / DOTS_PER_INCH, is_recognised=is_recognised)
        elif kind == FileKind.PDF:
            yield from _pages_of_pdf(content, is_recognised=is_recognised)


def _pages_of_pdf(content: bytes, *, is_recognised: bool) -> Iterator[tuple[int, Image, float, float]]:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

    with contextlib.suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(content) as document:
        for number in range(1, min(len(document), PAGES_SHOWN_MAX) + 1):
            image, scale = picture_of_page(document, number, Limits())
            yield number, *_shown(image, 1 / scale, is_recognised=is_recognised)


def _shown(image: Image, points_a_pixel: float, *, is_recognised: bool) -> tuple[Image, float, float]:
    """The picture turned as its words were placed and made as small as it is shown, and its size in points."""
    if is_recognised:
        image = level_picture(image)
    width, height = image.width * points_a_pixel, image.height * points_a_pixel
    return image.resize((max(1, round(width * SCALE)), max(1, round(height * SCALE)))), width, height


def _page(picture: Image, width: float, height: float, record: dict[str, Any], number: int) -> str:
    out = io.BytesIO()
    picture.quantize(COLOURS).save(out, "PNG")
    encoded = base64.b64encode(out.getvalue()).decode()
    review = record["needs_review"]
    found = [(name, value, name in review, False) for name, value in record["fields"].items()]
    found += [(f"line {line['line']}", line, "lines" in review, True) for line in record["lines"]]
    boxes = "".join(
        _box(name, value["box"], (width, height), is_doubtful=is_doubtful, is_line=is_line)
        for name, value, is_doubtful, is_line in found
        if value and value.get("page") == number and value.get("box")
    )
    return f"<figure class=page><img src='data:image/png;base64,{encoded}' alt='page {number}'>{boxes}</figure>"


def _box(name: str, box: Sequence[float], size: tuple[float, float], *, is_doubtful: bool, is_line: bool) -> str:
    """In parts of the page, so that it stands right however wide the page is shown."""
    width, height = size
    x0, y0, x1, y1 = box[0] / width, box[1] / height, box[2] / width, box[3] / height
    place = f"left:{x0:.2%};top:{y0:.2%};width:{x1 - x0:.2%};height:{y1 - y0:.2%}"
    claims = {"line": is_line, "doubt": is_doubtful, "left": x0 < EDGE, "right": x0 > 1 - NAME_WIDTH and not is_line}
    kinds = " ".join(name for name, holds in claims.items() if holds)
    return f"<i style='{place}' class='{kinds}'><span>{html.escape(name.replace('_', ' '))}</span></i>"
