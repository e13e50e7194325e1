"""`counterfoil accuracy CORPUS_DIR`: capture over a labelled corpus, scored by field and folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from counterfoil.capture.scoring import FIELDS, Tally, score_document
from counterfoil.cli.capture import captured_record
from counterfoil.cli.output import Format, chosen, fail


def accuracy_command(
    corpus: Annotated[Path, typer.Argument(help="folder with */labels.jsonl")],
    output_format: Annotated[Format | None, typer.Option("--format")] = None,
) -> None:
    """Capture every document of a labelled corpus and print how much of it was right."""
    labels = sorted(corpus.glob("*/labels.jsonl")) or sorted(corpus.glob("labels.jsonl"))
    if not labels:
        fail(f"{corpus}: no labels.jsonl in it or in its folders")
    tallies: dict[str, Tally] = {}
    total = Tally()
    for path in labels:
        tally = tallies.setdefault(path.parent.name, Tally())
        for place, truth in _labels(path):
            document = path.parent / str(truth.get("file"))
            try:
                content = document.read_bytes()
            except OSError as error:
                fail(f"{path}:{place}: {document}: {error.strerror}")
            score_document(truth, captured_record(document.name, content), (tally, total))
    tallies["ALL"] = total
    wanted = chosen(output_format)
    for folder, tally in tallies.items():
        if wanted == Format.JSON:
            typer.echo(json.dumps({"folder": folder, **tally.as_record()}))
    if wanted == Format.TABLE:
        typer.echo(_table(tallies))


def _labels(path: Path) -> list[tuple[int, dict[str, Any]]]:
    found = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: {error}")
    for place, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append((place, json.loads(line, parse_float=str, parse_int=str)))
        except ValueError as error:
            fail(f"{path}:{place}: not JSON: {error}")
    return found


def _table(tallies: dict[str, Tally]) -> str:
    head = f"{'folder':<20}{'docs':>5}" + "".join(f"{name[:9]:>10}" for name in FIELDS)
    rows = [head + f"{'lines':>8}{'auto':>8}{'wrong':>8}{'ms p50':>8}{'p95':>8}"]
    for folder, tally in tallies.items():
        record = tally.as_record()
        cells = "".join(f"{_percent(record['fields'].get(name, {}).get('right')):>10}" for name in FIELDS)
        rows.append(
            f"{folder:<20}{record['documents']:>5}{cells}{_percent(record['lines_right']):>8}"
            f"{_percent(record['auto_accepted']):>8}{_percent(record['wrong_of_accepted']):>8}"
            f"{record['ms_median']:>8}{record['ms_p95']:>8}"
        )
    return "\n".join(rows)


def _percent(share: str | None) -> str:
    return "." if share is None else f"{float(share) * 100:.1f}"
