"""`counterfoil accuracy CORPUS_DIR`: capture over a labelled corpus, scored by field, folder and kind of document."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from counterfoil.beside.processes import KINDS, PEERS_FOLDER, Reader, ReaderError
from counterfoil.capture.corpus import SALT, CorpusError, Fold, Labelled, documents_of
from counterfoil.capture.scoring import faults
from counterfoil.cli.accuracy_report import DocumentReport, write_report
from counterfoil.cli.accuracy_scores import Scores, Table
from counterfoil.cli.capture import captured_record
from counterfoil.cli.output import Format, chosen, fail

FIRST_COLUMN = 20
COLUMN_GAP = 2


def accuracy_command(
    corpus: Annotated[Path, typer.Argument(help="folder with */labels.jsonl")],
    output_format: Annotated[Format | None, typer.Option("--format")] = None,
    worst: Annotated[int, typer.Option("--worst", min=0, help="name this many of the worst documents")] = 0,
    html: Annotated[Path | None, typer.Option("--html", help="write a report with page pictures here")] = None,
    beside: Annotated[
        str, typer.Option("--beside", metavar="NAMES", help=f"other readers to ask as well: {', '.join(KINDS)}")
    ] = "pypdfium2",
    peers: Annotated[Path, typer.Option("--peers", help="their environment; `make peers` makes it")] = PEERS_FOLDER,
    fold: Annotated[
        str | None, typer.Option("--fold", metavar="N/M", help="report this part of the groups apart, as in 3/3")
    ] = None,
    salt: Annotated[str, typer.Option("--salt", help="what deals the groups into folds")] = SALT,
    sealed: Annotated[bool, typer.Option("--sealed", help="leave that part out: do not even read it")] = False,
) -> None:
    """Capture every document of a labelled corpus and print how much of it was right."""
    if sealed and not fold:
        fail("--sealed leaves out the part that --fold names: give both")
    try:
        held_out = Fold.parse(fold, salt) if fold else None
        documents = list(documents_of(corpus))
        with contextlib.ExitStack() as stack:
            readers = _readers(beside, peers, stack)
            parts, reports = _scored(documents, readers, held_out, is_sealed=sealed)
    except (CorpusError, ReaderError) as error:
        fail(str(error))
    worst_first = _worst_first(reports)
    _print(parts, worst_first[:worst], chosen(output_format))
    if html is not None:
        try:
            write_report(html, [(part.name, part.tables()) for part in parts], worst_first)
        except OSError as error:
            fail(f"{html}: {error.strerror}")
        typer.echo(f"report in {html}", err=True)


def _readers(names: str, peers: Path, stack: contextlib.ExitStack) -> list[Reader]:
    """The readers of a list with commas, started."""
    readers = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name not in KINDS:
            raise ReaderError(f"no reader is called {name!r}; there are {', '.join(KINDS)}")
        reader = Reader(KINDS[name], peers)
        stack.callback(reader.stop)
        readers.append(reader)
    return readers


def _scored(
    documents: Sequence[Labelled], readers: Sequence[Reader], held_out: Fold | None, *, is_sealed: bool
) -> tuple[list[Scores], list[DocumentReport]]:
    """The scores of the rest and of the fold that is held out; reports of single documents are of the rest alone."""
    rest = Scores(f"all but {held_out}" if held_out else "")
    apart = Scores(f"held out {held_out}" if held_out else "")
    reports = []
    wanted = [one for one in documents if not (is_sealed and held_out and held_out.holds(one.label))]
    for place, document in enumerate(_progress(wanted)):
        try:
            content = document.path.read_bytes()
        except OSError as error:
            raise CorpusError(f"{document.path}: {error.strerror}") from error
        record = captured_record(document.path.name, content)
        # In turn, so that none always follows the same one.
        asked = [reader for reader in readers if document.label["kind"] in reader.kind.kinds]
        answers = {reader.kind.name: reader.read(document.path) for reader in asked[:: 1 if place % 2 else -1]}
        others = {f"{reader.kind.name} {reader.version}": answers[reader.kind.name] for reader in asked}
        if held_out and held_out.holds(document.label):
            apart.add(document, record, others)
            continue
        rest.add(document, record, others)
        reports.append(DocumentReport(document.folder, document.path, record, faults(document.label, record)))
    return [rest] if held_out is None or is_sealed else [rest, apart], reports


def _progress(documents: Sequence[Labelled]) -> Iterator[Labelled]:
    """The documents, with a bar on standard error when somebody watches."""
    if not sys.stderr.isatty():
        yield from documents
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("capturing", total=len(documents))
        for document in documents:
            progress.update(task, description=document.folder)
            yield document
            progress.advance(task)


def _worst_first(reports: list[DocumentReport]) -> list[DocumentReport]:
    """Wrong assertions weigh more than doubts."""
    return sorted(
        (report for report in reports if report.faults),
        key=lambda report: (-sum(fault.startswith("WRONG") for fault in report.faults), -len(report.faults)),
    )


def _print(parts: Sequence[Scores], worst: Sequence[DocumentReport], wanted: Format) -> None:
    if wanted == Format.JSON:
        for part in parts:
            for record in part.records():
                typer.echo(json.dumps(record))
        for report in worst:
            typer.echo(json.dumps({"file": report.name, "faults": report.faults}, ensure_ascii=False))
        return
    for part in parts:
        for table in part.tables():
            typer.echo(_as_text(table, part.name))
    for report in worst:
        typer.echo(f"{report.name}\n  " + "\n  ".join(report.faults))


def _as_text(table: Table, part: str) -> str:
    rows = [table.heads, *table.rows]
    widths = [max(len(row[place]) for row in rows) + COLUMN_GAP for place in range(len(table.heads))]
    widths[0] = max(widths[0], FIRST_COLUMN)
    title = f"{table.title} ({part})" if part else table.title
    lines = [
        row[0].ljust(widths[0]) + "".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return "\n".join([title, *lines, ""])
