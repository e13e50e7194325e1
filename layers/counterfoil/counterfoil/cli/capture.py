"""`counterfoil capture FILE...`: one JSON object for each document."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from counterfoil.capture import CaptureError, CompanyIdentity, capture
from counterfoil.cli.output import Format, chosen, fail
from counterfoil.domain.invoices import (
    HEADER_FIELDS,
    CapturedInvoice,
    Evidence,
    InvoiceLine,
)
from counterfoil.domain.money import plain


def capture_command(
    files: Annotated[list[Path], typer.Argument(help="PDF, image, XML or e-mail files")],
    output_format: Annotated[Format | None, typer.Option("--format")] = None,
    own_name: Annotated[list[str] | None, typer.Option("--own-name", help="a name of the buying company")] = None,
    own_tax_id: Annotated[list[str] | None, typer.Option("--own-tax-id", help="a tax id of the buying company")] = None,
    own_address: Annotated[list[str] | None, typer.Option("--own-address", help="an address of that company")] = None,
    order_pattern: Annotated[
        list[str] | None, typer.Option("--order-pattern", help="a regular expression of its order numbers")
    ] = None,
    order_number: Annotated[
        list[str] | None, typer.Option("--order-number", help="the number of one of its open orders")
    ] = None,
) -> None:
    """Read documents and print what they say. One bad file never stops the others."""
    own = CompanyIdentity(
        names=tuple(own_name or ()),
        addresses=tuple(own_address or ()),
        tax_ids=tuple(own_tax_id or ()),
        order_patterns=tuple(order_pattern or ()),
        order_numbers=tuple(order_number or ()),
    )
    wanted = chosen(output_format)
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            fail(f"{file}: {error.strerror}")
        record = captured_record(file.name, content, own)
        typer.echo(as_table(record) if wanted == Format.TABLE else json.dumps(record, ensure_ascii=False))


def captured_record(file: str, content: bytes, own: CompanyIdentity | None = None) -> dict[str, Any]:
    """The printed object of one document; `ms` is the time that capture took."""
    record: dict[str, Any] = {"file": file, "sha256": hashlib.sha256(content).hexdigest()}
    start = time.perf_counter()
    try:
        captured = capture(content, file, own)
    except CaptureError as error:
        record |= {
            "document_type": None,
            "source": None,
            "fields": {},
            "lines": [],
            "checks": [],
            "needs_review": [],
            "error": {"code": error.code, "detail": error.detail},
        }
    else:
        record |= invoice_json(captured) | {"error": None}
    record["ms"] = round((time.perf_counter() - start) * 1000, 2)
    return record


def invoice_json(captured: CapturedInvoice) -> dict[str, Any]:
    """The captured invoice in the words of the command line's contract."""
    fields = {name: _field(captured, name) for name in HEADER_FIELDS}
    if len(captured.po_numbers) > 1:
        fields["po_numbers"] = {"value": list(captured.po_numbers)}
    found: dict[str, Any] = {
        "document_type": captured.document_type,
        "source": captured.source,
        "fields": fields,
        "lines": [_line(line) for line in captured.lines],
        "checks": [
            {"code": check.code, "ok": check.ok} | ({"detail": check.detail} if check.detail else {})
            for check in captured.checks
        ],
        "needs_review": list(captured.needs_review),
    }
    if captured.charges:
        found["charges"] = [_line(line) for line in captured.charges]
    return found


def _field(captured: CapturedInvoice, name: str) -> dict[str, Any] | None:
    value = getattr(captured, name)
    if value is None:
        return None
    return {"value": _plain(value)} | _evidence(captured.evidence.get(name))


def _line(line: InvoiceLine) -> dict[str, Any]:
    found = {name: _plain(value) for name, value in line if name not in ("line", "evidence") and value is not None}
    return {"line": line.line, **found} | _evidence(line.evidence)


def _plain(value: object) -> str:
    from decimal import Decimal

    return plain(value) if isinstance(value, Decimal) else str(value)


def _evidence(evidence: Evidence | None) -> dict[str, Any]:
    if evidence is None:
        return {}
    found: dict[str, Any] = {"confidence": float(evidence.confidence)}
    if evidence.page is not None:
        found["page"] = evidence.page
    if evidence.box is not None:
        found["box"] = [float(edge) for edge in evidence.box]
    return found


def as_table(record: dict[str, Any]) -> str:
    """The record for people: a line a field, a line a line."""
    out = [f"{record['file']}"]
    if record["error"]:
        return f"{out[0]}\n  {record['error']['code']}: {record['error']['detail']}"
    review = record["needs_review"]
    for name, found in record["fields"].items():
        if found:
            mark = "?" if name in review else " "
            out.append(f"{mark} {name:<16} {found['value']}")
    for line in record["lines"]:
        cells = (line.get(name, "") for name in ("quantity", "unit", "unit_price", "amount"))
        out.append(f"  {line['line']:>4} {line.get('description', '')[:48]:<48} {'  '.join(cells)}")
    missing = [name for name in review if not record["fields"].get(name)]
    if missing:
        out.append(f"  to review: {', '.join(missing)}")
    return "\n".join(out)
