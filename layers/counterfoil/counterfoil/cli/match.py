"""`counterfoil match`: what the matching rules decide on scenarios, without AWS or an ERP."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from counterfoil.scenarios.node import ScenarioUnreadable
from counterfoil.scenarios.reader import Case, read_cases
from counterfoil.scenarios.simulation import run

UNREADABLE = 2
UNDECIDABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


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
    decided: list[dict[str, Any]] = []
    is_unreadable = False
    for refusal_or_case in _cases(scenarios):
        try:
            if isinstance(refusal_or_case, ScenarioUnreadable):
                raise refusal_or_case
            decided.append(run(refusal_or_case))
        except ScenarioUnreadable as refusal:
            is_unreadable = True
            typer.echo(str(refusal), err=True)
        except UNDECIDABLE as error:
            # A case that nobody foresaw must not take the others with it.
            is_unreadable = True
            case = refusal_or_case.id if isinstance(refusal_or_case, Case) else ""
            typer.echo(f"case {case}: cannot be decided ({type(error).__name__})", err=True)
    if chosen == Format.JSON:
        for each in decided:
            typer.echo(json.dumps(each, ensure_ascii=False))
    else:
        _show(decided)
    if is_unreadable:
        raise typer.Exit(UNREADABLE)


def _cases(files: list[Path]) -> Iterator[Case | ScenarioUnreadable]:
    """All scenarios of all files, and what is wrong in place of those that cannot be read."""
    for file in files:
        try:
            found = read_cases(file)
        except ScenarioUnreadable as refusal:
            yield refusal
            continue
        for case in found:
            if isinstance(case, Case):
                for key in case.unknown_keys:
                    typer.echo(f"{file}: {key}: not known, passed over", err=True)
            yield case


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
