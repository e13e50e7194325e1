"""`counterfoil accuracy CORPUS_DIR`: capture over a labelled corpus, scored by field and folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from counterfoil.capture.scoring import BANDS, FIELDS, Tally, faults, score_document
from counterfoil.cli.accuracy_report import TOLD, DocumentReport, write_report
from counterfoil.cli.capture import captured_record
from counterfoil.cli.output import Format, chosen, fail

SHORT = {
    "invoice_number": "number", "issue_date": "date", "due_date": "due", "po_number": "order", "vendor_name": "vendor",
    "vendor_vat_id": "tax id", "net_total": "net", "tax_total": "tax", "gross_total": "gross",
}  # fmt: skip


def accuracy_command(
    corpus: Annotated[Path, typer.Argument(help="folder with */labels.jsonl")],
    output_format: Annotated[Format | None, typer.Option("--format")] = None,
    worst: Annotated[int, typer.Option("--worst", min=0, help="name this many of the worst documents")] = 0,
    html: Annotated[Path | None, typer.Option("--html", help="write a report with page pictures here")] = None,
) -> None:
    """Capture every document of a labelled corpus and print how much of it was right."""
    tallies: dict[str, Tally] = {}
    total = Tally()
    reports: list[DocumentReport] = []
    for folder, document, truth in _progress(list(_documents(corpus))):
        tally = tallies.setdefault(folder, Tally())
        try:
            content = document.read_bytes()
        except OSError as error:
            fail(f"{document}: {error.strerror}")
        record = captured_record(document.name, content)
        score_document(truth, record, (tally, total))
        reports.append(DocumentReport(folder, document, record, faults(truth, record)))
    tallies["ALL"] = total
    _print(tallies, _worst_first(reports)[:worst], chosen(output_format))
    if html is not None:
        try:
            write_report(html, tallies, _worst_first(reports))
        except OSError as error:
            fail(f"{html}: {error.strerror}")
        typer.echo(f"report in {html}", err=True)


def _documents(corpus: Path) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    labels = sorted(corpus.glob("*/labels.jsonl")) or sorted(corpus.glob("labels.jsonl"))
    if not labels:
        fail(f"{corpus}: no labels.jsonl in it or in its folders")
    for path in labels:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{path}: {error}")
        for place, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                truth = json.loads(line, parse_float=str, parse_int=str)
                yield path.parent.name, path.parent / str(truth["file"]), truth
            except (ValueError, KeyError, TypeError) as error:
                fail(f"{path}:{place}: no label: {error}")


def _progress(
    documents: list[tuple[str, Path, dict[str, Any]]],
) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """The documents, with a bar on standard error when somebody watches."""
    if not sys.stderr.isatty():
        yield from documents
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(documents, description="capturing", console=Console(stderr=True), transient=True)


def _worst_first(reports: list[DocumentReport]) -> list[DocumentReport]:
    """Wrong assertions weigh more than doubts."""
    return sorted(
        (report for report in reports if report.faults),
        key=lambda report: (-sum(fault.startswith("WRONG") for fault in report.faults), -len(report.faults)),
    )


def _print(tallies: dict[str, Tally], worst: list[DocumentReport], wanted: Format) -> None:
    if wanted == Format.JSON:
        for folder, tally in tallies.items():
            typer.echo(json.dumps({"folder": folder, **tally.as_record()}))
        for report in worst:
            typer.echo(json.dumps({"file": report.name, "faults": report.faults}, ensure_ascii=False))
        return
    typer.echo(_table(tallies))
    for report in worst:
        typer.echo(f"{report.name}\n  " + "\n  ".join(report.faults))


def _table(tallies: dict[str, Tally]) -> str:
    """Percent right by field and folder; of all fields what was abstained and wrong; lines, whole documents, time."""
    head = f"{'folder':<20}{'docs':>5}" + "".join(f"{SHORT.get(name, name)[:8]:>9}" for name in FIELDS)
    more = ("abstain", "wrong", "lines", "whole", "auto", "of these", "ms p50", "p95")
    rows = [head + "".join(f"{name:>9}" for name in more)]
    for folder, tally in tallies.items():
        record = tally.as_record()
        shares = [record["fields"].get(name, {}).get("right") for name in FIELDS]
        shares += [record[name] for name in TOLD]
        cells = "".join(f"{_percent(share):>9}" for share in shares)
        rows.append(
            f"{folder:<20}{record['documents']:>5}{cells}{record['ms_median'] or '.':>9}{record['ms_p95'] or '.':>9}"
        )
    return "\n".join([*rows, "", *_calibration(tallies["ALL"])])


def _calibration(tally: Tally) -> list[str]:
    """Of the values read at each confidence, how many are right."""
    rows = [f"{'confidence':<20}{'values':>9}{'right':>9}"]
    for band, count in tally.as_record()["calibration"].items():
        name = f"{band} and more" if band != BANDS[-1] else "less, so in doubt"
        rows.append(f"{name:<20}{count['n']:>9}{_percent(count['right']):>9}")
    return rows


def _percent(share: str | None) -> str:
    return "." if share is None else f"{float(share) * 100:.1f}"
