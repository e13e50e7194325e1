"""The command line: what works without AWS and without an ERP."""

from __future__ import annotations

import typer

from counterfoil.cli.match import match

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(match)


@app.callback()
def counterfoil() -> None:
    """Accounts payable for NetSuite: invoices in, matched vendor bills out."""


def main() -> None:
    """The entry point."""
    app()
