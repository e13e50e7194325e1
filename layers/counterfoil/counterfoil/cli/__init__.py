"""The `counterfoil` command. Each command lives in a module of its own and is registered here."""

from __future__ import annotations

import typer

from counterfoil.cli import accuracy, capture, company, match, simulate

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Accounts payable for NetSuite: capture documents, measure how well, decide matching scenarios (all offline); "
    "set companies up in a deployed stack.",
)
app.command("capture")(capture.capture_command)
app.command("accuracy")(accuracy.accuracy_command)
app.command("match")(match.match_command)
app.command("simulate")(simulate.simulate_command)
app.add_typer(company.app, name="company")


@app.callback()
def _keep_subcommands() -> None:
    """A callback keeps `counterfoil capture` a subcommand however many commands there are."""


def main() -> None:
    """Entry point of the `counterfoil` script."""
    app()
