"""The command line: `python -m tests.bench [--only NAME] [--runs N] [--stack]`."""

from __future__ import annotations

import fnmatch
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tests.bench import calls, drops, report
from tests.bench.benches import TIMED
from tests.bench.environments import install_peers
from tests.bench.errors import BenchError
from tests.bench.measuring import Result, measure

RUNS = 7
RUNS_MAX = 1_000
WIDTH_WITHOUT_TERMINAL = 170
# Counts, and what needs the deployed stack, are no loops that could be alternated with anything.
OTHERS = ("aws_calls",)
ON_THE_STACK = ("drop_to_bill",)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
progress = Console(stderr=True, highlight=False)


@app.command(help="Measure ours beside peers and limits; print a table and write build/bench.json.")
def bench(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="these alone; * and ? as in file names")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=1, max=RUNS_MAX, help="how often each side is measured")] = RUNS,
    stack: Annotated[bool, typer.Option("--stack", help="also what needs the deployed stack (`make up`)")] = False,
    names: Annotated[bool, typer.Option("--list", help="print the names and end")] = False,
) -> None:
    chosen = chosen_names(only or (), with_stack=stack)
    if names:
        for name in chosen:
            typer.echo(name)
        return
    if not chosen:
        typer.echo(f"bench: nothing is called {', '.join(only or ())}; --list prints the names", err=True)
        raise typer.Exit(2)
    results, failures = run(chosen, runs)
    load = os.getloadavg()[1]
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    console = Console(width=width, highlight=False)
    report.show(results, console)
    report.write(results, report.FILE)
    console.print(f"written to {report.FILE}")
    console.print(report.busyness(load, os.cpu_count() or 1))
    for failure in failures:
        typer.echo(f"bench: {failure}", err=True)
    if failures:
        raise typer.Exit(1)


def chosen_names(only: Sequence[str], *, with_stack: bool) -> list[str]:
    """What to measure, in the order of the report; a name that is asked for needs no other flag."""
    every = [*TIMED, *OTHERS, *ON_THE_STACK]
    if only:
        return [name for name in every if any(fnmatch.fnmatchcase(name, pattern) for pattern in only)]
    return every if with_stack else [*TIMED, *OTHERS]


def run(names: Sequence[str], runs: int) -> tuple[list[Result], list[str]]:
    """The results, and one line for each that could not be had: it does not stop the others."""
    results: list[Result] = []
    failures: list[str] = []
    with progress.status("the peers' environment") as status:
        try:
            install_peers()
        except BenchError as error:
            failures.append(str(error))
            return results, failures
        for place, name in enumerate(names, 1):

            def tell(said: str, head: str = f"{place} of {len(names)}: {name}") -> None:
                status.update(f"{head}  [dim]{escape(said)}[/dim]")

            try:
                results += one(name, runs, tell)
            except BenchError as error:
                failures.append(f"{name}: {error}")
            else:
                progress.print(f"[green]✓[/green] {name}")
    return results, failures


def one(name: str, runs: int, tell: Callable[[str], None]) -> list[Result]:
    if name in TIMED:
        return measure(TIMED[name](), runs, tell)
    tell("at work")
    return calls.results() if name in OTHERS else drops.results()


if __name__ == "__main__":
    app()
