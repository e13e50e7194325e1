"""The work that all sides do: made once, the same at each run, handed over as files.

Written as plain JSON, PDF and XML, so that each side builds its own records of it before anything is measured.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.bench.environments import ROOT
from tests.documents import a_ubl_invoice

FOLDER = ROOT / "build" / "bench"
SAMPLES = (ROOT / "samples", ROOT / "tests" / "capture" / "samples")
UBL_DOCUMENTS = 200
UBL_LINES_MAX = 12

ADJECTIVES = "steel brass oak nylon clear black galvanised folding stacking heavy light waxed woven ribbed".split()
NOUNS = "bracket hinge panel carton washer cable lamp shelf filter gasket valve roller pallet bearing".split()
FINISHES = "plain polished coated insulated perforated laminated tinted brushed".split()
PACKS = ("box of 10", "box of 50", "per metre", "pair", "single", "roll")


def lines(count: int, *, dearer_every: int = 0) -> Path:
    """An order of so many lines and an invoice for all of it, both in an order of their own.

    A line is [item code, description, quantity, price]; on the invoice it also has the description in other words
    at its end, as a vendor writes it who has no item codes. Each `dearer_every`-th ordered line is billed at one more
    than its price.
    """
    random = Random(count)
    seen: set[str] = set()
    rows: list[list[str]] = []
    while len(rows) < count:
        words = [random.choice(ADJECTIVES), random.choice(NOUNS), random.choice(FINISHES)]
        size = f"{random.randrange(10, 400, 5)} x {random.randrange(10, 400, 5)} mm"
        description = f"{' '.join(words)} {size}, {random.choice(PACKS)}"
        if description in seen:
            continue
        seen.add(description)
        code = f"{words[1][:3].upper()}-{len(rows):05d}"
        quantity, price = str(random.randint(1, 99)), f"{random.randint(50, 25000) / 100:.2f}"
        reworded = f"{words[1].title()} {words[0]} {size} ({words[2]})"
        rows.append([code, description, quantity, price, reworded])
    ordered = [row[:4] for row in rows]
    for row in rows[dearer_every - 1 :: dearer_every] if dearer_every else ():
        row[3] = str(Decimal(row[3]) + 1)
    random.shuffle(rows)
    name = f"lines_{count}_dearer_{dearer_every}.json" if dearer_every else f"lines_{count}.json"
    return _written(name, {"ordered": ordered, "invoiced": rows})


def ubl_documents() -> Path:
    """Many small UBL invoices of 1 to 12 lines; the file lists their texts."""
    random = Random(1)
    documents = []
    for number in range(UBL_DOCUMENTS):
        billed = [
            (
                f"IT-{random.randrange(10_000):04d}",
                f"{random.choice(ADJECTIVES)} {random.choice(NOUNS)}",
                str(random.randint(1, 50)),
                str(Decimal(random.randint(50, 25_000)) / 100),
            )
            for _ in range(random.randint(1, UBL_LINES_MAX))
        ]
        documents.append(a_ubl_invoice(f"INV-{number}", order=f"PO-{number}", lines=billed).decode())
    return _written("ubl.json", documents)


def pdf_documents() -> Path:
    """The repository's own PDFs that have a text layer; the file lists their paths.

    Locked, torn and scanned ones have none to read, and would be timed for a refusal.
    """
    paths = sorted(path for folder in SAMPLES for path in folder.glob("*.pdf") if _has_text(path))
    return _written("pdf.json", [str(path) for path in paths])


def _has_text(path: Path) -> bool:
    import pypdfium2  # type: ignore[import-untyped]  # it ships no types

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return False
    with document:
        return any(page.get_textpage().get_text_bounded().strip() for page in document)


def _written(name: str, content: Any) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    path.write_text(json.dumps(content))
    return path
