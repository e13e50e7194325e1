"""invoice2data: reads PDFs by templates of known vendors; these are the ones that it brings along."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import logging
from functools import partial
from importlib import metadata
from typing import Any

import invoice2data.input
from invoice2data import extract_data
from invoice2data.extract.loader import read_templates

from tests.bench.sides.workload import read
from tests.bench.worker import Prepared


def capture_pdf(documents: str) -> Prepared:
    """`extract_data` with its templates loaded before; it says nothing of a vendor that it has no template for."""
    logging.disable(logging.CRITICAL)
    templates = read_templates()

    def read_one(path: str) -> dict[str, Any]:
        # It remembers the text of a file that it was asked for before, which no other side does.
        invoice2data.input._cached_to_text.cache_clear()
        found: dict[str, Any] = extract_data(path, templates)
        return found

    tasks = [partial(read_one, path) for path in read(documents)]
    found = sum(bool(task()) for task in tasks)
    outcome = f"a template for {found} of {len(tasks)}"
    return Prepared(tasks, len(tasks), outcome, metadata.version("invoice2data"))
