"""invoice2data beside our capture."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from counterfoil.beside import invoice2data_reader
from tests.bench.sides.workload import read
from tests.bench.worker import Prepared


def capture_pdf(documents: str) -> Prepared:
    tasks = [invoice2data_reader.task_of(Path(path)) for path in read(documents)]
    found = sum(bool(task()) for task in tasks)
    outcome = f"a template for {found} of {len(tasks)}"
    return Prepared(tasks, len(tasks), outcome, metadata.version(invoice2data_reader.DISTRIBUTION))
