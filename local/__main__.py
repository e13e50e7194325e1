"""The command line behind the Makefile: `python -m local up|down|clean|status|people|demo`."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.table import Table

from local import starting
from local.errors import LocalError
from local.installation import Installation
from local.people import sample_people
from local.progress import console
from local.services import cloud, erp, stop_all
from local.stack import Stack

WIDTH_WITHOUT_TERMINAL = 160

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up() -> None:
    """Start the local cloud and the ERP emulator, deploy the stack, and print where everything is."""
    stack = starting.up(Installation())
    show_addresses(stack)
    show_people(stack)


@app.command()
def down() -> None:
    """Stop both; the state stays on disk."""
    installation = Installation()
    with installation.at_work():
        stopped = stop_all(installation)
    console.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
def clean() -> None:
    """Stop both and remove everything they kept."""
    starting.clean(Installation())
    console.print("removed all local state")


@app.command()
def status() -> None:
    """Say what runs, and where."""
    installation = Installation()
    running = [service.is_running() for service in (cloud(installation, 0), erp(installation, 0))]
    for title, runs in zip(("local cloud", "ERP emulator"), running, strict=True):
        console.print(f"{title}: {'runs' if runs else 'stopped'}")
    if all(running):
        show_addresses(Stack(installation))


@app.command()
def people() -> None:
    """Print the sample people's sign-in details."""
    show_people(Stack(Installation()))


@app.command()
def demo() -> None:
    """Drop sample invoices into the inbox and show what becomes of each."""
    from local.demo import run

    stack = starting.up(Installation())
    run(stack)
    show_addresses(stack)
    show_people(stack)


def show_addresses(stack: Stack) -> None:
    outputs, installation = stack.outputs, stack.installation
    table = Table(title="The local stack", title_justify="left")
    table.add_column("what")
    table.add_column("where", overflow="fold")
    table.add_row("page", outputs["PageUrl"])
    table.add_row("REST API", outputs["ApiUrl"])
    table.add_row("ERP webhook", outputs["WebhookUrl"])
    table.add_row("inbox", f"s3://{outputs['InboxBucket']}/inbox/{installation.company}/")
    table.add_row("table", outputs["TableName"])
    table.add_row("ERP emulator", installation.erp_url)
    table.add_row("AWS endpoint", f"{installation.cloud_url} (keys test/test, region us-east-1)")
    table.add_row("logs", str(installation.file("log")))
    show(table)


def show_people(stack: Stack) -> None:
    table = Table("role", "name", "password", title="Sign in as", title_justify="left")
    for person in sample_people(stack.installation):
        table.add_row(person.role.value, person.name, person.password)
    show(table)


def show(table: Table) -> None:
    # In a pipe or a log there is no width to keep to, and an address that is cut off is of no use.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL).print(table)


def main() -> None:
    try:
        app()
    except LocalError as error:
        console.print(f"[red]{error.message}[/red]", markup=True)
        if error.hint:
            console.print(f"→ {error.hint}")
        sys.exit(1)


if __name__ == "__main__":
    main()
