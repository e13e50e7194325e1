"""`counterfoil simulate`: what other settings would have decided on decisions that were kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from counterfoil.cli.match import UNREADABLE, Format
from counterfoil.domain import replay
from counterfoil.domain.decisions import Decision
from counterfoil.domain.money import plain
from counterfoil.domain.policy import MatchPolicy
from counterfoil.domain.replay import Change, Effect
from counterfoil.scenarios.node import ScenarioUnreadable
from counterfoil.scenarios.reader import read_cases, read_policy
from counterfoil.scenarios.simulation import decision_of

DECISIONS_MAX = 1_000_000
LINE_BYTES_MAX = 20_000_000


def simulate_command(
    settings: Annotated[Path, typer.Option("--settings", help="The settings to try (YAML, as in a scenario).")],
    history: Annotated[
        list[Path],
        typer.Argument(help="Kept decisions (.jsonl) or scenarios (.yaml).", metavar="HISTORY..."),
    ],
    output: Annotated[
        Format | None, typer.Option("--format", help="json: an object a line; table: for people.")
    ] = None,
) -> None:
    """Replay kept decisions under other settings: which invoices would pass or stop, and for how much."""
    chosen = output or (Format.TABLE if sys.stdout.isatty() else Format.JSON)
    try:
        policy = read_policy(settings)
        changes = replay.simulate(_decisions(history), policy)
    except ScenarioUnreadable as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(UNREADABLE) from None
    if chosen == Format.JSON:
        _print_json(changes)
    else:
        _show(changes, policy)


def _print_json(changes: Iterable[Change]) -> None:
    found = list(changes)
    for change in found:
        if change.effect != Effect.SAME:
            typer.echo(json.dumps(change.model_dump(mode="json"), ensure_ascii=False))
    typer.echo(json.dumps({"sums": [each.model_dump(mode="json") for each in replay.sums(found)]}))


def _show(changes: list[Change], policy: MatchPolicy) -> None:
    console = Console()
    table = Table("invoice", "effect", "amount", "above what is due", "lines", "before", "after")
    for change in changes:
        if change.effect != Effect.SAME:
            table.add_row(
                change.invoice_id,
                change.effect.value.replace("_", " "),
                f"{plain(change.amount)} {change.currency or ''}",
                plain(change.overcharge),
                ", ".join(map(str, change.lines)),
                ", ".join(change.before),
                ", ".join(change.after),
            )
    console.print(table)
    total = Table("effect", "invoices", "amount", "above what is due", title=f"policy version {policy.version}")
    for each in replay.sums(changes):
        currency = each.currency or ""
        total.add_row(
            each.effect.value.replace("_", " "),
            str(each.invoices),
            f"{plain(each.amount)} {currency}",
            f"{plain(each.overcharge)} {currency}",
        )
    console.print(total)


def _decisions(files: Iterable[Path]) -> Iterator[Decision]:
    for file in files:
        if file.suffix in (".yaml", ".yml"):
            yield from _of_scenarios(file)
        else:
            yield from _of_lines(file)


def _of_scenarios(file: Path) -> Iterator[Decision]:
    for case in read_cases(file):
        if isinstance(case, ScenarioUnreadable):
            raise case
        if case.invoice is not None:
            yield decision_of(case)


def _of_lines(file: Path) -> Iterator[Decision]:
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if number > DECISIONS_MAX or len(line) > LINE_BYTES_MAX:
                    raise ScenarioUnreadable(str(file), f"line {number}", "too many decisions, or one too long")
                if line.strip():
                    yield _decision(file, number, line)
    except OSError as error:
        raise ScenarioUnreadable(str(file), "", error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise ScenarioUnreadable(str(file), "", "is not UTF-8 text") from None


def _decision(file: Path, number: int, line: str) -> Decision:
    try:
        return Decision.model_validate_json(line)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        place = ".".join(map(str, found["loc"]))
        raise ScenarioUnreadable(str(file), f"line {number}", f"{place}: {found['msg']}") from None
