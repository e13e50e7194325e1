"""A side's process: prepares its work once, then does it again whenever asked and answers with the nanoseconds.

It reads one JSON object a line from standard input and writes one a line to the standard output it was started with;
what a library prints goes nowhere. It imports nothing but the standard library and the side that it is told, so that
it runs in the peers' environment as well as in ours.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# A run lasts at least this long: short work is done several times over.
RUN_SECONDS_MIN = 0.2
WARM_UP_SECONDS_MIN = 0.3
WARM_UP_PASSES_MIN = 2
REPEATS_MAX = 1_000_000
NANO = 1_000_000_000


@dataclass(frozen=True)
class Prepared:
    """Work that is ready to be done: inputs are read and built, nothing is left but the work itself.

    `units` are the lines or documents in all tasks together; `outcome` says what the side made of them.
    """

    tasks: Sequence[Callable[[], object]]
    units: int
    outcome: str
    version: str = ""


class Loop:
    """The tasks in order, each in a loop that is timed as a whole."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.repeats = 1

    def warm_up(self) -> None:
        """Do the work until it is warm, and find how often it fits into a run."""
        started, passes = time.perf_counter(), 0
        while passes < WARM_UP_PASSES_MIN or time.perf_counter() - started < WARM_UP_SECONDS_MIN:
            seconds = sum(self.run()) / NANO
            passes += 1
        self.repeats = min(REPEATS_MAX, max(1, round(RUN_SECONDS_MIN / max(seconds, 1e-9))))

    def run(self) -> list[float]:
        """The nanoseconds that each task took, once."""
        gc.collect()
        return [timed(task, self.repeats) / self.repeats for task in self.prepared.tasks]


def timed(task: Callable[[], object], repeats: int) -> int:
    """The nanoseconds of so many calls."""
    rounds = range(repeats)
    started = time.perf_counter_ns()
    for _ in rounds:
        task()
    return time.perf_counter_ns() - started


def prepare(side: str, arguments: dict[str, Any]) -> Prepared:
    """What `module:function` makes of the arguments."""
    module, _, function = side.partition(":")
    prepared: Prepared = getattr(importlib.import_module(module), function)(**arguments)
    return prepared


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    order = json.loads(sys.stdin.readline())
    prepared = prepare(order["side"], order["arguments"])
    loop = Loop(prepared)
    loop.warm_up()
    answer({"units": prepared.units, "outcome": prepared.outcome, "version": prepared.version})
    for _ in sys.stdin:
        answer({"nanoseconds": loop.run()})


if __name__ == "__main__":
    # The sides import this module by its name; it must be the same one.
    importlib.import_module("tests.bench.worker").main()
