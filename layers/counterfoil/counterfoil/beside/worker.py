"""A reader's process: reads the files that it is told, one JSON object a line in, one a line out.

What a library prints goes nowhere. It imports nothing but the standard library and the reader that it is told.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

DETAIL_LENGTH_MAX = 200
MILLI = 1_000_000


def main() -> None:
    """Serve until the parent closes the pipe."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    reader = importlib.import_module(sys.argv[1])
    _answer(answers, {"version": metadata.version(reader.DISTRIBUTION)})
    for order in sys.stdin:
        _answer(answers, read(reader, Path(json.loads(order)["path"])))


def read(reader: Any, path: Path) -> dict[str, Any]:
    """The reader's record of a file: `fields` and `lines` with text values, `ms`, and `error` where it gave up."""
    task = reader.task_of(path)
    started = time.perf_counter_ns()
    try:
        found = task()
    except Exception as error:  # noqa: BLE001 - whatever a library raises is its answer to this file
        answer: dict[str, Any] = {"error": f"{type(error).__name__}: {error}"[:DETAIL_LENGTH_MAX]}
        return answer | {"ms": (time.perf_counter_ns() - started) / MILLI}
    took = (time.perf_counter_ns() - started) / MILLI
    record = reader.record_of(found) if hasattr(reader, "record_of") else {}
    return {name: _as_text(value) for name, value in record.items()} | {"ms": took, "error": None}


def _as_text(value: Any) -> Any:
    """Dates, decimals and whatever else as text, all the way down."""
    if isinstance(value, dict):
        return {str(name): _as_text(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(one) for one in value]
    return None if value is None else str(value)


def _answer(answers: Any, content: dict[str, Any]) -> None:
    answers.write(json.dumps(content) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
