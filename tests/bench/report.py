"""Shows the results as a table and writes `build/bench.json`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.environments import ROOT
from tests.bench.measuring import Figures, Result, growth

FILE = ROOT / "build" / "bench.json"
MORE_IS_BETTER = ("/s",)


def write(results: Sequence[Result], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n")


def show(results: Sequence[Result], console: Console) -> None:
    """One row a result: medians, the spread of ours, and ours divided by theirs."""
    table = Table(title="Benchmarks (medians; × is ours divided by theirs)", title_justify="left")
    for heading in ("what", "unit"):
        table.add_column(heading)
    for heading in ("ours", "min – max", "runs", "peer", "×", "limit", "×"):
        table.add_column(heading, justify="right")
    for result in results:
        record = result.as_json()
        peer = f"{number(result.peer)} {result.peer_name} {result.peer_version}".strip() if result.peer else "–"
        table.add_row(
            result.name,
            result.unit + (" ↑" if result.unit.endswith(MORE_IS_BETTER) else " ↓"),
            number(result.ours),
            f"{plain(min(result.ours.values))} – {plain(max(result.ours.values))}",
            str(len(result.ours.values)),
            peer,
            times(record["ratio_to_peer"]),
            number(result.limit),
            times(record["ratio_to_limit"]),
        )
    console.print(table)
    console.print("↑ more is better, ↓ less is better")
    for said in growths(results):
        console.print(said)


def growths(results: Sequence[Result]) -> list[str]:
    """How the time of matching grows with the lines, between neighbouring sizes that were measured."""
    said = []
    for family in ("match_lines_", "match_descriptions_"):
        measured = sorted(
            (int(result.name.removeprefix(family)), result.ours.median)
            for result in results
            if result.name.startswith(family) and result.name.removeprefix(family).isdecimal()
        )
        for small, large in itertools.pairwise(measured):
            exponent = growth(small, large)
            said.append(f"{family}*: from {small[0]:,} to {large[0]:,} lines time grows as n^{exponent:.2f}")
    return said


def busyness(load: float, cores: int) -> str:
    """How far the figures can be trusted on their own; `load` is the machine's average over five minutes."""
    said = f"load {load:.1f} on {cores} cores over the last five minutes"
    if load <= cores:
        return said
    return f"{said}: the machine was busy, so times are too long; ratios hold better than times"


def number(figures: Figures | None) -> str:
    return plain(figures.median) if figures else "–"


def plain(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{plain(ratio)}×"
