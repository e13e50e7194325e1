"""`counterfoil match`: what the matching rules decide on scenarios, without AWS or an ERP."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from counterfoil.scenarios.reader import ScenarioUnreadable, read_cases
from counterfoil.scenarios.simulation import run

UNREADABLE = 2


class Format(StrEnum):
    JSON = "json"
    TABLE = "table"


def match_command(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files (YAML).", metavar="SCENARIO.yaml...")],
    output: Annotated[
        Format | None, typer.Option("--format", help="json: an object a line; table: for people.")
    ] = None,
) -> None:
    """Decide the scenarios: each line's link and status, what may be approved, and what each step brings."""
    chosen = output or (Format.TABLE if sys.stdout.isatty() else Format.JSON)
    try:
        cases = [(path, case) for path in scenarios for case in read_cases(path)]
        for path, case in cases:
            for key in case.unknown_keys:
                typer.echo(f"{path}: {key}: not known, passed over", err=True)
        decided = [run(case) for _, case in cases]
    except ScenarioUnreadable as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(UNREADABLE) from None
    if chosen == Format.JSON:
        for each in decided:
            typer.echo(json.dumps(each, ensure_ascii=False))
    else:
        _show(decided)


def _show(decided: list[dict[str, Any]]) -> None:
    table = Table("case", "line", "link", "status", "approvable", "explanation")
    for case in decided:
        for line in case.get("lines") or [{}]:
            table.add_row(
                case["id"],
                str(line.get("line", "")),
                line.get("link") or "",
                line.get("status", ""),
                {True: "yes", False: "no", None: ""}[case.get("approvable")],
                line.get("explain", ""),
            )
    Console().print(table)
