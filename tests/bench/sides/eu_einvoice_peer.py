"""eu-einvoice: reads UBL and CII into its model of EN 16931."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from functools import partial
from importlib import metadata

from eu_einvoice.parse import parse_bytes

from tests.bench.sides.workload import read
from tests.bench.worker import Prepared


def capture_xml(documents: str) -> Prepared:
    tasks = [partial(parse_bytes, text.encode()) for text in read(documents)]
    count = sum(len(task()[0]["lines"]) for task in tasks)
    return Prepared(tasks, len(tasks), f"{count:,} lines", metadata.version("eu-einvoice"))
